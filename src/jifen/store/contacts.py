"""A phone and an e-mail as somebody says them, brought into the form that finds a member."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

from jifen.domain.calendar import local_date
from jifen.domain.person import MemberKey
from jifen.domain.refusals import FieldWrong
from jifen.domain.texts import TextRefused
from jifen.store.compiled import begun_again
from jifen.vault.contacts import email_in_form, phone_in_form, region_of

if TYPE_CHECKING:
    from jifen.store.ledger import Ledger


@begun_again
async def where_and_when(ledger: Ledger) -> tuple[str | None, date]:
    """The region whose phone numbers need no +, and today, both as the programme in force has them.

    Refuses
        ProgramMissing   nothing was ever published
    """
    async with ledger.connection() as connection:
        clock = await ledger.clock(connection)
        timeline = await ledger.timeline(connection, clock.newest)
    return region_of(timeline.newest.money), local_date(clock.now, timeline.time_zone)


async def contact_key(ledger: Ledger, said: MemberKey, *, pointer: str) -> MemberKey:
    """A phone or e-mail, as somebody says it, as it finds a member.

    Refuses
        FieldWrong       it is none
        ProgramMissing   nothing was ever published
    """
    if said.kind == "email":
        return said._replace(value=told_in_form(said.value, email_in_form, pointer=pointer))
    region, _ = await where_and_when(ledger)
    in_form = told_in_form(said.value, lambda text: phone_in_form(text, region=region), pointer=pointer)
    return said._replace(value=in_form)


def told_in_form(text: str, form: Callable[[str], str], *, pointer: str) -> str:
    """What was told, in its form.

    Refuses
        FieldWrong   it has none; the value is not repeated
    """
    try:
        return form(text)
    except TextRefused as refused:
        raise FieldWrong(str(refused), pointer=pointer) from None
