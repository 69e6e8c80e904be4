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
    ("http", "HTTP, keys, log", "#8c8c8c"),
    ("parse", "parse", "#5b8ff9"),
    ("gather", "gather", "#61ddaa"),
    ("select", "select", "#f6bd16"),
    ("fold", "fold", "#e8684a"),
    ("write", "write", "#9270ca"),
    ("commit", "transaction, order", "#78d3f8"),
    ("answer", "answer", "#269a99"),
    ("postgresql", "PostgreSQL", "#334155"),
)
WIDTH, LEFT, ROW, BAR = 760, 170, 34, 22


def drawn(detail: dict[str, float]) -> str:
    """The picture: a bar a part, in microseconds of processor time a purchase."""
    longest = max(detail[name] for name, _, _ in PARTS)
    total = sum(detail[name] for name, _, _ in PARTS)
    height = 64 + ROW * len(PARTS)
    title = f"A purchase of five lines: {total:.0f} µs of processor time"
    rows = []
    for at, (name, label, colour) in enumerate(PARTS):
        y = 52 + at * ROW
        length = max(2.0, detail[name] / longest * (WIDTH - LEFT - 90))
        rows.append(
            f'<text x="{LEFT - 12}" y="{y + 16}" text-anchor="end">{escape(label)}</text>'
            f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR}" rx="3" fill="{colour}"/>'
            f'<text x="{LEFT + length + 8:.1f}" y="{y + 16}" class="n">{detail[name]:.0f} µs</text>'
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img"'
        f' aria-label="{escape(title)}"><style>text{{font:14px system-ui,sans-serif;fill:#1f2937}}.n{{fill:#6b7280}}'
        f".h{{font-weight:600;font-size:16px}}</style>"
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>'
        f'<text x="16" y="30" class="h">{escape(title)}</text>{"".join(rows)}</svg>\n'
    )


if __name__ == "__main__":
    figures = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["figures"]
    detail = next(figure["detail"] for figure in figures if figure["name"] == "profile")
    Path(sys.argv[2]).write_text(drawn(detail), encoding="utf-8")
