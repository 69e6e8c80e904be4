"""`jifen demo`: a year of a real grocer becomes a ledger that can be explained."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jifen.cli.show import FAILED, REFUSED, say, show, told_plainly

if TYPE_CHECKING:
    from jifen.embedded import Database
    from jifen.store.ledger import Ledger


KEY_NAME = "demo"
OPERATORS = (
    ("manager", "店长 Manager", "owner"),
    ("cashier", "收银 Cashier", "cashier"),
    ("service", "客服 Service", "service"),
)
"""Who signs in to a demo: login, name, role. Each run gives them other passwords, and says them."""
FACES_OF = {"owner": ("console", "till"), "cashier": ("till",), "service": ("console",)}
HOUSEHOLDS = ("845", "208", "1", "2", "3")
"""The first of these that the demo has is the member whose phone one may look at."""


def demo(
    serve: Annotated[bool, typer.Option(help="Serve the console and the API when the ledger stands.")] = True,
    as_json: Annotated[
        bool, typer.Option("--json", help="The summary as data (progress goes to standard error).")
    ] = False,
    host: Annotated[str, typer.Option(help="Address to serve on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to serve on.")] = 8000,
    households: Annotated[
        int | None, typer.Option(help="Only so many households: a quicker, smaller demo.")
    ] = None,
    home: Annotated[Path | None, typer.Option(help="Data folder; default: `demo` in Jifen's own.")] = None,
) -> None:
    """Turn a real grocer's year into a ledger, prove its books, and serve it.

    The Complete Journey (84.51 / dunnhumby): 2,469 households, 155,848 baskets, 1,469,307 lines, 2017. Spending, returns
    and gifts are a seeded simulation and say so. A second run reuses everything.

    Example: jifen demo --no-serve --json
    """
    from jifen.embedded import connections, home_folder
    from jifen.jobs.demo import NotADemo

    with told_plainly(as_json=as_json):
        folder = home or home_folder() / "demo"
        with connections(folder, say=say) as database:
            from jifen.store.migrate import migrate

            migrate(database.owner)
            try:
                summary = asyncio.run(
                    _make(database, households=households, wants_verdict=as_json or not serve)
                )
            except NotADemo as refused:
                say(str(refused))
                sys.exit(REFUSED)
            show(summary, as_json=as_json, text=_as_text(summary))
            if any(law["verdict"] == "broken" for law in summary["laws"]):
                sys.exit(FAILED)
            if serve:
                from jifen.cli.at_ledger import with_ledger
                from jifen.cli.serve import address_named, serve_database
                from jifen.present.demo import offer_sign_ins

                token = asyncio.run(with_ledger(database, _new_key))
                people = asyncio.run(with_ledger(database, _new_operators))
                member = asyncio.run(with_ledger(database, _a_member))
                offer_sign_ins(_offered(people, member))
                say(*_next_steps(token, people, member, host=host, port=port, home=folder))
                serve_database(database, host=host, port=port, service_address=address_named(None))


async def _make(database: Database, *, households: int | None, wants_verdict: bool) -> dict[str, Any]:
    from jifen.document.stored import timeline_of_published
    from jifen.jobs import demo as making
    from jifen.jobs.loop import once_through
    from jifen.operations.read_summary import read_summary
    from jifen.store.ledger import Ledger, open_pool
    from jifen.store.tidy import vacuum_tables
    from jifen.vault import Vault

    began = time.monotonic()
    pool = await open_pool(database.app)
    try:
        ledger = Ledger(pool, compile_timeline=timeline_of_published, vault=Vault.at(database.folder))
        is_new = not await making.is_made(ledger)
        if is_new:
            await making.publish_demo_program(ledger)
            say(
                "Reading the year and working out what it earned (the first time ever the fold is compiled) ..."
            )
            await _load(ledger, households)
            await making.set_book_date(ledger)
            await making.make_people_up(ledger)
            await making.simulate_counter(ledger)
            await making.simulate_rewards(ledger)
            await once_through(ledger)
            await vacuum_tables(database.owner)
            await making.finish(ledger)
        loaded = time.monotonic() - began
        laws = await _laws(ledger) if is_new or wants_verdict else []
        summary = await read_summary(ledger)
    finally:
        await pool.close()
    return {
        **summary,
        "seconds": round(time.monotonic() - began, 1),
        "seconds_to_load": round(loaded, 1),
        "is_reused": not is_new,
        "simulated": making.LABEL,
        "laws": laws,
    }


async def _new_key(ledger: Ledger) -> str:
    """A key for this run of the demo; those of earlier runs open nothing any more."""
    from jifen.cli.at_ledger import local
    from jifen.operations.manage_keys import create_key, list_keys, revoke_key

    for key in await list_keys(ledger):
        if key.name == KEY_NAME and key.revoked_at is None:
            await revoke_key(ledger, key.key_id, by=local())
    return (await create_key(ledger, name=KEY_NAME, roles=["owner"], by=local()))[1]


async def _new_operators(ledger: Ledger) -> list[tuple[str, str, str]]:
    """The demo's operators as (login, password, role), with passwords for this run; the sessions of earlier runs have ended."""
    import secrets

    from jifen.domain.principal import LOCAL
    from jifen.operations.manage_operators import (
        accept_invitation,
        add_operator_here,
        change_operator,
        enable_operator,
        list_operators,
        may_of,
        reset_password,
    )

    known = {one.login: one for one in await list_operators(ledger)}
    made = []
    for login, name, role in OPERATORS:
        password = secrets.token_urlsafe(12)
        may = may_of(roles=[role], permissions=(), stores=(), adjustment_units_max=None)
        if login in known:
            operator_id = known[login].operator_id
            # Whoever tried the demo may have disabled him, or changed what he may do.
            await enable_operator(ledger, LOCAL, operator_id)
            await change_operator(ledger, LOCAL, operator_id, may)
            invited = await reset_password(ledger, LOCAL, operator_id, removes_second_factor=True)
            await accept_invitation(ledger, invited.token, login=None, password=password)
        else:
            await add_operator_here(ledger, name=name, login=login, password=password, may=may, language="zh")
        made.append((login, password, role))
    return made


async def _a_member(ledger: Ledger) -> tuple[str, str] | None:
    """The made-up name and phone of a household of the demo, for who looks at the member's face; None: it has none."""
    from jifen.cli.at_ledger import local
    from jifen.domain.audit import Why
    from jifen.domain.person import MemberKey
    from jifen.domain.refusals import Unknown
    from jifen.operations.find_member import find_member
    from jifen.operations.read_person import reveal_persons

    for household in HOUSEHOLDS:
        try:
            member_id = await find_member(ledger, MemberKey("external", household))
            views = await reveal_persons(ledger, member_id, why=Why.MAINTENANCE, principal=local())
        except Unknown:
            continue
        phone = next((key.value for key in views[0].known.keys if key.kind == "phone"), None)
        if phone is not None:
            return views[0].known.fields.get("name", household), phone
    return None


def _offered(people: list[tuple[str, str, str]], member: tuple[str, str] | None) -> list[dict[str, str]]:
    """Who signs in with a click, at which face."""
    names = {login: name for login, name, _ in OPERATORS}
    offered = [
        {"face": face, "name": names[login], "role": role, "login": login, "password": password}
        for login, password, role in people
        for face in FACES_OF[role]
    ]
    if member is not None:
        offered.append({"face": "app", "name": member[0], "role": "member", "phone": member[1]})
    return offered


def _next_steps(
    token: str,
    people: list[tuple[str, str, str]],
    member: tuple[str, str] | None,
    *,
    host: str,
    port: int,
    home: Path,
) -> list[str]:
    shown = "\n".join(f"    {login:<8}  {password}  ({role})" for login, password, role in people)
    if member is not None:
        shown += f"\n    {member[0]}, a member, by the phone {member[1]} (the code is shown, not sent)"
    return f"""
  Members' phones:     http://{host}:{port}/app
  The till:            http://{host}:{port}/till
  The console:         http://{host}:{port}/console
  A key for this run:  {token}

  Sign in with a click on each of these pages, or, for this run, as
{shown}

  Ask for a household's balance:
    curl -H 'Authorization: Bearer {token}' 'http://{host}:{port}/v1/members?external=1'
  Why each point came, in another terminal:
    {sys.argv[0]} explain external:1 --home {home}
""".splitlines()


async def _load(ledger: Ledger, households: int | None) -> None:
    from jifen.cli.progress import purchases_bar
    from jifen.jobs.demo import load_demo_year

    with purchases_bar("Ledger") as told:
        await load_demo_year(ledger, say=told, households=households)


async def _laws(ledger: Ledger) -> list[dict[str, Any]]:
    from jifen.cli.progress import percent_bar
    from jifen.operations.keep_proof import keep_proof
    from jifen.operations.reconcile_books import reconcile_books
    from jifen.present.laws import with_titles

    with percent_bar("Proof") as told:
        began = time.monotonic()
        books = await reconcile_books(ledger, say=told)
        await keep_proof(ledger, books.as_document(), milliseconds=round((time.monotonic() - began) * 1_000))
    return with_titles(books.as_document()["laws"], "en")


def _as_text(summary: dict[str, Any]) -> list[str]:
    """The summary as a page of a terminal."""
    from jifen.present.laws import law_lines

    money = summary["money"]
    lines = [
        "",
        f"  {summary['members']:,} members, {summary['purchases']:,} purchases, {summary['lines']:,} lines,"
        f" {summary['spend_minor'] / 100:,.2f} {money} in a year",
        "",
        f"  points earned        {summary['points_earned']:>14,}",
        f"  taken back           {summary['points_clawed_back']:>14,}",
        f"  redeemed (simulated) {summary['points_redeemed']:>14,}",
        f"  expired              {summary['points_expired']:>14,}",
        f"  outstanding          {summary['points_outstanding']:>14,}   owed for them: "
        f"{summary['liability_minor'] / 100:,.2f} {money}",
        "",
        "  tiers: " + ", ".join(f"{code} {count:,}" for code, count in summary["members_by_tier"].items()),
        f"  book date: {summary['book_date'][:10]}",
    ]
    lines += [f"  {line}" for line in law_lines(summary["laws"], "en")]
    if any(law["verdict"] == "broken" for law in summary["laws"]):
        lines.append(
            "  The books are BROKEN. `jifen reconcile --json` proves them again and names more offenders."
        )
    if summary["is_reused"] and not summary["laws"]:
        lines.append("  reused as it stood; `jifen reconcile` proves it again")
    lines += ["", f"  {summary['seconds']} seconds", ""]
    return lines
