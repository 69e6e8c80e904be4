"""The routes of the application, as it has them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from fastapi import FastAPI

from jifen.api.requests import GuardedRoute
from jifen.api.screens import FACES

SCREENS = {path for face in FACES for path in (f"/{face.name}", f"/{face.name}/{{path:path}}")}
OPEN_PATHS = {"/", "/docs", "/docs/{name}", "/openapi.json", "/v1/health", *SCREENS}


def guarded(app: FastAPI) -> list[GuardedRoute]:
    """Every route that is not open to everybody; there is none that is neither."""
    routes = [one for one in walked(app.routes) if getattr(one, "path", "") not in OPEN_PATHS]
    assert all(isinstance(one, GuardedRoute) for one in routes), "a route is open, or names its permission"
    return [one for one in routes if isinstance(one, GuardedRoute)]


def walked(routes: Iterable[Any]) -> Iterator[Any]:
    """Routes, and those of the routers that are included."""
    for one in routes:
        inner = getattr(one, "original_router", None)
        if inner is None:
            yield one
        else:
            yield from walked(inner.routes)
