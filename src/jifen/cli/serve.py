"""`jifen serve` and `jifen init`: from an empty machine to an API that answers."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jifen.cli.at_ledger import AsJson, Home, local, moment_named, the_database, with_ledger
from jifen.cli.show import FAILED, REFUSED, say, show
from jifen.cli.workers import Worker, common_meters, worker_count

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from jifen.domain.service_address import ServiceAddress
    from jifen.embedded import Database
    from jifen.store.ledger import Ledger
    from jifen.store.revisions import StoredRevision

GRACE_SECONDS = 10
POOL_SIZE_MIN = 2  # one listens to the queue
CONNECTIONS_OF_OTHERS = 8
"""What commands, a back-test and a backup use beside those who serve."""
DEFAULT_TEMPLATE = "corner-shop"


def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 is every one of this machine.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65_535)] = 8000,
    jobs: Annotated[
        bool, typer.Option(help="Also do what is due by itself: expiry, and what entries cause.")
    ] = True,
    pool_size: Annotated[
        int,
        typer.Option(
            help="Connections to the database of each process; one of them listens to the queue.",
            min=POOL_SIZE_MIN,
            max=100,
        ),
    ] = 8,
    workers: Annotated[
        int, typer.Option(help="Processes that serve; 0: one for each processor, at most 4.", min=0, max=64)
    ] = 0,
    requests_per_minute: Annotated[
        int, typer.Option(help="How often a key may ask for which nothing else was said.", min=1)
    ] = 60_000,
    proxy: Annotated[
        list[str] | None,
        typer.Option(
            help="Address of a proxy that is believed about who asked (X-Forwarded-For); may be given again. Otherwise one on "
            "this machine is.",
            show_default=False,
        ),
    ] = None,
    address: Annotated[
        str | None,
        typer.Option(
            help="Where browsers find this service, such as https://points.example.cn: passkeys belong to it. Otherwise what "
            "JIFEN_ADDRESS says.",
            show_default=False,
        ),
    ] = None,
    home: Home = None,
) -> None:
    """Serve the API. Starts PostgreSQL and brings its schema up to date first; Ctrl-C stops both in order.

    The log is one line of JSON a request, on standard error, without personal data.

    Example: jifen serve --port 8080
    """
    found_at = address_named(address)
    with the_database(home=home, as_json=False) as database:
        from jifen.store.migrate import migrate

        migrate(database.owner)
        if not asyncio.run(with_ledger(database, _has_program)):
            say(
                "There is no programme yet, so nothing can be earned. Begin with: jifen init (corner shop and a first key), "
                "or publish your own: jifen program apply FILE"
            )
        serve_database(
            database,
            host=host,
            port=port,
            runs_jobs=jobs,
            pool_size=pool_size,
            workers=workers,
            requests_per_minute=requests_per_minute,
            proxies=[*(proxies_said(proxy or ["127.0.0.1", "::1"])), *proxies_named()],
            home=home,
            service_address=found_at,
        )


def proxies_named() -> list[str]:
    """The proxies that JIFEN_PROXIES names besides: addresses, separated by commas."""
    import os

    return proxies_said(
        [one.strip() for one in os.environ.get("JIFEN_PROXIES", "").split(",") if one.strip()]
    )


def proxies_said(said: Sequence[str]) -> list[str]:
    """Addresses, or networks of them, that are believed. What is none ends it: by `*` everybody could say where he comes from."""
    import ipaddress

    for one in said:
        try:
            ipaddress.ip_network(one)
        except ValueError:
            say(f"{one!r} is no address of a proxy: 10.0.0.5, or a network such as 10.0.0.0/24")
            sys.exit(REFUSED)
    return list(said)


def address_named(told: str | None) -> ServiceAddress | None:
    """Where browsers find this service, as was told or as JIFEN_ADDRESS says; None: nobody said. What is no address ends it."""
    from jifen.domain.refusals import FieldWrong
    from jifen.domain.service_address import ADDRESS_VARIABLE, service_address_of

    text = told if told is not None else os.environ.get(ADDRESS_VARIABLE, "")
    if not text.strip():
        return None
    try:
        return service_address_of(text)
    except FieldWrong as wrong:
        say(str(wrong))
        sys.exit(REFUSED)


def serve_database(
    database: Database,
    *,
    host: str,
    port: int,
    runs_jobs: bool = True,
    pool_size: int = 8,
    workers: int = 0,
    requests_per_minute: int | None = None,
    proxies: Sequence[str] = ("127.0.0.1", "::1"),
    home: Path | None = None,
    makes_first_key: bool = False,
    service_address: ServiceAddress | None = None,
) -> None:
    """Serve the API over a migrated database until asked to stop, by so many processes (0: one for each processor).

    With `makes_first_key` a ledger that has no key at all gets one, which is said once.
    """
    import uvicorn
    from uvicorn.config import STARTUP_FAILURE
    from uvicorn.supervisors import Multiprocess

    from jifen.api.wire import OneWrite
    from jifen.embedded.home import home_folder

    count = worker_count(workers)
    _refuse_taken_port(host, port)
    asyncio.run(with_ledger(database, lambda ledger: _refuse_too_many_connections(ledger, count, pool_size)))
    if makes_first_key:
        token = asyncio.run(with_ledger(database, first_key))
        if token:
            say("A key for everything, shown this once:", f"  {token}")
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else f"[{host}]" if ":" in host else host  # noqa: S104
    say(f"Serving on http://{shown}:{port} (documentation: http://{shown}:{port}/docs). Ctrl-C stops it.")
    worker = Worker(
        address=database.app,
        runs_jobs=runs_jobs,
        pool_size=pool_size,
        home=home or (database.embedded.home.folder if database.embedded else None),
        processes=count,
        requests_per_minute=requests_per_minute,
        service_address=service_address,
        parent=os.getpid() if count > 1 else None,
    )
    config = uvicorn.Config(
        worker,
        factory=True,
        host=host,
        port=port,
        workers=count,
        loop="uvloop" if sys.platform != "win32" else "auto",
        http=OneWrite,
        lifespan="on",
        log_config=None,
        access_log=False,
        # The address is asked for by the audit and by the limits.
        proxy_headers=True,
        forwarded_allow_ips=list(proxies),
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    configure_logs()
    with _watched(database):
        if count > 1:
            with common_meters(count, worker.home or home_folder()):
                supervisor = Multiprocess(config, sockets=[config.bind_socket()])
                supervisor.run()
            if any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes):
                sys.exit(FAILED)
            return
        server = uvicorn.Server(config)
        try:
            server.run()
        except (KeyboardInterrupt, SystemExit):
            # The signal comes again once everything has ended in order; that is how it was asked to stop, not a failure.
            if not server.started:
                raise
        if not server.started:
            sys.exit(FAILED)


@contextmanager
def _watched(database: Database) -> Iterator[None]:
    """While it serves, an embedded PostgreSQL that dies is started again. A server of one's own is watched by who runs it."""
    import structlog

    from jifen.embedded import EmbeddedPostgres, watched

    if database.embedded is None:
        yield
        return
    log = structlog.get_logger("jifen.embedded")

    def tell(what: str, why: str) -> None:
        log.error(what, **({"why": why} if why else {}))

    with watched(EmbeddedPostgres(database.embedded.home.folder), tell=tell):
        yield


async def _refuse_too_many_connections(ledger: Ledger, count: int, pool_size: int) -> None:
    """Refuse more connections than the server takes: some processes would get none, and never serve."""
    from jifen.store.overview import connections_most

    async with ledger.connection() as connection:
        most = await connections_most(connection)
    wanted = count * pool_size
    if wanted > most - CONNECTIONS_OF_OTHERS:
        fits = (most - CONNECTIONS_OF_OTHERS) // count
        way_out = f"--pool-size {fits}"
        if fits < POOL_SIZE_MIN:
            way_out = f"--workers {max(1, (most - CONNECTIONS_OF_OTHERS) // POOL_SIZE_MIN)} --pool-size {POOL_SIZE_MIN}"
        say(
            f"--workers {count} with --pool-size {pool_size} want {wanted} connections; the database takes {most}, of which "
            f"{CONNECTIONS_OF_OTHERS} are for commands and jobs. Try: {way_out}"
        )
        sys.exit(FAILED)


def _refuse_taken_port(host: str, port: int) -> None:
    import socket

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as failure:
            say(
                f"{host}:{port} cannot be listened on: {failure.strerror}. Try: jifen serve --port {port + 1}"
            )
            sys.exit(FAILED)


async def _has_program(ledger: Ledger) -> bool:
    async with ledger.connection() as connection:
        return (await ledger.clock(connection)).newest > 0


async def first_key(ledger: Ledger) -> str | None:
    """A new key for everything, when the ledger has none at all; None: it has."""
    from jifen.operations.manage_keys import create_key, list_keys

    if await list_keys(ledger):
        return None
    return (await create_key(ledger, name="first", roles=["owner"], by=local()))[1]


def configure_logs() -> None:
    """One line of JSON for each event, on standard error; what libraries log comes in the same form."""
    import structlog

    from jifen.api.wire import LinesTogether, line_of

    # Without a buffer: what could not be written stands in the way of nothing that comes after it.
    lines = LinesTogether(open(sys.stderr.fileno(), "wb", buffering=0, closefd=False))  # noqa: SIM115 it is open as long as the process
    structlog.configure(
        processors=[structlog.processors.format_exc_info, line_of],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=lambda *_: lines,
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[_ToStructlog()], level=logging.WARNING, force=True)


class _ToStructlog(logging.Handler):
    """Lines of libraries, in our form."""

    def emit(self, record: logging.LogRecord) -> None:
        import structlog

        more: dict[str, Any] = {"exc_info": record.exc_info} if record.exc_info else {}
        structlog.get_logger(record.name).log(record.levelno, record.getMessage(), logger=record.name, **more)


def init(
    template: Annotated[
        str | None,
        typer.Option(
            help="The programme to start from, by `jifen template list`; default: corner-shop.",
            show_default=False,
        ),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            help="From when the programme counts, such as the first sale to be brought in; default: now."
        ),
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Make a ledger: database, schema, a programme from a template, and a first key, which is shown once.

    Done again it changes nothing that is there, and refuses another template or moment than the ledger began with (status 3).

    Example: jifen init --template corner-shop && jifen serve
    """
    from jifen.templates import template_names, template_text

    name = template or DEFAULT_TEMPLATE
    if name not in template_names():
        raise typer.BadParameter(f"choose one of {', '.join(template_names())}", param_hint="--template")
    text, moment = template_text(name), moment_named(at, option="--at")
    with the_database(home=home, as_json=as_json) as database:
        from jifen.store.migrate import migrate

        migrate(database.owner)
        is_asked = template is not None
        result = asyncio.run(
            with_ledger(
                database, lambda ledger: _begin(ledger, text, name, moment, is_template_asked=is_asked)
            )
        )
    lines = [
        f"A ledger with revision {result['revision']} of the programme {result['program']!r}"
        + (f", from the template {name}." if result["is_new"] else ", as it was.")
    ]
    if result["key"]:
        lines += ["A key for everything, shown this once (keep it safe):", f"  {result['key']}"]
    lines.append("Next: jifen serve")
    show(result, as_json=as_json, text=lines)


async def _begin(
    ledger: Ledger, text: str, name: str, moment: datetime | None, *, is_template_asked: bool
) -> dict[str, Any]:
    from jifen.document.load import parse_document
    from jifen.operations.publish_program import publish_program
    from jifen.operations.read_program import read_revisions

    published, _ = await read_revisions(ledger)
    document = parse_document(text, name=f"{name}.yaml")
    if published:
        _refuse_another_beginning(
            published[0], code=document.program.code if is_template_asked else None, moment=moment
        )
    else:
        await publish_program(
            ledger, document, effective_at=moment, published_by="jifen init", by=local(), text=text
        )
    newest = (await read_revisions(ledger))[0][-1]
    return {
        "revision": newest.number,
        "program": newest.document["program"]["code"],
        "is_new": not published,
        "key": await first_key(ledger),
    }


def _refuse_another_beginning(first: StoredRevision, *, code: str | None, moment: datetime | None) -> None:
    """Refuse what would begin a ledger otherwise than it began: nobody shall think that it was done."""
    from jifen.domain.refusals import Conflict

    began, its_code = first.effective_at, first.document["program"]["code"]
    if moment is not None and moment != began:
        raise Conflict(
            f"the ledger is there already, and its programme counts from {began.isoformat()}; a ledger that counts from "
            "another moment is a new one: give --home another folder, or JIFEN_DATABASE_URL another database",
            pointer="--at",
        )
    if code is not None and code != its_code:
        raise Conflict(
            f"the ledger is there already, and its programme is {its_code!r}; to change it: jifen program pull, plan, apply",
            pointer="--template",
        )
