"""The routes of the application, as it has them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from fastapi import FastAPI

from jifen.api.requests import GuardedRoute, MemberRoute, OpenRoute, SignedInRoute, StrictRoute
from jifen.api.screens import FACES

SCREENS = {path for face in FACES for path in (f"/{face.name}", f"/{face.name}/{{path:path}}")}
OPEN_PATHS = {"/", "/docs", "/docs/{name}", "/openapi.json", "/v1/health", *SCREENS}


def strict(app: FastAPI) -> list[StrictRoute]:
    """Every route but those that are open to look at: each takes a permission, is about who is signed in, or is a door."""
    routes = [one for one in walked(app.routes) if getattr(one, "path", "") not in OPEN_PATHS]
    kinds = (GuardedRoute, SignedInRoute, MemberRoute, OpenRoute)
    assert all(isinstance(one, kinds) for one in routes), "a route is open, or says whom it lets in"
    return [one for one in routes if isinstance(one, StrictRoute)]


def guarded(app: FastAPI) -> list[GuardedRoute]:
    """Every route that takes a permission."""
    return [one for one in strict(app) if isinstance(one, GuardedRoute)]


def at(route: StrictRoute) -> tuple[str, str]:
    """A route's method and address."""
    assert route.methods, "a route has a method"
    (method,) = route.methods
    return method, route.path_format


def walked(routes: Iterable[Any]) -> Iterator[Any]:
    """Routes, and those of the routers that are included."""
    for one in routes:
        inner = getattr(one, "original_router", None)
        if inner is None:
            yield one
        else:
            yield from walked(inner.routes)
