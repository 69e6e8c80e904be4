"""Which permission each command is stands in one table."""

from __future__ import annotations

import typer.main

from jifen.cli import app
from jifen.cli.permissions import COMMAND_PERMISSIONS
from jifen.cli.reference import commands_of


def test_every_command_names_its_permission_or_that_it_is_about_the_machine() -> None:
    commands = {
        name.removeprefix("jifen "): command
        for name, command in commands_of("jifen", typer.main.get_command(app))
    }
    leaves = {name for name, command in commands.items() if not hasattr(command, "commands")}
    assert set(COMMAND_PERMISSIONS) == leaves
