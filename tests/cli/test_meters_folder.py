"""Where processes count together: in the home, for as long as they serve; what a killed one left goes."""

from __future__ import annotations

import os
from pathlib import Path

from jifen.cli.workers import common_meters


def test_the_folder_of_meters_lies_in_the_home_and_what_the_dead_left_goes(tmp_path: Path) -> None:
    dead, alive = tmp_path / "meters-4194300", tmp_path / f"meters-{os.getppid()}"
    for one in (dead, alive):
        one.mkdir()
        (one / "gauge_live_1.db").touch()

    with common_meters(2, tmp_path):
        folder = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
        assert folder.parent == tmp_path
        assert folder.is_dir()
        assert not dead.exists()
        assert alive.exists()

    assert not folder.exists()
    assert "PROMETHEUS_MULTIPROC_DIR" not in os.environ


def test_one_process_counts_by_itself(tmp_path: Path) -> None:
    with common_meters(1, tmp_path):
        assert "PROMETHEUS_MULTIPROC_DIR" not in os.environ
    assert list(tmp_path.iterdir()) == []
