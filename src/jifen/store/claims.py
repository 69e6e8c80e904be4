"""Keys where they cannot live with what they name: on a cluster (`book.shards` above 1) the key of a purchase and the
Idempotency-Key of a request are claimed first, for a member, in a transaction of their own; then the request takes its turn at
that member's shard, and what it did is found there (decision 0110).

    claim      the key says for whom (`purchase_key.sequence` 0; `request_key` without an answer)
    turn       under the member's lock: the claim still says so, or is made anew; whether it had its effect is read at the member
    name       `purchase_key` says which purchase it became. A dead process leaves that out, and whoever asks finds it

A claim without its effect is no obstacle: the same key asked for another member moves it, under the lock of the member whom it
named, so that one who was about to use it sees that it is gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from jifen.store.compiled import BeginAgain
from jifen.store.keys import BusinessKey, answers_claimed, purchases_claimed
from jifen.store.ledger import BOOK_NOW, Ledger
from jifen.store.members import lock_members

if TYPE_CHECKING:
    from jifen.store.ledger import Connection


class Claim(NamedTuple):
    """For whom (None: nobody) a receipt, an Idempotency-Key, both or neither are claimed."""

    member_id: UUID | None
    receipt: BusinessKey | None
    key: str | None


class ClaimsMoved(BeginAgain):
    """Some keys were claimed for another member meanwhile: they are claimed anew."""

    def __init__(self, claims: Sequence[Claim]) -> None:
        super().__init__("keys are claimed for other members than those who are locked")
        self.claims = claims

    async def prepare(self, ledger: Ledger) -> None:
        """Claim them."""
        await claim(ledger, self.claims)


async def claim(ledger: Ledger, claims: Sequence[Claim]) -> None:
    """Claim keys that nobody has, and move those that were claimed for somebody else and had no effect there."""
    if not any(one.receipt or one.key for one in claims):
        return
    async with ledger.transaction() as connection:
        await _claim_receipts(connection, claims)
        await _claim_keys(connection, claims)
        elsewhere, _ = await _not_as_claimed(connection, claims)
    for one, whose in elsewhere:
        await _move(ledger, one, whose)


async def _claim_receipts(connection: Connection, claims: Sequence[Claim]) -> None:
    rows = [(*one.receipt, one.member_id) for one in claims if one.receipt and one.member_id]
    if not rows:
        return
    await connection.execute(
        f"""INSERT INTO purchase_key (source, business_no, body_hash, member_id, sequence, recorded_at)
            SELECT u.source, u.business_no, '', u.member_id, 0, {BOOK_NOW}
            FROM unnest($1::text[], $2::text[], $3::uuid[]) AS u (source, business_no, member_id), book
            ORDER BY u.source, u.business_no ON CONFLICT DO NOTHING""",
        *_columns(rows),
    )


async def _claim_keys(connection: Connection, claims: Sequence[Claim]) -> None:
    rows = [(one.key, one.member_id) for one in claims if one.key and one.member_id]
    if not rows:
        return
    await connection.execute(
        f"""INSERT INTO request_key (key, body_hash, member_id, recorded_at)
            SELECT u.key, '', u.member_id, {BOOK_NOW} FROM unnest($1::text[], $2::uuid[]) AS u (key, member_id), book
            ORDER BY u.key ON CONFLICT DO NOTHING""",
        *_columns(rows),
    )


def _columns(rows: Sequence[tuple[object, ...]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]


async def _move(ledger: Ledger, one: Claim, whose: UUID) -> None:
    """Claim the keys of a claim that are another's, unless they had their effect there meanwhile. He is locked, so that whatever
    is about to have one has committed, or sees under his lock that the key is not his any more."""
    async with ledger.transaction() as connection:
        await lock_members(connection, [whose])
        if one.receipt is not None and not await purchases_claimed(connection, {one.receipt: whose}):
            open_ = "WHERE business_no = $2 AND source = $1 AND member_id = $3 AND sequence = 0"
            if one.member_id is None:
                await connection.execute(f"DELETE FROM purchase_key {open_}", *one.receipt, whose)
            else:
                moved = f"UPDATE purchase_key SET member_id = $4 {open_}"
                await connection.execute(moved, *one.receipt, whose, one.member_id)
        if one.key is not None and not await answers_claimed(connection, {one.key: whose}):
            open_ = "WHERE key = $1 AND member_id = $2 AND answer IS NULL"
            if one.member_id is None:
                await connection.execute(f"DELETE FROM request_key {open_}", one.key, whose)
            else:
                moved = f"UPDATE request_key SET member_id = $3 {open_}"
                await connection.execute(moved, one.key, whose, one.member_id)


async def see_claimed(connection: Connection, claims: Sequence[Claim]) -> None:
    """See, under the members' locks, that keys are claimed for them, or have had their effect.

    Raises
        ClaimsMoved   some are claimed for others, or not at all any more
    """
    elsewhere, gone = await _not_as_claimed(connection, claims)
    if elsewhere or gone:
        raise ClaimsMoved([*(one for one, _ in elsewhere), *gone])


async def _not_as_claimed(
    connection: Connection, claims: Sequence[Claim]
) -> tuple[list[tuple[Claim, UUID]], list[Claim]]:
    """Of claims those of which a key is claimed for another and has had no effect there, with whom; and those of which one is
    not there at all."""
    asked = [(one, key) for one in claims for key in (one.receipt, one.key) if key is not None]
    there = await _receipts(connection, claims) | await _keys(connection, claims)
    gone = [one for one, key in asked if one.member_id is not None and key not in there]
    others = {key: whose for one, key in asked if (whose := there.get(key)) and whose != one.member_id}
    receipts = {key: whose for key, whose in others.items() if isinstance(key, BusinessKey)}
    keys = {key: whose for key, whose in others.items() if isinstance(key, str)}
    done = {*await purchases_claimed(connection, receipts), *await answers_claimed(connection, keys)}
    elsewhere = [
        (one, others[key])
        for one, key in asked
        if key in others and others[key] != one.member_id and key not in done
    ]
    return elsewhere, gone


async def _receipts(connection: Connection, claims: Sequence[Claim]) -> dict[BusinessKey | str, UUID | None]:
    """Of business keys those that are there, with for whom they are claimed (None: they name what they became)."""
    asked = [one.receipt for one in claims if one.receipt is not None]
    if not asked:
        return {}
    rows = await connection.fetch(
        """SELECT k.source, k.business_no, CASE k.sequence WHEN 0 THEN k.member_id END
           FROM unnest($1::text[], $2::text[]) AS u (source, business_no)
           JOIN purchase_key k ON k.business_no = u.business_no AND k.source = u.source""",
        *_columns(asked),
    )
    return {BusinessKey(source, business_no): whose for source, business_no, whose in rows}


async def _keys(connection: Connection, claims: Sequence[Claim]) -> dict[BusinessKey | str, UUID | None]:
    """Of Idempotency-Keys those that are there, with for whom they are claimed (None: the answer stands there)."""
    asked = [one.key for one in claims if one.key is not None]
    if not asked:
        return {}
    rows = await connection.fetch("SELECT key, member_id FROM request_key WHERE key = ANY($1::text[])", asked)
    return dict(map(tuple, rows))


async def name_purchases(
    connection: Connection, named: Sequence[tuple[BusinessKey, bytes, UUID, int, datetime]]
) -> None:
    """Let claimed keys say which purchases they have become."""
    rows = [(*key, *rest) for key, *rest in sorted(named)]
    await connection.execute(
        """UPDATE purchase_key k SET body_hash = u.body_hash, sequence = u.sequence, recorded_at = u.recorded_at
           FROM unnest($1::text[], $2::text[], $3::bytea[], $4::uuid[], $5::bigint[], $6::timestamptz[])
                AS u (source, business_no, body_hash, member_id, sequence, recorded_at)
           WHERE k.business_no = u.business_no AND k.source = u.source AND k.member_id = u.member_id AND k.sequence = 0""",
        *_columns(rows),
    )


async def shards_of(connection: Connection, member_ids: Sequence[UUID]) -> dict[UUID, int]:
    """On which shard members live: as the cluster spreads a table by the hash of a uuid, each shard an equal part of all
    hashes."""
    rows = await connection.fetch(
        """SELECT u.id, (uuid_hash(u.id)::bigint + 2147483648) * shards / 4294967296
           FROM unnest($1::uuid[]) AS u (id), book""",
        list(member_ids),
    )
    return dict(map(tuple, rows))
