"""Send a one-time code to a phone or an e-mail. Whether somebody is found by it is not looked at, so nobody learns it here."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from jifen.domain.one_time_code import DIGITS, LASTS
from jifen.domain.operators import refuse_too_soon
from jifen.domain.person import MemberKey
from jifen.domain.refusals import CodeNotSent
from jifen.present.catalogue import catalogue_of
from jifen.senders import Message, NotSent, Sender
from jifen.store.contacts import contact_key
from jifen.store.ids import new_id
from jifen.store.member_sessions import add_code, send_gates
from jifen.store.sealed import sealer_of
from jifen.store.sign_in_tries import count_try
from jifen.vault.contacts import masked

if TYPE_CHECKING:
    from jifen.store.ledger import Ledger


class Sent(NamedTuple):
    """A code is under way. `code` is for who carries it and for nobody else; `to` is masked."""

    sign_in_id: UUID
    to: str
    expires_at: datetime
    code: str


async def send_code(
    ledger: Ledger, sender: Sender, said: MemberKey, *, shop: str, language: str, address: str
) -> Sent:
    """A code to this phone or e-mail.

    Shape
        said      the kind, and the value as somebody says it
        shop      the programme's name, which the message begins with

    Refuses
        FieldWrong      it is no phone, no e-mail
        SignInTooSoon   several were sent there, or from this address, a moment ago
        CodeNotSent     no carrier took it
        VaultClosed     the keys of personal data are not there
    """
    contact = await contact_key(ledger, said, pointer=f"/{said.kind}")
    sealer = await sealer_of(ledger)
    sign_in_id, code = new_id(), f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    async with ledger.transaction() as connection:
        refuse_too_soon(await count_try(connection, send_gates(sealer, contact, address)))
        expires_at = await add_code(connection, sealer, sign_in_id, contact, code)
    say = catalogue_of(language).say
    minutes = int(LASTS.total_seconds()) // 60
    message = Message(
        kind=contact.kind,
        to=contact.value,
        subject=say("one_time_code.subject", shop=shop),
        text=say("one_time_code.text", shop=shop, code=code, minutes=minutes),
        language=language,
    )
    try:
        await sender.send(message)
    except NotSent as why:
        raise CodeNotSent(str(why), pointer=f"/{said.kind}") from None
    return Sent(sign_in_id, masked(contact.kind, contact.value), expires_at, code)
