"""The screens, as they were built: from memory, pressed beforehand, under a policy that lets nothing else run.

`web/` holds their sources, `tools/screens.py` builds them into `jifen/built_screens/`. A new face is a line of `FACES`.
"""

from __future__ import annotations

import hashlib
import html
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from fastapi import FastAPI, Request, Response
from starlette.routing import Route

from jifen.api.errors import MethodWrong, RouteUnknown, refuse

STYLE_OF_REACT_ARIA = "'sha256-38RhXrc7EdReTKsOm23ZPOCUgniTUUcjky8QOOrQx6o='"
"""Hash of the one constant style that react-aria puts into a page: `touch-action` of what can be pressed. The browser tests fail
when a release of it brings another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """One face, served under `/<name>`.

    Shape
        scripts, styles   more sources of its policy than its own files
        camera            whether its pages may ask for the camera
    """

    name: str
    scripts: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()
    camera: bool = False

    def policy(self) -> str:
        """Its Content-Security-Policy (DESIGN section 8)."""
        return "; ".join([
            "default-src 'none'",
            " ".join(["script-src 'self'", *self.scripts]),
            " ".join(["style-src 'self'", *self.styles]),
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "manifest-src 'self'",
            "worker-src 'self'",
            "media-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
        ])  # fmt: skip


FACES = (
    Face(name="console", styles=(STYLE_OF_REACT_ARIA,)),
    # A till reads codes by camera: its reader is machine code (WebAssembly) of this server's own.
    Face(name="till", styles=(STYLE_OF_REACT_ARIA,), scripts=("'wasm-unsafe-eval'",), camera=True),
    Face(name="app"),
)
KINDS: Mapping[str, str] = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
    ".wasm": "application/wasm",
    ".txt": "text/plain; charset=utf-8",
}
IMMUTABLE = "public, max-age=31536000, immutable"
"""Of files whose name holds a hash of their contents. Everything else is asked for again each time, by its ETag."""
ENCODINGS = (("br", ".br"), ("gzip", ".gz"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A file in memory: as it is, and pressed, each with its ETag. `bodies` is keyed by encoding; "" is as it is."""

    kind: str
    is_immutable: bool
    bodies: Mapping[str, tuple[bytes, str]] = field(default_factory=dict)

    def answer(self, request: Request, headers: Mapping[str, str]) -> Response:
        """The file in the best encoding that is accepted, or 304 where the client has it."""
        accepted = {
            one.partition(";")[0].strip() for one in request.headers.get("accept-encoding", "").split(",")
        }
        encoding = next((name for name, _ in ENCODINGS if name in accepted and name in self.bodies), "")
        body, etag = self.bodies[encoding]
        sent = {
            **headers,
            "Cache-Control": IMMUTABLE if self.is_immutable else "no-cache",
            "ETag": etag,
            "Vary": "Accept-Encoding",
            "X-Content-Type-Options": "nosniff",
        }
        if etag in [one.strip() for one in request.headers.get("if-none-match", "").split(",")]:
            return Response(status_code=304, headers=sent)
        if encoding:
            sent["Content-Encoding"] = encoding
        if request.method == "HEAD":
            return Response(headers={**sent, "Content-Length": str(len(body))}, media_type=self.kind)
        return Response(body, headers=sent, media_type=self.kind)


def built_folder() -> Path:
    """Where the screens are, in the package."""
    return Path(str(files("jifen"))) / "built_screens"


@lru_cache(maxsize=8)
def held_files(folder: Path) -> dict[str, Held]:
    """Every file of a face by its path below it; empty where the face was not built."""
    found: dict[str, Held] = {}
    for path in sorted(folder.rglob("*")) if (folder / "index.html").is_file() else ():
        if not path.is_file() or path.suffix not in KINDS:
            continue
        bodies = {"": _with_etag(path)}
        for encoding, ending in ENCODINGS:
            pressed = path.with_name(path.name + ending)
            if pressed.is_file():
                bodies[encoding] = _with_etag(pressed)
        name = path.relative_to(folder).as_posix()
        found[name] = Held(kind=KINDS[path.suffix], is_immutable=name.startswith("assets/"), bodies=bodies)
    return found


def _with_etag(path: Path) -> tuple[bytes, str]:
    body = path.read_bytes()
    return body, f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def serve(app: FastAPI, folder: Path | None = None) -> None:
    """Put every face under its name. They are no part of the API and do not stand in its OpenAPI document."""
    for face in FACES:
        answering = _Serving(face, (folder or built_folder()) / face.name)
        for path in (f"/{face.name}", f"/{face.name}/{{path:path}}"):
            app.router.routes.append(Route(path, answering.answer, methods=None, name=face.name))


class _Serving:
    """Answers for one face."""

    def __init__(self, face: Face, folder: Path) -> None:
        self._folder = folder
        self._headers = {
            "Content-Security-Policy": face.policy(),
            "Referrer-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Permissions-Policy": "camera=(self)" if face.camera else "camera=()",
        }
        self._name = face.name

    async def answer(self, request: Request) -> Response:
        """The file that is named; the page for any name without a dot, since the page itself knows its screens."""
        if request.method not in ("GET", "HEAD"):
            return refuse(request, MethodWrong())
        held = held_files(self._folder)
        path = request.path_params.get("path", "")
        if not held:
            return Response(
                _NOT_BUILT.replace("NAME", html.escape(self._name)),
                status_code=503,
                media_type=KINDS[".html"],
                headers={"Cache-Control": "no-store", "Content-Security-Policy": "default-src 'none'"},
            )
        name = path if "." in path.rpartition("/")[2] else "index.html"
        if name not in held:
            return refuse(request, RouteUnknown())
        return held[name].answer(request, self._headers)


_NOT_BUILT = """<!doctype html>
<html lang="zh-CN"><meta charset="utf-8"><title>Jifen NAME</title>
<h1>界面尚未构建</h1>
<p>API 正常工作。请在源码目录运行 <code>make screens</code>，然后重启服务；安装包（wheel）自带界面。</p>
<div lang="en"><h1>The screens were not built</h1>
<p>The API works. Run <code>make screens</code> in the checkout and start the server again; a wheel brings them with it.</p></div>
</html>
"""
