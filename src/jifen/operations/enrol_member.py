"""Enrol a member with external ids and card numbers. No personal data yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import asyncpg

from jifen.domain.decide import decide_enrolment
from jifen.domain.member import new_member
from jifen.domain.refusals import FieldWrong, KeyTaken, TooMuch
from jifen.store.ids import new_id
from jifen.store.journal import Circumstance, EntryRow, add_entry
from jifen.store.ledger import Connection, Ledger
from jifen.store.members import MemberKey, add_keys, add_members, find_by_keys
from jifen.store.once import Once, once

KEYS_MAX = 20
KEY_LENGTH_MAX = 200


async def enrol_member(
    ledger: Ledger, keys: Sequence[MemberKey], request: Once, *, actor: str | None = None
) -> dict[str, Any]:
    """The new member's id, tier and keys.

    Refuses
        KeyTaken     a card or external id belongs to another member
        FieldWrong   a key is empty, too long or named twice
    """
    check_keys(keys)

    async def effect(connection: Connection) -> dict[str, Any]:
        clock = await ledger.clock(connection)
        timeline = await ledger.timeline(connection, clock.newest)
        taken = await find_by_keys(connection, keys)
        if taken:
            raise_taken(next(iter(taken)))

        member_id = new_id()

        decision = decide_enrolment(
            timeline, new_member(member_id, timeline, timeline.row_at(clock.now)), now=clock.now
        )

        await add_members(connection, [decision.after], timeline, enrolled_at=clock.now)
        at = Circumstance(occurred_at=clock.now, recorded_at=clock.now, actor=actor)
        await add_entry(connection, timeline, decision, EntryRow("enrol"), at)
        await add_keys(connection, member_id, keys)

        return {
            "member_id": str(member_id),
            "status": decision.after.status.name.lower(),
            "tier": timeline.tier_codes[decision.after.tier],
            "enrolled_at": clock.now.isoformat(),
            "keys": [{"kind": key.kind, "value": key.value} for key in keys],
        }

    try:
        return await once(ledger, request, effect)
    except asyncpg.UniqueViolationError as clash:
        if clash.constraint_name != "member_key_pkey":
            raise
        raise KeyTaken(pointer="/keys") from clash


def check_keys(keys: Sequence[MemberKey]) -> None:
    """Refuse keys that cannot be."""
    if len(keys) > KEYS_MAX:
        raise TooMuch(f"at most {KEYS_MAX} keys", pointer="/keys", keys=len(keys), keys_max=KEYS_MAX)
    for i, key in enumerate(keys):
        if key.kind not in ("card", "external"):
            raise FieldWrong("a key is a card or an external id", pointer=f"/keys/{i}/kind", value=key.kind)
        if not key.value.strip() or len(key.value) > KEY_LENGTH_MAX or "\x00" in key.value:
            raise FieldWrong(
                f"a key has 1 to {KEY_LENGTH_MAX} characters",
                pointer=f"/keys/{i}/value",
                value=key.value[:50],
            )
        if key in keys[:i]:
            raise FieldWrong("the key stands twice", pointer=f"/keys/{i}", value=key.value)


def raise_taken(key: MemberKey) -> None:
    """Refuse a key that belongs to another member, without saying to whom."""
    raise KeyTaken(
        f"{key.kind} {key.value!r} belongs to another member", pointer="/keys", kind=key.kind, value=key.value
    )
