"""How a command comes to the ledger, and how a refusal reads in a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from jifen.cli.show import (
    FAILED,
    REFUSED,
    language_spoken,
    say,
    say_in_language,
    sayer,
    show_data,
    speak,
    told_plainly,
)

if TYPE_CHECKING:
    from uuid import UUID

    from jifen.domain.principal import Principal
    from jifen.domain.refusals import Refusal
    from jifen.domain.texts import Form
    from jifen.embedded import Database
    from jifen.store.ledger import Ledger

T = TypeVar("T")

Home = Annotated[
    Path | None,
    typer.Option(help="Data folder, when it is not Jifen's own (JIFEN_HOME).", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="The result as JSON.")]

Who = Annotated[
    str,
    typer.Argument(
        help="mbr_..., card:NUMBER, phone:NUMBER, email:ADDRESS, another kind and its value, or a bare card number.",
        metavar="MEMBER",
    ),
]
Language = Annotated[
    str, typer.Option(help="zh or en, or another that there is a catalogue of.", callback=speak)
]


def at_ledger(work: Callable[[Ledger], Awaitable[T]], *, home: Path | None, as_json: bool) -> T:
    """What the work returns, done over the ledger. A refusal ends the command with status 3, a failure with 1."""
    import asyncio

    look_before_making_one(home, as_json=as_json)
    with the_database(home=home, as_json=as_json) as database:
        return asyncio.run(with_ledger(database, work))


def look_before_making_one(home: Path | None, *, as_json: bool) -> None:
    """Whoever asks a ledger makes no database where there is none: only `jifen init` does."""
    from jifen.embedded import home_folder, is_own_server_named

    folder = home or home_folder()
    if is_own_server_named() or (folder / "postgres" / "data").exists():
        return
    tell_failure(
        f"there is no ledger in {folder} yet; run: jifen init, or name another folder",
        as_json=as_json,
        message_zh=f"{folder} 中还没有账本；请运行 jifen init，或指定其他目录。",
    )
    sys.exit(FAILED)


@contextmanager
def the_database(*, home: Path | None, as_json: bool) -> Iterator[Database]:
    """The database, started when need be; whatever goes wrong is told plainly."""
    from jifen.embedded import connections

    with (
        told_plainly(as_json=as_json),
        refused_plainly(as_json=as_json),
        connections(home, say=sayer(as_json=as_json)) as database,
    ):
        yield database


async def with_ledger(database: Database, work: Callable[[Ledger], Awaitable[T]]) -> T:
    """What the work returns, done over a small pool. `home` is Jifen's folder, where a server of one's own keeps the ledger."""
    from jifen.document.stored import timeline_of_published
    from jifen.store.ledger import Ledger, open_pool
    from jifen.vault import Vault

    pool = await open_pool(database.app, size=2)
    try:
        return await work(
            Ledger(pool, compile_timeline=timeline_of_published, vault=Vault.at(database.folder))
        )
    finally:
        await pool.close()


def local() -> Principal:
    """Who runs the command, as the audit names him: by the account of the operating system."""
    import getpass
    from dataclasses import replace

    from jifen.domain.principal import LOCAL

    try:
        account = getpass.getuser()
    except (KeyError, OSError):  # an account without a name, as in a container
        account = f"uid {os.getuid()}"
    return replace(LOCAL, name=account)


@contextmanager
def refused_plainly(*, as_json: bool) -> Iterator[None]:
    """Turn what is no defect into a sentence and its exit status: a refusal, a database that is away, a missing file."""
    try:
        yield
    except Exception as failure:
        status = _told(failure, as_json=as_json)
        if status is None:
            raise
        sys.exit(status)


def _told(failure: Exception, *, as_json: bool) -> int | None:
    """Tell it, and the exit status; None: it is a defect, and is not told here."""
    from jifen.document.problems import DocumentRefused
    from jifen.domain.refusals import Refusal

    if isinstance(failure, Refusal):
        tell_refusal(failure, as_json=as_json)
        return REFUSED
    if isinstance(failure, DocumentRefused):
        tell_document_refused(failure, as_json=as_json)
        return REFUSED
    if isinstance(failure, BrokenPipeError):  # whoever read our output went away; typer knows what to do
        return None
    if isinstance(failure, OSError) and failure.filename is not None:
        tell_failure(f"{failure.filename}: {failure.strerror}", as_json=as_json)
        return FAILED
    return _told_of_database(failure, as_json=as_json)


def _told_of_database(failure: Exception, *, as_json: bool) -> int | None:
    import asyncpg
    from sqlalchemy.exc import DBAPIError

    cause: BaseException | None = failure
    if isinstance(failure, DBAPIError):  # of a migration: what happened stands behind the adapter's error
        cause = failure.orig.__cause__ if failure.orig is not None else None
    if isinstance(cause, asyncpg.UndefinedTableError | asyncpg.InvalidSchemaNameError):
        tell_failure("the database has no ledger yet, or an older one; run: jifen init", as_json=as_json)
        return FAILED
    if isinstance(cause, OSError | TimeoutError | asyncpg.PostgresError | asyncpg.InterfaceError):
        where, out, out_zh = _where_and_way_out()
        said = " ".join(f"{type(cause).__name__}: {cause}".split())
        tell_failure(
            f"the database at {where} cannot be used: {said}. {out}",
            as_json=as_json,
            message_zh=f"无法使用数据库 {where}：{said}。{out_zh}",
        )
        return FAILED
    return None


def _where_and_way_out() -> tuple[str, str, str]:
    """Which database was meant, without its password, and what to do when it cannot be used."""
    from jifen.embedded import Connection, home_folder, is_own_server_named

    if not is_own_server_named():
        return str(home_folder()), "Find out why with: jifen doctor", "请用 jifen doctor 查找原因。"
    named = Connection.of_url(os.environ["JIFEN_DATABASE_URL"])
    return (
        f"{named.host}:{named.port}/{named.database}",
        "Start that server, or mend JIFEN_DATABASE_URL, and run the command again",
        "请启动该服务器，或修正 JIFEN_DATABASE_URL，然后重试。",
    )


def tell_refusal(refusal: Refusal, *, as_json: bool) -> None:
    """A refusal: to a person on standard error, to a machine as its code, pointer and numbers."""
    if as_json:
        show_data(refusal_document(refusal))
        return
    where = f" ({refusal.pointer})" if refusal.pointer else ""
    say(f"refused: {refusal}{where} [{refusal.code}]")
    say_in_language(refusal.code)


def refusal_document(refusal: Refusal) -> dict[str, Any]:
    """A refusal as data."""
    from jifen.present.refusals import refusal_message

    return {
        "code": refusal.code,
        "detail": str(refusal),
        "pointer": refusal.pointer,
        "numbers": refusal.numbers,
        "message": refusal_message(refusal.code, language_spoken()),
        "message_zh": refusal_message(refusal.code, "zh"),
    }


def tell_document_refused(refused: Any, *, as_json: bool) -> None:
    """Every problem of a document, in the language that the command speaks."""
    if as_json:
        problems = [problem.as_document(language_spoken()) for problem in refused.problems]
        show_data({"code": "program_refused", "problems": problems})
        return
    for problem in refused.problems:
        say(problem.text(language_spoken()))


def tell_failure(text: str, *, as_json: bool, message_zh: str = "") -> None:
    """Something is broken."""
    if as_json:
        show_data({"code": "failed", "detail": text, **({"message_zh": message_zh} if message_zh else {})})
    else:
        say(text)


def in_form(text: str, form: Form, *, hint: str) -> str:
    """What a person typed, in the form in which it comes in on every road; status 2 where it has none."""
    from jifen.domain.texts import TextRefused, canonical

    try:
        return canonical(text, form)
    except TextRefused as refused:
        raise typer.BadParameter(str(refused), param_hint=hint) from None


def once_for(verb: str) -> Any:
    """A key of its own for each run: a person at a terminal sees whether it worked."""
    from jifen.store.ids import new_id
    from jifen.store.once import Once

    return Once(key=f"cli:{verb}:{new_id().hex}", body_hash=b"cli")


def person_named(text: str, *, hint: str = "PERSON") -> UUID:
    """A person by his id; status 2 where it is none."""
    from jifen.present.ids import unprefixed

    found = unprefixed("per", text)
    if found is None:
        raise typer.BadParameter("a person is named per_ and 32 hexadecimal digits", param_hint=hint)
    return found


def member_named(text: str) -> Any:
    """How a person names a member: mbr_..., the kind and value of what finds him (phone:13800138000), or a bare card number."""
    from jifen.domain.person import KEY_KINDS, MemberKey
    from jifen.domain.texts import CARD, KEY
    from jifen.present.ids import unprefixed

    found = unprefixed("mbr", text)
    if found is not None:
        return found
    kind, colon, value = text.partition(":")
    if colon and kind in KEY_KINDS:
        return MemberKey(kind, in_form(value, CARD if kind == "card" else KEY, hint="MEMBER"))
    return MemberKey("card", in_form(text, CARD, hint="MEMBER"))


def purchase_named(text: str) -> Any:
    """How a person names a purchase: pur_..., or SOURCE/NUMBER as it stands in a statement. None: it is neither."""
    from jifen.domain.texts import CODE, KEY
    from jifen.present.ids import unprefixed
    from jifen.store.keys import BusinessKey

    found = unprefixed("pur", text)
    if found is not None:
        return found
    source, slash, business_no = text.partition("/")
    if not (slash and source and business_no):
        return None
    return BusinessKey(in_form(source, CODE, hint="RECEIPT"), in_form(business_no, KEY, hint="RECEIPT"))


def moment_named(text: str | None, *, option: str) -> datetime | None:
    """The moment that an option names, as the API reads it."""
    if text is None:
        return None
    from pydantic import TypeAdapter, ValidationError

    from jifen.api.fields import Instant

    try:
        moment: datetime = TypeAdapter(Instant).validate_python(text)
    except ValidationError as error:
        raise typer.BadParameter(error.errors()[0]["msg"], param_hint=option) from None
    return moment
