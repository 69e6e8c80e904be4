"""Write down that somebody guessed, and was slowed."""

from __future__ import annotations

from jifen.domain.audit import About, Act, Deed, about
from jifen.domain.principal import Principal
from jifen.store.audit import note_act
from jifen.store.ledger import Ledger


async def note_guessing(ledger: Ledger, what: str, *, principal: Principal) -> None:
    """It stands in the audit: who (a key, or nobody who is known), from where, and whether cards, codes or keys."""
    named = (about(About.KEY, principal.id),) if principal.kind == "key" and principal.id else ()
    async with ledger.transaction() as connection:
        act = Act(deed=Deed.GUESSING_SLOWED, about=named, details={"what": what})
        await note_act(connection, principal, act)
