"""Find a receipt of nobody by the number and the amount that stand on it: who has both holds it in his hand."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from jifen.domain.operators import refuse_too_soon
from jifen.domain.refusals import PurchaseClaimed, PurchaseUnknown
from jifen.store.keys import BusinessKey, receipts_numbered
from jifen.store.sign_in_tries import count_one_less, count_try, gate

if TYPE_CHECKING:
    from jifen.store.ledger import Ledger

FREE_RECEIPTS: Final = 10
WAIT_MAX_OF_RECEIPTS: Final = timedelta(hours=1)
"""Numbers of receipts follow one another: whoever tries amounts waits longer with each."""


async def find_own_receipt(
    ledger: Ledger, member_id: UUID, business_no: str, amount_minor: int, *, source: str | None = None
) -> BusinessKey:
    """The key of the receipt, which is nobody's or this member's own already.

    Units
        minor money; what stands on the receipt as its total

    Refuses
        PurchaseUnknown   there is none with that number and amount, of whichever source
        PurchaseClaimed   it is another member's
        SignInTooSoon     after several that were not there the next one waits
    """
    gates = [gate("receipts of", member_id.hex, free=FREE_RECEIPTS, most=WAIT_MAX_OF_RECEIPTS)]
    async with ledger.transaction() as connection:
        refuse_too_soon(await count_try(connection, gates))
    async with ledger.transaction() as connection:
        known = await receipts_numbered(connection, business_no)
        fitting = [
            one for one in known if one.amount_minor == amount_minor and source in (None, one.key.source)
        ]
        if not fitting:
            detail = "no receipt has this number and this amount: both stand on the slip"
            raise PurchaseUnknown(detail, pointer="/business_no")
        own = next((one for one in fitting if one.member_id in (None, member_id)), None)
        if own is None:
            raise PurchaseClaimed(pointer="/business_no")
        if (
            own.member_id is None
        ):  # a receipt is found once so: who claims his own again and again guesses meanwhile
            await count_one_less(connection, gates[0])
        return own.key
