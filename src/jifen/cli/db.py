"""`jifen db`: the database as its operator meets it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from jifen.cli.at_ledger import look_before_making_one
from jifen.cli.show import FAILED, REFUSED, say, sayer, show, told_plainly

db_app = typer.Typer(
    help="Start, stop, migrate, back up and restore the database.\n\nWithout JIFEN_DATABASE_URL this is PostgreSQL 18 "
    "from the wheel, with its data in JIFEN_HOME. With it, the server it names, which you run yourself.",
    no_args_is_help=True,
)

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


@db_app.command()
def start(as_json: AsJson = False) -> None:
    """Start PostgreSQL and let it run until `jifen db stop` or the next boot.

    Other commands start it by themselves, and the last one to end stops it; this makes it stay.
    """
    from jifen.embedded import EmbeddedPostgres

    _refuse_own_server("start")
    with told_plainly(as_json=as_json):
        starter = EmbeddedPostgres(say=sayer(as_json=as_json))
        server = starter.start_and_stay()
        state = starter.status()
    show(
        {"running": True, "pid": state.pid, "home": str(state.home), "socket_folder": server.app.host},
        as_json=as_json,
        text=[
            f"PostgreSQL runs (process {state.pid}) with its data in {state.home}.",
            "Stop it with: jifen db stop",
        ],
    )


@db_app.command()
def stop(
    now: Annotated[bool, typer.Option("--now", help="Also when other processes use it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Stop PostgreSQL. Refused (status 3) while other processes use it, unless --now is given."""
    from jifen.embedded import EmbeddedPostgres

    _refuse_own_server("stop")
    with told_plainly(as_json=as_json):
        was_running = EmbeddedPostgres(say=sayer(as_json=as_json)).stop(even_if_used=now)
    show(
        {"running": False, "was_running": was_running},
        as_json=as_json,
        text="PostgreSQL has stopped." if was_running else "PostgreSQL was not running.",
    )


@db_app.command()
def status(as_json: AsJson = False) -> None:
    """Say whether PostgreSQL runs, where, and who uses it. Status 0 when it runs, 1 when not."""
    from jifen.embedded import EmbeddedPostgres, is_own_server_named

    if is_own_server_named():
        _status_of_own_server(as_json=as_json)
        return
    with told_plainly(as_json=as_json):
        state = EmbeddedPostgres().status()
    known = asdict(state) | {
        "home": str(state.home),
        "socket_folder": str(state.socket_folder),
        "running": state.pid is not None,
    }
    if state.pid is None:
        text = [
            f"PostgreSQL does not run. Home: {state.home}"
            + ("" if state.is_initialised else " (no data yet)")
        ]
    else:
        until = "until `jifen db stop`" if state.is_kept else "until its last user leaves"
        used_by = ", ".join(map(str, state.user_pids)) or "nobody"
        accepting = "accepts connections" if state.is_accepting else "is starting or recovering"
        text = [
            f"PostgreSQL runs (process {state.pid}), {accepting}, and stays {until}.",
            f"Home: {state.home}",
            f"Socket: {state.socket_folder}",
            f"Used by processes: {used_by}",
        ]
    show(known, as_json=as_json, text=text)
    sys.exit(0 if state.pid is not None else FAILED)


@db_app.command()
def migrate(as_json: AsJson = False) -> None:
    """Bring the schema up to date. Doing it twice changes nothing."""
    from jifen.embedded import connections
    from jifen.store.migrate import migrate as bring_up_to_date

    with told_plainly(as_json=as_json), connections(say=sayer(as_json=as_json)) as database:
        bring_up_to_date(database.owner)
    show({"migrated": True}, as_json=as_json, text="The schema is up to date.")


@db_app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def psql(
    context: typer.Context,
    role: Annotated[
        str, typer.Option("--role", help="app (serves, the default), owner (migrates) or admin (superuser).")
    ] = "app",
) -> None:
    """Open psql on the database; what follows is passed on: jifen db psql -- -c 'SELECT 1'."""
    from jifen.embedded import Connection, bin_dir, connections

    if any(one.startswith("--home") for one in context.args):
        raise typer.BadParameter("psql has no --home: name the folder by JIFEN_HOME", param_hint="--home")
    look_before_making_one(None, as_json=False)
    with told_plainly(), connections(say=say) as database:
        reach: dict[str, Connection] = {"app": database.app, "owner": database.owner}
        if database.embedded is not None:
            reach["admin"] = database.embedded.admin.to_database(database.app.database)
        if role not in reach:
            say(f"There is no role {role!r} here; choose one of: {', '.join(reach)}.")
            sys.exit(2)
        program = _psql(bin_dir() if database.embedded is None else database.embedded.bin, reach[role])
        ended = subprocess.run(
            [program, *context.args], env=_with_environment(reach[role].environment()), check=False
        )
    sys.exit(ended.returncode)


@db_app.command()
def backup(
    folder: Annotated[Path, typer.Argument(help="A new folder for the backup.", file_okay=False)],
    as_json: AsJson = False,
) -> None:
    """Copy the whole database into a folder and read the copy back. The shop may go on selling meanwhile.

    The copy is physical: it keeps transaction ids, by which readers of the journal know how far they came.
    """
    from jifen.embedded import EmbeddedPostgres, back_up

    _refuse_own_server("backup")
    tell = sayer(as_json=as_json)
    with told_plainly(as_json=as_json), EmbeddedPostgres(say=tell).running() as server:
        made = back_up(server, folder, say=tell)
    show(
        asdict(made) | {"folder": str(folder.absolute())},
        as_json=as_json,
        text=[
            f"Backed up {made.size_bytes / 1e6:,.0f} MB in {made.files:,} files to {folder.absolute()}, and read it back.",
            f"Restore it with: JIFEN_HOME=/a/new/folder jifen db restore {folder.absolute()}",
        ],
    )


@db_app.command()
def restore(
    folder: Annotated[Path, typer.Argument(help="A folder that `jifen db backup` made.", file_okay=False)],
    as_json: AsJson = False,
) -> None:
    """Put a backup into an empty JIFEN_HOME. Refused (status 3) when there is data already."""
    from jifen.embedded import home_folder
    from jifen.embedded import restore as put_back

    _refuse_own_server("restore")
    with told_plainly(as_json=as_json):
        known = put_back(folder, say=sayer(as_json=as_json))
    show(
        asdict(known) | {"home": str(home_folder()), "next": "jifen vault forget-again && jifen reconcile"},
        as_json=as_json,
        text=[
            f"Restored the backup of {known.made_at} into {home_folder()}.",
            "Put the file of keys in its place: it is in no backup.",
            "Then erase again whoever was erased since: jifen vault forget-again",
            "Prove the books now: jifen reconcile",
        ],
    )


def _refuse_own_server(verb: str) -> None:
    from jifen.embedded import is_own_server_named

    if not is_own_server_named():
        return
    ways = {
        "backup": "Back it up with its own tools, physically (pg_basebackup, pgBackRest): transaction ids must stay.",
        "restore": "Restore it with the tools that made its backup, then run: jifen reconcile",
    }
    say(
        f"JIFEN_DATABASE_URL names a server that you run yourself; jifen does not {verb} it. "
        + ways.get(verb, "Use its own service manager.")
    )
    sys.exit(REFUSED)


def _status_of_own_server(*, as_json: bool) -> None:
    from jifen.embedded import Connection, connections

    with told_plainly(as_json=as_json), connections() as database:
        reach: Connection = database.app
        answer, is_running = answers(reach)
    where = f"{reach.host}:{reach.port}/{reach.database}"
    show(
        {"running": is_running, "server": where, "answer": answer},
        as_json=as_json,
        text=f"{where}: {answer}",
    )
    sys.exit(0 if is_running else FAILED)


def answers(reach: object) -> tuple[str, bool]:
    """What the server at `reach` says of itself, and whether it could be reached."""
    import asyncio

    import asyncpg

    from jifen.embedded import Connection

    assert isinstance(reach, Connection)

    async def ask() -> str:
        connection = await asyncpg.connect(**reach.arguments(), timeout=10)
        try:
            return str(await connection.fetchval("SELECT version()"))
        finally:
            await connection.close()

    try:
        return asyncio.run(ask()), True
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as failure:
        return f"{type(failure).__name__}: {failure}", False


def _psql(programs: Path, reach: object) -> str:
    import shutil

    from jifen.embedded import Connection

    assert isinstance(reach, Connection)
    # The wheel's psql has no TLS; a server on the network may ask for it.
    own = shutil.which("psql") if not reach.is_socket else None
    return own or str(programs / "psql")


def _with_environment(more: dict[str, str]) -> dict[str, str]:
    import os

    return {**os.environ, **more}
