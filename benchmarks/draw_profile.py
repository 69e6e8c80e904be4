"""Draw where the time of a purchase goes, from the figures of `jifen bench ledger --json`.

jifen bench ledger --json > figures.json
python benchmarks/draw_profile.py figures.json docs/pictures/purchase-profile.svg
"""

from __future__ import annotations

import json
import sys
from html import escape
from pathlib import Path

PARTS = (
    ("http", "HTTP, keys, log"),
    ("parse", "parse"),
    ("gather", "gather"),
    ("select", "select"),
    ("fold", "fold"),
    ("write", "write"),
    ("commit", "transaction, order"),
    ("answer", "answer"),
    ("postgresql", "PostgreSQL"),
)
WIDTH, LEFT, ROW, BAR = 640, 160, 34, 22
STYLE = """
  svg { font-family: system-ui, -apple-system, 'Segoe UI', sans-serif; }
  .paper { fill: #ffffff; } .ink { fill: #1d2129; } .soft { fill: #5b6270; } .bar { fill: #0a6b4f; } .other { fill: #2f66c8; }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #14171c; } .ink { fill: #e8eaed; } .soft { fill: #a8b0bc; } .bar { fill: #3fb38a; } .other { fill: #7da6f0; }
  }
"""


def drawn(detail: dict[str, float]) -> str:
    """The picture: a bar a part, in microseconds of processor time a purchase."""
    longest = max(detail[name] for name, _ in PARTS)
    total = sum(detail[name] for name, _ in PARTS)
    height = 60 + ROW * len(PARTS)
    title = f"A purchase of five lines: {total:.0f} µs of processor time"
    told = ", ".join(f"{label} {detail[name]:.0f} µs" for name, label in PARTS)
    rows = []
    for at, (name, label) in enumerate(PARTS):
        y = 48 + at * ROW
        length = max(2.0, detail[name] / longest * (WIDTH - LEFT - 80))
        kind = "other" if name == "postgresql" else "bar"
        rows.append(
            f'<text x="{LEFT - 12}" y="{y + 16}" text-anchor="end" font-size="14" class="ink">{escape(label)}</text>\n'
            f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR}" rx="3" class="{kind}"/>\n'
            f'<text x="{LEFT + length + 8:.1f}" y="{y + 16}" font-size="14" class="soft">{detail[name]:.0f} µs</text>\n'
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img" aria-labelledby="t d">\n<title id="t">{escape(title)}</title>\n<desc id="d">{escape(told)}</desc>\n'
        f'<style>{STYLE}</style>\n<rect width="{WIDTH}" height="{height}" class="paper"/>\n'
        f'<text x="16" y="28" font-size="16" font-weight="600" class="ink">{escape(title)}</text>\n{"".join(rows)}</svg>\n'
    )


if __name__ == "__main__":
    figures = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["figures"]
    detail = next(figure["detail"] for figure in figures if figure["name"] == "profile")
    Path(sys.argv[2]).write_text(drawn(detail), encoding="utf-8")
