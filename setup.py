"""Makes the wheel; what it is stands in pyproject.toml. A wheel with stale screens is refused."""

from __future__ import annotations

import runpy
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

SCREENS = Path(__file__).parent / "tools" / "screens.py"


class WithFreshScreens(build_py):
    """Copies the package, and the screens with it, where they are those of the sources beside it."""

    def run(self) -> None:
        """Refuse stale screens; an editable installation serves whatever stands there."""
        if not self.editable_mode and SCREENS.is_file():
            told = runpy.run_path(str(SCREENS))
            why = told["why_stale"]()
            if why:
                raise SystemExit(f"no wheel is made: the screens are stale, {why}; {told['SAYS_HOW']}")
        super().run()


setup(cmdclass={"build_py": WithFreshScreens})
