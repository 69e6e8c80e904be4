"""`jifen card`: card numbers with a check character, and codes of offline tills that proved nothing."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jifen.cli.at_ledger import AsJson, Home, at_ledger, in_form, local
from jifen.cli.show import REFUSED, show

if TYPE_CHECKING:
    from uuid import UUID

    from jifen.domain.check_digits import CardCheck
    from jifen.operations.manage_cards import CardFound
    from jifen.store.codes import Flag
    from jifen.store.ledger import Ledger

card_app = typer.Typer(
    help="Card numbers with a check character: make new ones, look at one, say what new cards need; and member codes of offline "
    "tills that a person has to look at.",
    no_args_is_help=True,
)
_CHECKS = "luhn (digits), mod_37_36 (digits and capital letters)"


@card_app.command()
def new(
    count: Annotated[int, typer.Option(help="How many.", min=1, max=100_000)] = 1,
    prefix: Annotated[str, typer.Option(help="What every number begins with, such as 6200.")] = "",
    length: Annotated[int, typer.Option(help="Characters of a number, its check character too.")] = 16,
    check: Annotated[str, typer.Option(help=f"Its check: {_CHECKS}.")] = "luhn",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Draw new card numbers by lot, each nobody's. They are kept nowhere until a member is enrolled with one.

    Example: jifen card new --count 500 --prefix 6200 --length 16 > cards.txt
    """
    which = _check_named(check)

    async def work(ledger: Ledger) -> list[str]:
        from jifen.operations.manage_cards import new_cards

        return await new_cards(ledger, count=count, prefix=prefix, length=length, check=which)

    cards = at_ledger(work, home=home, as_json=as_json)
    show({"cards": cards, "check": str(which)}, as_json=as_json, text=cards)


@card_app.command("check")
def look(number: str, home: Home = None, as_json: AsJson = False) -> None:
    """Say whether a card number has a right check character, and whether it is a member's. Status 3: a new card may not end so.

    Example: jifen card check 6200001234567893
    """
    from jifen.domain.texts import CARD

    card = in_form(number, CARD, hint="NUMBER")

    async def work(ledger: Ledger) -> CardFound:
        from jifen.operations.manage_cards import look_at_card

        return await look_at_card(ledger, card)

    found = at_ledger(work, home=home, as_json=as_json)
    lines = [
        f"luhn: {'right' if found.luhn else 'not right'}; mod_37_36: {'right' if found.mod_37_36 else 'not right'}",
        "It is a member's card." if found.is_known else "It is nobody's card.",
    ]
    if not found.is_taken_as_new:
        lines.append(f"New cards end by {found.wants}, and this does not: it would be refused.")
    show(
        {
            "card": card,
            "luhn": found.luhn,
            "mod_37_36": found.mod_37_36,
            "is_known": found.is_known,
            "new_cards_need": str(found.wants),
            "is_taken_as_new": found.is_taken_as_new,
        },
        as_json=as_json,
        text=lines,
    )
    if not found.is_taken_as_new and not found.is_known:
        sys.exit(REFUSED)


@card_app.command()
def need(check: str, home: Home = None, as_json: AsJson = False) -> None:
    """Say what new cards need: none, luhn or mod_37_36. Cards that are known find their member whatever they end in.

    Example: jifen card need luhn
    """
    which = _check_named(check, is_none_let_in=True)

    async def work(ledger: Ledger) -> CardCheck:
        from jifen.operations.manage_cards import ask_of_new_cards

        return await ask_of_new_cards(ledger, which, principal=local())

    before = at_ledger(work, home=home, as_json=as_json)
    show(
        {"new_cards_need": str(which), "before": str(before)},
        as_json=as_json,
        text=f"New cards need {which} (before: {before}).",
    )


@card_app.command()
def flagged(
    settled: Annotated[bool, typer.Option("--settled", help="Those that a person has looked at.")] = False,
    limit: Annotated[int, typer.Option(help="How many at most.", min=1, max=500)] = 50,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """List member codes that an offline till kept and that proved nothing when they came. Their purchases are nobody's: claim
    each for its member, or leave it; then settle the flag.

    Example: jifen card flagged
    """

    async def work(ledger: Ledger) -> tuple[list[Flag], UUID | None]:
        from jifen.operations.settle_codes import list_flags

        return await list_flags(ledger, is_settled=settled, before=None, limit=limit)

    flags, _ = at_ledger(work, home=home, as_json=as_json)
    show(
        {"data": [_document(one) for one in flags]},
        as_json=as_json,
        text=[
            f"flg_{one.flag_id.hex}  {one.flagged_at:%Y-%m-%d %H:%MZ}  {one.source}/{one.business_no}  {one.why:<8} "
            + one.principal
            + (f"  mbr_{one.member_id.hex}" if one.member_id else "")
            + (f"  settled by {one.settled_by}" if one.settled_by else "")
            for one in flags
        ]
        or "No code waits for anybody.",
    )


@card_app.command()
def settle(flag: str, home: Home = None, as_json: AsJson = False) -> None:
    """Say that a person has looked at a code that proved nothing.

    Example: jifen card settle flg_01a200873b877db499c27d29c0902c7e
    """
    from jifen.present.ids import unprefixed

    flag_id = unprefixed("flg", flag)
    if flag_id is None:
        raise typer.BadParameter(
            "a flag is named flg_ and 32 hexadecimal digits: jifen card flagged", param_hint="FLAG"
        )

    async def work(ledger: Ledger) -> dict[str, Any]:
        from jifen.operations.settle_codes import settle_code
        from jifen.store.once import Once

        once = Once(key=f"cli:settle:{flag_id.hex}", body_hash=b"")
        return await settle_code(ledger, flag_id, request=once, principal=local())

    answer = at_ledger(work, home=home, as_json=as_json)
    show(
        {"flag_id": flag, "settled_at": answer["settled_at"], "settled_by": answer["settled_by"]},
        as_json=as_json,
        text=f"{flag} was settled by {answer['settled_by']}.",
    )


def _check_named(text: str, *, is_none_let_in: bool = False) -> CardCheck:
    from jifen.domain.check_digits import CardCheck

    known = [one for one in CardCheck if is_none_let_in or one is not CardCheck.NONE]
    if text not in known:
        raise typer.BadParameter(f"one of {', '.join(known)}", param_hint="--check")
    return CardCheck(text)


def _document(flag: Flag) -> dict[str, Any]:
    return {
        "flag_id": f"flg_{flag.flag_id.hex}",
        "source": flag.source,
        "business_no": flag.business_no,
        "why": flag.why,
        "principal": flag.principal,
        "member_id": f"mbr_{flag.member_id.hex}" if flag.member_id else None,
        "shown_at": flag.shown_at.isoformat(),
        "flagged_at": flag.flagged_at.isoformat(),
        "settled_at": flag.settled_at.isoformat() if flag.settled_at else None,
        "settled_by": flag.settled_by,
    }
