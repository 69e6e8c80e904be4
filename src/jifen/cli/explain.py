"""`jifen explain`: why a member holds what he holds, as sentences."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jifen.cli.at_ledger import AsJson, Home, Language, at_ledger, member_named, purchase_named
from jifen.cli.show import show

if TYPE_CHECKING:
    from jifen.operations.read_statement import StatementLine
    from jifen.store.ledger import Ledger


def explain(
    who: Annotated[
        str,
        typer.Argument(
            help="A member (mbr_..., card:NUMBER, external:ID, a bare card number) or a receipt (pur_..., SOURCE/NUMBER).",
            metavar="MEMBER|RECEIPT",
        ),
    ],
    language: Language = "zh",
    limit: Annotated[int, typer.Option(help="Entries of the statement.", min=1, max=200)] = 50,
    lot: Annotated[
        int | None,
        typer.Option(help="Follow this lot of the member: from its receipt to what it paid.", min=1),
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Explain every point: a member's statement, or one receipt, as sentences; each line of a receipt with its rules.

    Example: jifen explain card:6200001 --language en
    """
    if language not in ("zh", "en"):
        raise typer.BadParameter("zh or en", param_hint="--language")

    if lot is not None:
        _follow(who, lot, language, limit=limit, home=home, as_json=as_json)
        return

    async def work(ledger: Ledger) -> tuple[Any, list[StatementLine]]:
        from jifen.operations.find_member import find_member
        from jifen.operations.read_purchase import read_purchase
        from jifen.operations.read_statement import read_statement

        receipt = purchase_named(who)
        if receipt is None:
            member_id = await find_member(ledger, member_named(who))
            statement = await read_statement(ledger, member_id, limit=limit)
            return statement.timeline, list(statement.lines)
        view = await read_purchase(ledger, receipt)
        if view.row is None:
            return view.timeline, []
        member_id, sequence = view.row["member_id"], view.row["sequence"]
        found = []
        for at in [back["sequence"] for back in reversed(view.returns)] + [sequence]:
            page = await read_statement(ledger, member_id, before=at + 1, limit=1)
            found += [line for line in page.lines if line.posting.sequence == at]
        return view.timeline, found

    timeline, lines = at_ledger(work, home=home, as_json=as_json)
    from jifen.api.members import statement_entry

    entries = [json.loads(statement_entry(line, timeline, language).model_dump_json()) for line in lines]
    text = []
    for entry in entries:
        text.append(
            f"{_day(entry['occurred_at'], timeline.time_zone)}  {entry['sentence']}  = {entry['balance_after']:,}"
        )
        if len(entries) <= 10:
            text += [
                f"            {_line(one['line'], language)}  {one['rule']}: "
                f"{one['granted']:,}" + (f" / {one['desired']:,}" if one["desired"] != one["granted"] else "")
                for one in entry["reasons"]
            ]
    nothing = "没有任何分录。" if language == "zh" else "Nothing was ever posted."
    show({"entries": entries}, as_json=as_json, text="\n".join(text) or nothing)


def _follow(who: str, number: int, language: str, *, limit: int, home: Any, as_json: bool) -> None:
    """Show what became of a lot."""

    async def work(ledger: Ledger) -> Any:
        from jifen.operations.find_member import find_member
        from jifen.operations.read_statement import read_lot_story

        return await read_lot_story(ledger, await find_member(ledger, member_named(who)), number, limit=limit)

    story = at_ledger(work, home=home, as_json=as_json)
    from jifen.api.members import lot_story

    told = json.loads(lot_story(story, language).model_dump_json())
    sentences = {(one["sequence"], one["part"]): one["sentence"] for one in told["postings"]}
    text = []
    for step in told["steps"]:
        said = [sentence for (sequence, _), sentence in sentences.items() if sequence == step["sequence"]]
        day = _day(step["occurred_at"], story.timeline.time_zone)
        text.append(
            f"{day}  #{step['sequence']} {step['kind']}: {step['units']:,}  {step['comes']} -> {step['goes']}"
        )
        text += [f"            {sentence}" for sentence in said]
    show(told, as_json=as_json, text="\n".join(text))


def _day(occurred_at: str, time_zone: str) -> str:
    """The date that the programme's calendar showed, as in the sentence."""
    from datetime import datetime

    from jifen.domain.calendar import local_date

    return local_date(datetime.fromisoformat(occurred_at), time_zone).isoformat()


def _line(number: int, language: str) -> str:
    return f"第 {number} 行" if language == "zh" else f"line {number}"
