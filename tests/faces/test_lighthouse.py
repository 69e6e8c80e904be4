"""Lighthouse on the member app: at least 95 for performance, accessibility and best practices; the median of five.

It is no part of the screens, and its figures want a machine that does nothing else: only `make lighthouse` runs it.
"""

from __future__ import annotations

import json
import os
import runpy
import statistics
import subprocess
from pathlib import Path

import pytest
from tests.faces.conftest import CHROMIUM, ROOT, House

FOLDER = ROOT / "tools" / "lighthouse"
LIGHTHOUSE = FOLDER / "node_modules" / "lighthouse" / "cli" / "index.js"
KINDS = ("performance", "accessibility", "best-practices")
RUNS = 5
LEAST = 0.95
pytestmark = pytest.mark.skipif(
    "JIFEN_LIGHTHOUSE" not in os.environ,
    reason="NO LIGHTHOUSE: speed wants the machine for itself; make lighthouse installs it and measures",
)


def test_the_door_of_the_member_app_scores_95(house: House, tmp_path: Path) -> None:
    node, npm = runpy.run_path(str(ROOT / "tools" / "screens.py"))["node_of"]()
    path = f"{node.parent}{os.pathsep}{os.environ['PATH']}"
    if not LIGHTHOUSE.is_file():
        subprocess.run([str(node), str(npm), "ci"], cwd=FOLDER, check=True, env={**os.environ, "PATH": path})
    scores: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for run in range(RUNS):
        out = tmp_path / f"{run}.json"
        command = [
            str(node), str(LIGHTHOUSE), f"{house.address}/app/", "--quiet", "--output=json", f"--output-path={out}",
            "--chrome-flags=--headless=new --no-sandbox", f"--only-categories={','.join(KINDS)}",
        ]  # fmt: skip
        subprocess.run(command, check=True, env={**os.environ, "CHROME_PATH": str(CHROMIUM)}, timeout=180)
        told = json.loads(out.read_text(encoding="utf-8"))["categories"]
        for kind in KINDS:
            scores[kind].append(told[kind]["score"])
    assert {
        kind: statistics.median(known) for kind, known in scores.items() if statistics.median(known) < LEAST
    } == {}
