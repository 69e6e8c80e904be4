"""`jifen explain`: why a member holds what he holds, as sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from jifen.cli.at_ledger import AsJson, Home, Language, at_ledger, member_named, purchase_named
from jifen.cli.show import scales_of, show
from jifen.present.catalogue import catalogue_of
from jifen.present.shown import kind_shown, place_shown, units_shown

if TYPE_CHECKING:
    from jifen.operations.read_statement import StatementLine
    from jifen.store.ledger import Ledger


def explain(
    who: Annotated[
        str,
        typer.Argument(
            help="A member (mbr_..., card:NUMBER, phone:NUMBER, another kind and its value, a bare card number) or "
            "a receipt (pur_..., SOURCE/NUMBER).",
            metavar="MEMBER|RECEIPT",
        ),
    ],
    language: Language = "zh",
    limit: Annotated[
        int, typer.Option(help="Entries of the statement, or movements of the lot: 1 to 200.", min=1, max=200)
    ] = 50,
    before: Annotated[
        int | None,
        typer.Option(help="Only entries before this number: the page behind, as its last line says.", min=1),
    ] = None,
    lot: Annotated[
        int | None,
        typer.Option(help="Follow this lot of the member: from its receipt to what it paid.", min=1),
    ] = None,
    after: Annotated[
        int | None, typer.Option(help="With --lot: only movements by entries after this number.", min=1)
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Explain every point: a member's statement, or one receipt, as sentences; each line of a receipt with its rules.

    Each line begins with its day and the entry's number (#7, as `jifen member reverse` wants it) and ends with the balance
    after it and the lots it moved (as --lot wants them). Newest first; the last line says when there are more.

    Example: jifen explain card:6200001 --language en
    """
    if after is not None and lot is None:
        raise typer.BadParameter(
            "goes with --lot; a statement is read on with --before", param_hint="--after"
        )
    if before is not None and lot is not None:
        raise typer.BadParameter("a lot is followed on with --after", param_hint="--before")
    if before is not None and purchase_named(who) is not None:
        raise typer.BadParameter(
            "is for a member's statement; a receipt is told whole", param_hint="--before"
        )

    if lot is not None:
        _follow(who, lot, language, after=after or 0, limit=limit, home=home, as_json=as_json)
        return

    async def work(ledger: Ledger) -> tuple[Any, list[StatementLine], int | None]:
        from jifen.operations.find_member import find_member
        from jifen.operations.read_purchase import read_purchase
        from jifen.operations.read_statement import read_statement

        receipt = purchase_named(who)
        if receipt is None:
            member_id = await find_member(ledger, member_named(who))
            statement = await read_statement(ledger, member_id, before=before, limit=limit)
            return statement.timeline, list(statement.lines), statement.next_before
        view = await read_purchase(ledger, receipt)
        if view.row is None:
            return view.timeline, [], None
        member_id, sequence = view.row["member_id"], view.row["sequence"]
        found = []
        for at in [back["sequence"] for back in reversed(view.returns)] + [sequence]:
            page = await read_statement(ledger, member_id, before=at + 1, limit=1)
            found += [line for line in page.lines if line.posting.sequence == at]
        return view.timeline, found, None

    timeline, lines, next_before = at_ledger(work, home=home, as_json=as_json)
    from jifen.present.statements import statement_entry

    entries = [statement_entry(line, timeline, language) for line in lines]
    scales = scales_of(timeline)
    text = []
    for entry in entries:
        text.append(_told(entry, timeline.time_zone, scales[entry["currency"]], language))
        if len(entries) <= 10:
            text += [_reason(one, scales[entry["currency"]], language) for one in entry["reasons"]]
    if next_before is not None:
        text.append(_more(language, f"jifen explain {who} --before {next_before}"))
    words = catalogue_of(language)
    nothing = words.say("statement.nothing")
    if before is not None:
        nothing = words.say("statement.nothing_before", entry=before)
    show(
        {"entries": entries, "next_before": next_before},
        as_json=as_json,
        text=text or nothing,
    )


LOTS_SHOWN = 5


def _told(entry: dict[str, Any], time_zone: str, scale: int, language: str) -> str:
    """A line of the statement: day, entry, sentence, balance, lots."""
    lots = sorted({move["lot"] for move in entry["moves"] if move["lot"]})
    shown = ", ".join(map(str, lots[:LOTS_SHOWN])) + (", …" if len(lots) > LOTS_SHOWN else "")
    told = catalogue_of(language).say("statement.lots", count=len(lots), lots=shown)
    return (
        f"{_day(entry['occurred_at'], time_zone)}  #{entry['sequence']}  {entry['sentence']}"
        f"  = {units_shown(entry['balance_after'], scale)}" + (f"  [{told}]" if lots else "")
    )


def _reason(one: dict[str, Any], scale: int, language: str) -> str:
    """What a rule gave for a line, and what it desired where that was more."""
    text = f"            {_line(one['line'], language)}  {one['rule']}: {units_shown(one['granted'], scale)}"
    return text if one["desired"] == one["granted"] else f"{text} / {units_shown(one['desired'], scale)}"


def _more(language: str, command: str) -> str:
    return catalogue_of(language).say("statement.more", command=command)


def _follow(
    who: str, number: int, language: str, *, after: int, limit: int, home: Any, as_json: bool
) -> None:
    """Show what became of a lot."""

    async def work(ledger: Ledger) -> Any:
        from jifen.domain.refusals import LotUnknown
        from jifen.operations.find_member import find_member
        from jifen.operations.read_statement import read_lot_story

        member_id = await find_member(ledger, member_named(who))
        try:
            return await read_lot_story(ledger, member_id, number, after=after, limit=limit)
        except LotUnknown:
            said = f"the member has no lot {number}; `jifen explain {who}` tells the lots of each entry"
            raise LotUnknown(said, pointer="--lot", number=number) from None

    story = at_ledger(work, home=home, as_json=as_json)
    from jifen.present.statements import lot_story

    told = lot_story(story, language)
    scale = scales_of(story.timeline)[told["lot"]["currency"]]
    sentences = {(one["sequence"], one["part"]): one["sentence"] for one in told["postings"]}
    text = []
    if told["first"]:
        first = told["first"]
        text.append(_came_from(first["member_id"], first["number"], language))
    for step in told["steps"]:
        said = [sentence for (sequence, _), sentence in sentences.items() if sequence == step["sequence"]]
        day = _day(step["occurred_at"], story.timeline.time_zone)
        units = units_shown(step["units"], scale)
        kind = kind_shown(step["kind"], language)
        comes, goes = (place_shown(step[end], language) for end in ("comes", "goes"))
        text.append(f"{day}  #{step['sequence']} {kind}: {units}  {comes} -> {goes}")
        text += [f"            {sentence}" for sentence in said]
    if told["next_cursor"]:
        text.append(_more(language, f"jifen explain {who} --lot {number} --after {told['next_cursor']}"))
    show(told, as_json=as_json, text=text)


def _came_from(member_id: str, number: int, language: str) -> str:
    """Where the story begins, if it began with another member."""
    follow = f"jifen explain {member_id} --lot {number}"
    return catalogue_of(language).say("statement.came_from", member=member_id, lot=number, command=follow)


def _day(occurred_at: str, time_zone: str) -> str:
    """The date that the programme's calendar showed, as in the sentence."""
    from datetime import datetime

    from jifen.domain.calendar import local_date

    return local_date(datetime.fromisoformat(occurred_at), time_zone).isoformat()


def _line(number: int, language: str) -> str:
    return catalogue_of(language).say("statement.line", number=number)
