"""The reference page of the command line, made from the commands themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def reference_text() -> str:
    """`docs/reference/cli.md`: every command with its arguments and options."""
    import typer.main

    from jifen.cli import app

    lines = [
        "# The command line",
        "",
        "Results go to standard output, everything else to standard error. Exit status: 0 done, 1 failed, 2 not understood,",
        "3 refused (nothing is broken and nothing was done). Made by `python -m jifen.generated`.",
    ]
    for path, command in commands_of("jifen", typer.main.get_command(app)):
        lines += ["", f"## {path}", "", *_told(command.help or "")]
        rows = list(_parameters(command))
        if rows:
            lines += ["", "| | | default |", "|---|---|---|", *rows]
    return "\n".join(lines) + "\n"


def commands_of(path: str, group: Any) -> Iterator[tuple[str, Any]]:
    """Every command and group of a group, by how it is typed."""
    for name, command in group.commands.items():
        inner = f"{path} {name}"
        yield inner, command
        if hasattr(command, "commands"):
            yield from commands_of(inner, command)


def _told(text: str) -> list[str]:
    return [line.strip() for line in text.strip().splitlines()]


def _parameters(command: Any) -> Iterator[str]:
    for one in command.params:
        if one.name == "help":
            continue
        if one.param_type_name == "argument":
            name, default = f"`{one.metavar or one.name.upper()}`", ""
        else:
            names = [*one.opts, *one.secondary_opts]
            name = ", ".join(f"`{each}`" for each in names)
            is_said = one.default not in (None, False, ()) and not callable(one.default)
            default = (
                f"`{str(one.default).lower() if isinstance(one.default, bool) else one.default}`"
                if is_said
                else ""
            )
        if one.required and one.param_type_name != "argument":
            default = "required"
        said = " ".join((getattr(one, "help", None) or "").split())
        # A bar would end the cell of a table.
        yield f"| {name.replace('|', ' or ')} | {said} | {default} |"
