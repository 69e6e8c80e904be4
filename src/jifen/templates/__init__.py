"""Programmes to start from, as documents."""

from __future__ import annotations

from importlib.resources import files


def template_names() -> list[str]:
    """The names of the shipped templates, in order."""
    here = files("jifen.templates")
    return sorted(
        entry.name.removesuffix(".yaml") for entry in here.iterdir() if entry.name.endswith(".yaml")
    )


def template_text(name: str) -> str:
    """The YAML text of a shipped template. Raises KeyError for a name that `template_names` does not list."""
    if name not in template_names():
        raise KeyError(name)
    return files("jifen.templates").joinpath(f"{name}.yaml").read_text(encoding="utf-8")
