"""`jifen compensation`: units for many members at once, looked at first, and undone where they were wrong."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jifen.cli.at_ledger import AsJson, Home, at_ledger, local, member_named, moment_named, once_for
from jifen.cli.show import FAILED, say, show

if TYPE_CHECKING:
    from uuid import UUID

    from jifen.operations.compensate_members import Basis
    from jifen.store.compensations import Compensation
    from jifen.store.ledger import Ledger

compensation_app = typer.Typer(
    help="Give units to many members at once, by a list or for a rule that was switched off; look first; undo it.",
    no_args_is_help=True,
)
File = Annotated[
    Path | None,
    typer.Option(
        "--file", help="CSV of two columns, member and units, with a head: card, mbr_ID or KIND:VALUE."
    ),
]
Currency = Annotated[str | None, typer.Option(help="The currency's code, with --file.")]
RuleOff = Annotated[
    str | None, typer.Option("--rule", help="What this rule kept back while it was switched off.")
]
Since = Annotated[str | None, typer.Option(help="With --rule: occasions booked from this moment on.")]
Until = Annotated[str | None, typer.Option(help="With --rule: and before this one; now where left out.")]


@compensation_app.command()
def plan(
    file: File = None,
    currency: Currency = None,
    rule: RuleOff = None,
    since: Since = None,
    until: Until = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Say whom it would give how much. Nothing changes.

    Example: jifen compensation plan --rule tuesday --since 2026-11-24T00:00:00+08:00
    """
    basis = _basis(file, currency, rule, since, until)

    async def work(ledger: Ledger) -> Any:
        from jifen.operations.compensate_members import plan_compensation

        return await plan_compensation(ledger, basis)

    planned = at_ledger(work, home=home, as_json=as_json)
    largest = sorted(planned.shares.items(), key=lambda one: (-one[1], one[0]))[:10]
    lines = [
        f"{len(planned.shares)} members would be given {planned.units} {planned.currency} (smallest units)."
    ]
    lines += [f"  mbr_{member_id.hex}  {units}" for member_id, units in largest]
    if planned.left_out:
        lines.append(f"{planned.left_out} purchases are left out: something of them came back since.")
    shown = {
        "currency": planned.currency,
        "members": len(planned.shares),
        "units": planned.units,
        "left_out": planned.left_out,
        "shares": [{"member_id": f"mbr_{one.hex}", "units": units} for one, units in planned.shares.items()],
    }
    show(shown, as_json=as_json, text=lines)


@compensation_app.command()
def make(
    reason: Annotated[str, typer.Option(help="Why; it stands in each statement.")],
    file: File = None,
    currency: Currency = None,
    rule: RuleOff = None,
    since: Since = None,
    until: Until = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Compensate members, and pay it now. Interrupted, what serves goes on with it.

    Example: jifen compensation make --file list.csv --currency points --reason "The till was down"
    """
    basis = _basis(file, currency, rule, since, until)

    async def work(ledger: Ledger) -> Any:
        from uuid import UUID

        from jifen.jobs.compensations import work_on_compensations
        from jifen.operations.compensate_members import begin_compensation, read_compensation

        made = await begin_compensation(
            ledger, basis, reason=reason, request=once_for("compensation"), principal=local()
        )
        while await work_on_compensations(ledger):
            pass
        return await read_compensation(ledger, UUID(made["compensation_id"]))

    _show(*at_ledger(work, home=home, as_json=as_json), as_json=as_json)


@compensation_app.command("list")
def list_(
    before: Annotated[
        str | None,
        typer.Option(
            help="The cursor that the page before ended with: its last one's id.", show_default=False
        ),
    ] = None,
    limit: Annotated[int, typer.Option(help="At most so many.", min=1, max=200)] = 50,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """List compensations, newest first.

    Example: jifen compensation list
    """

    async def work(ledger: Ledger) -> Any:
        from jifen.operations.compensate_members import list_compensations

        return await list_compensations(ledger, before=behind, limit=limit)

    behind = None if before is None else _named(before, option="--before")
    found, after = at_ledger(work, home=home, as_json=as_json)
    cursor = None if after is None else f"cmp_{after.hex}"
    lines = [_line(one) for one in found] or ["There is none."]
    show(
        {"data": [_document(one) for one in found], "next_cursor": cursor},
        as_json=as_json,
        text=lines if cursor is None else [*lines, f"There are more: --before {cursor}"],
    )


@compensation_app.command("show")
def show_one(compensation: str, home: Home = None, as_json: AsJson = False) -> None:
    """How far one is, and for whom it could not be done.

    Example: jifen compensation show cmp_01a200873b877db499c27d29c0902c7e
    """
    which = _named(compensation)

    async def work(ledger: Ledger) -> Any:
        from jifen.operations.compensate_members import read_compensation

        return await read_compensation(ledger, which)

    _show(*at_ledger(work, home=home, as_json=as_json), as_json=as_json)


@compensation_app.command()
def undo(compensation: str, home: Home = None, as_json: AsJson = False) -> None:
    """Take back what one gave, each share from its own entry.

    Example: jifen compensation undo cmp_01a200873b877db499c27d29c0902c7e
    """
    which = _named(compensation)

    async def work(ledger: Ledger) -> Any:
        from jifen.jobs.compensations import work_on_compensations
        from jifen.operations.compensate_members import read_compensation, undo_compensation

        await undo_compensation(ledger, which, request=once_for("undo"), principal=local())
        while await work_on_compensations(ledger):
            pass
        return await read_compensation(ledger, which)

    _show(*at_ledger(work, home=home, as_json=as_json), as_json=as_json)


def _basis(
    file: Path | None, currency: str | None, rule: str | None, since: str | None, until: str | None
) -> Basis:
    from datetime import UTC, datetime

    from jifen.operations.compensate_members import Listed, RuleOff

    if (file is None) == (rule is None):
        raise typer.BadParameter("name one thing: --file LIST.csv or --rule CODE", param_hint="--file")
    if rule is not None:
        begins = moment_named(since, option="--since")
        if begins is None:
            raise typer.BadParameter("say since when it was off (jifen switch list)", param_hint="--since")
        return RuleOff(
            rule=rule, since=begins, until=moment_named(until, option="--until") or datetime.now(UTC)
        )
    if currency is None:
        raise typer.BadParameter("say which currency the units are of", param_hint="--currency")
    assert file is not None, "one of both is named"
    return Listed(currency=currency, shares=_rows(file))


def _rows(file: Path) -> list[tuple[Any, int]]:
    import csv

    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            rows = list(csv.DictReader(text))
    except (OSError, UnicodeDecodeError, csv.Error) as failure:
        say(f"{file} cannot be read: {failure}")
        sys.exit(FAILED)
    shares = []
    for at, row in enumerate(rows, start=2):
        member, units = (row.get("member") or "").strip(), (row.get("units") or "").strip()
        if not member or not (units.isascii() and units.isdigit()):
            raise typer.BadParameter(
                f"{file}, line {at}: a member and a whole number of units are needed under member,units; it has {row}",
                param_hint="--file",
            )
        shares.append((member_named(member), int(units)))
    return shares


def _named(text: str, *, option: str = "COMPENSATION") -> UUID:
    from jifen.present.ids import unprefixed

    found = unprefixed("cmp", text)
    if found is None:
        raise typer.BadParameter(
            "one is named cmp_ and 32 hexadecimal digits: jifen compensation list", param_hint=option
        )
    return found


def _document(one: Compensation) -> dict[str, Any]:
    told = one._asdict()
    told["compensation_id"] = f"cmp_{one.compensation_id.hex}"
    for name in ("made_at", "undone_at"):
        told[name] = told[name].isoformat() if told[name] else None
    return told


def _line(one: Compensation) -> str:
    return (
        f"cmp_{one.compensation_id.hex}  {one.made_at:%Y-%m-%d %H:%MZ}  {one.state:<7} {one.paid} of {one.members} members, "
        f"{one.units_paid} of {one.units} {one.currency}; {one.refused} refused, {one.undone} undone: {one.reason}"
    )


def _show(one: Compensation, refused: Any, *, as_json: bool) -> None:
    shares = [
        {"member_id": f"mbr_{whose.hex}", "units": units, "code": code} for whose, units, code in refused
    ]
    lines = [_line(one), *[f"  {share['member_id']}  {share['units']}  {share['code']}" for share in shares]]
    show({**_document(one), "refused_shares": shares}, as_json=as_json, text=lines)
