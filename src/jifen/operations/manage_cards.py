"""Card numbers with a check character: make new ones, say whether one is right, and whether new cards need one."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from jifen.domain.audit import Act, Deed
from jifen.domain.check_digits import ALPHABET, CardCheck, is_of, is_right, with_check
from jifen.domain.person import MemberKey
from jifen.domain.principal import Principal
from jifen.domain.refusals import FieldWrong
from jifen.store.audit import note_act
from jifen.store.ledger import Ledger
from jifen.store.members import find_by_keys
from jifen.store.settings import card_check, set_card_check

CARDS_MAX = 100_000
LENGTH_MIN, LENGTH_MAX = 6, 40
FREE_FOR_EACH = 100
"""Of so many numbers at most one is given out, or guessing one that is somebody's would be easy."""
_SLICE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CardFound:
    """What is known of a card number: which checks it passes, whether it is a member's, whether it could be a new card's."""

    luhn: bool
    mod_37_36: bool
    is_known: bool
    wants: CardCheck
    is_taken_as_new: bool


async def new_cards(ledger: Ledger, *, count: int, prefix: str, length: int, check: CardCheck) -> list[str]:
    """Numbers drawn by lot that are nobody's card, with their check character. They are kept nowhere until a member has one.

    Refuses
        FieldWrong   too many, a length that is not possible, a prefix of other characters, or so many that one in a hundred of
                     all there are would be given out
    """
    if check is CardCheck.NONE:
        raise FieldWrong("a new number has a check: luhn or mod_37_36", pointer="/check")
    if not 1 <= count <= CARDS_MAX:
        raise FieldWrong(f"from 1 to {CARDS_MAX} cards at once", pointer="/count", value=count)
    if not LENGTH_MIN <= length <= LENGTH_MAX:
        raise FieldWrong(
            f"a number has {LENGTH_MIN} to {LENGTH_MAX} characters", pointer="/length", value=length
        )
    if not is_of(prefix, check):
        raise FieldWrong(f"{check} is of {'digits' if check is CardCheck.LUHN else 'digits and capital letters'}",
                         pointer="/prefix", value=prefix[:50])  # fmt: skip
    letters = ALPHABET[:10] if check is CardCheck.LUHN else ALPHABET
    free = length - len(prefix) - 1
    if free < 1 or len(letters) ** free < count * FREE_FOR_EACH:
        raise FieldWrong(
            f"{max(free, 0)} characters are left to be drawn, which is too few for {count} cards",
            pointer="/length",
            value=length,
        )
    found: dict[str, None] = {}
    while len(found) < count:
        drawn = {
            with_check(prefix + "".join(secrets.choice(letters) for _ in range(free)), check)
            for _ in range(min(_SLICE, count - len(found)))
        }
        async with ledger.reading() as connection:
            taken = await find_by_keys(ledger, connection, [MemberKey("card", one) for one in sorted(drawn)])
        found.update(dict.fromkeys(one for one in sorted(drawn) if MemberKey("card", one) not in taken))
    return list(found)


async def look_at_card(ledger: Ledger, number: str) -> CardFound:
    """What is known of a card number, in its form."""
    async with ledger.reading() as connection:
        wants = await card_check(connection)
        known = await find_by_keys(ledger, connection, [MemberKey("card", number)])
    return CardFound(
        luhn=is_right(number, CardCheck.LUHN),
        mod_37_36=is_right(number, CardCheck.MOD_37_36),
        is_known=bool(known),
        wants=wants,
        is_taken_as_new=is_right(number, wants),
    )


async def ask_of_new_cards(ledger: Ledger, check: CardCheck, *, principal: Principal) -> CardCheck:
    """From now on new cards need this check; returns what they needed before. Those that are known go on finding their member."""
    async with ledger.transaction() as connection:
        before = await card_check(connection)
        await set_card_check(connection, check)
        details = {"setting": "card_check", "before": str(before), "after": str(check)}
        await note_act(connection, principal, Act(deed=Deed.SETTING_CHANGED, details=details))
    return before
