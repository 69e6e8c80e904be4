"""Keys of idempotency, and the receipts of nobody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from jifen.domain.purchase import Purchase
from jifen.store.compiled import BeginAgain
from jifen.store.ledger import CLOCK, CLOCK_WIDTH, Clock
from jifen.store.purchases import RecordedPurchase, purchase_document
from jifen.store.rows import Rows, Target, json_text

if TYPE_CHECKING:
    from jifen.store.ledger import Connection, Ledger


class BusinessKey(NamedTuple):
    """What names a purchase outside: who sent it and its number there."""

    source: str
    business_no: str


class JustClaimed(BeginAgain):
    """A receipt of nobody found its member before it was locked: it is looked for anew."""

    def __init__(self) -> None:
        super().__init__("the receipt has just been claimed")

    async def prepare(self, ledger: Ledger) -> None:
        """Nothing more than to ask."""


class KnownPurchase(NamedTuple):
    """A business key that has been used. Without a member it is a receipt of nobody."""

    body_hash: bytes
    member_id: UUID | None
    sequence: int | None
    recorded_at: datetime
    answer: RecordedPurchase | None = None  # of one that was answered a moment ago and is not written yet
    purchase: Purchase | None = None  # the same, as it was told


async def known_purchases(
    connection: Connection, keys: Sequence[BusinessKey]
) -> tuple[Clock, dict[BusinessKey, KnownPurchase]]:
    """The clock, and which of some business keys have been used, and for what. One that is only claimed (`store/claims.py`) has
    been used where its purchase is there."""
    rows = await connection.fetch(
        f"""SELECT {CLOCK}, known.*
            FROM book LEFT JOIN (
                SELECT k.source, k.business_no, k.body_hash, k.member_id, k.sequence, k.recorded_at
                FROM unnest($1::text[], $2::text[]) AS u (business_no, source)
                JOIN purchase_key k ON k.business_no = u.business_no AND k.source = u.source
            ) known ON true""",
        [key.business_no for key in keys],
        [key.source for key in keys],
    )
    at = CLOCK_WIDTH
    known = {
        BusinessKey(row[at], row[at + 1]): KnownPurchase(*row[at + 2 :])
        for row in rows
        if row[at] is not None
    }
    claimed = {key: one.member_id for key, one in known.items() if one.sequence == 0 and one.member_id}
    if claimed:
        found = await purchases_claimed(connection, claimed)
        known = {key: one for key, one in known.items() if key not in claimed} | found
    return Clock(*rows[0][:at]), known


async def purchases_claimed(
    connection: Connection, claimed: Mapping[BusinessKey, UUID]
) -> dict[BusinessKey, KnownPurchase]:
    """Of business keys that are claimed for members those whose purchase is there: what was sent is not known of it, only what
    was told."""
    if not claimed:
        return {}
    rows = await connection.fetch(
        """SELECT p.source, p.business_no, p.member_id, p.sequence, p.recorded_at
           FROM unnest($1::uuid[], $2::text[], $3::text[]) AS u (member_id, source, business_no)
           JOIN purchase p ON p.member_id = u.member_id AND p.source = u.source AND p.business_no = u.business_no""",
        list(claimed.values()),
        [key.source for key in claimed],
        [key.business_no for key in claimed],
    )
    return {BusinessKey(row[0], row[1]): KnownPurchase(b"", *row[2:]) for row in rows}


_KEY_ROWS = Rows(
    "purchase_key",
    [
        ("source", "text"), ("business_no", "text"), ("body_hash", "bytea"), ("member_id", "uuid"), ("sequence", "bigint"),
        ("recorded_at", "timestamptz"),
    ],
)  # fmt: skip


async def add_purchase_keys(
    target: Target, keys: Sequence[tuple[BusinessKey, bytes, UUID | None, int | None, datetime]]
) -> None:
    """Take business keys, in their order so that two batches never wait for each other. One that was taken meanwhile
    raises UniqueViolationError and nothing of the transaction stays."""
    await _KEY_ROWS.insert(
        target,
        [
            (*key, body_hash, member_id, sequence, at)
            for key, body_hash, member_id, sequence, at in sorted(keys)
        ],
    )


async def give_key_to(connection: Connection, key: BusinessKey, *, member_id: UUID, sequence: int) -> None:
    """A receipt of nobody has become a member's purchase."""
    await connection.execute(
        "UPDATE purchase_key SET member_id = $3, sequence = $4 WHERE business_no = $2 AND source = $1",
        key.source,
        key.business_no,
        member_id,
        sequence,
    )


_UNCLAIMED_ROWS = Rows(
    "unclaimed_purchase",
    [
        ("source", "text"), ("business_no", "text"), ("body", "jsonb"), ("occurred_at", "timestamptz"),
        ("recorded_at", "timestamptz"),
    ],
)  # fmt: skip


async def add_unclaimed(target: Target, purchases: Sequence[Purchase], *, recorded_at: datetime) -> None:
    """Keep receipts of nobody, in the order of their keys so that two batches never wait for each other."""
    await _UNCLAIMED_ROWS.insert(
        target,
        [
            (p.source, p.business_no, json_text(purchase_document(p)), p.occurred_at, recorded_at)
            for p in sorted(purchases, key=lambda p: (p.source, p.business_no))
        ],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Unclaimed:
    """A receipt of nobody, locked."""

    body: dict[str, Any]
    returned: dict[int, int]
    is_void: bool  # it was voided as a whole
    recorded_at: datetime


class Numbered(NamedTuple):
    """A receipt with this number, of one source; of nobody where there is no member."""

    key: BusinessKey
    member_id: UUID | None
    amount_minor: int


async def receipts_numbered(connection: Connection, business_no: str) -> list[Numbered]:
    """The receipts with this number, of whichever source."""
    rows = await connection.fetch(
        """SELECT k.source, k.member_id, coalesce(p.amount_minor, (u.body ->> 'amount_minor')::bigint)
           FROM purchase_key k
           LEFT JOIN purchase p ON p.member_id = k.member_id AND p.sequence = k.sequence
           LEFT JOIN unclaimed_purchase u ON u.business_no = k.business_no AND u.source = k.source
           WHERE k.business_no = $1 ORDER BY k.source LIMIT 20""",
        business_no,
    )
    return [
        Numbered(BusinessKey(source, business_no), member_id, amount)
        for source, member_id, amount in rows
        if amount is not None
    ]


async def lock_unclaimed(connection: Connection, key: BusinessKey) -> Unclaimed | None:
    """A receipt of nobody, locked against a second claim or return; None when there is none (any more)."""
    row = await connection.fetchrow(
        """SELECT body, returned, is_void, recorded_at FROM unclaimed_purchase
           WHERE business_no = $2 AND source = $1 FOR UPDATE""",
        key.source,
        key.business_no,
    )
    return _unclaimed(row) if row else None


async def find_unclaimed(connection: Connection, key: BusinessKey) -> Unclaimed | None:
    """A receipt of nobody as it stands, for an answer that changes nothing; None when there is none (any more)."""
    row = await connection.fetchrow(
        "SELECT body, returned, is_void, recorded_at FROM unclaimed_purchase WHERE business_no = $2 AND source = $1",
        key.source,
        key.business_no,
    )
    return _unclaimed(row) if row else None


def _unclaimed(row: Any) -> Unclaimed:
    returned = {int(number): quantity for number, quantity in row["returned"].items()}
    return Unclaimed(
        body=row["body"], returned=returned, is_void=row["is_void"], recorded_at=row["recorded_at"]
    )


async def return_unclaimed(
    connection: Connection, key: BusinessKey, returned: dict[int, int], *, is_void: bool
) -> None:
    """Remember what of a receipt of nobody came back, so that a later claim earns nothing for it."""
    await connection.execute(
        "UPDATE unclaimed_purchase SET returned = $3, is_void = $4 WHERE business_no = $2 AND source = $1",
        key.source,
        key.business_no,
        {str(number): quantity for number, quantity in returned.items()},
        is_void,
    )


async def remove_unclaimed(connection: Connection, key: BusinessKey) -> None:
    """The receipt has found its member."""
    await connection.execute(
        "DELETE FROM unclaimed_purchase WHERE business_no = $2 AND source = $1", key.source, key.business_no
    )


class RememberedAnswer(NamedTuple):
    """What was answered to an Idempotency-Key."""

    body_hash: bytes
    answer: Any


async def remembered_answers(connection: Connection, keys: Sequence[str]) -> dict[str, RememberedAnswer]:
    """The answers to keys that have had their effect. That of one that is claimed (`store/claims.py`) stands at its member."""
    rows = await connection.fetch(
        "SELECT key, body_hash, answer, member_id FROM request_key WHERE key = ANY($1::text[])", list(keys)
    )
    known = {row[0]: RememberedAnswer(row[1], row[2]) for row in rows if row[2] is not None}
    if claimed := {row[0]: row[3] for row in rows if row[2] is None}:
        known |= await answers_claimed(connection, claimed)
    return known


async def answers_claimed(connection: Connection, claimed: Mapping[str, UUID]) -> dict[str, RememberedAnswer]:
    """Of keys that are claimed for members the answers to those that have had their effect."""
    if not claimed:
        return {}
    rows = await connection.fetch(
        """SELECT a.key, a.body_hash, a.answer FROM unnest($1::uuid[], $2::text[]) AS u (member_id, key)
           JOIN member_answer a ON a.member_id = u.member_id AND a.key = u.key""",
        list(claimed.values()),
        list(claimed),
    )
    return {row[0]: RememberedAnswer(row[1], row[2]) for row in rows}


async def remembered_answer(connection: Connection, key: str) -> RememberedAnswer | None:
    """The answer to a key that has had its effect; None: it has not."""
    return (await remembered_answers(connection, [key])).get(key)


_ANSWER_ROWS = Rows(
    "request_key",
    [("key", "text"), ("body_hash", "bytea"), ("answer", "jsonb"), ("recorded_at", "timestamptz")],
)


async def remember_answers(
    target: Target, answers: Sequence[tuple[str, bytes, Any]], *, recorded_at: datetime
) -> None:
    """Keep (key, body hash, answer) with their effects, in one transaction, in the order of the keys so that two batches
    never wait for each other. A key that was taken meanwhile raises UniqueViolationError."""
    await _ANSWER_ROWS.insert(
        target,
        [
            (key, body_hash, json_text(answer), recorded_at)
            for key, body_hash, answer in sorted(answers, key=_first)
        ],
    )


_MEMBER_ANSWER_ROWS = Rows(
    "member_answer",
    [
        ("member_id", "uuid"),
        ("key", "text"),
        ("body_hash", "bytea"),
        ("answer", "jsonb"),
        ("recorded_at", "timestamptz"),
    ],
)


async def remember_at_members(
    target: Target, answers: Sequence[tuple[UUID, str, bytes, Any]], *, recorded_at: datetime
) -> None:
    """Keep (member, key, body hash, answer) where the keys are claimed and the members locked."""
    await _MEMBER_ANSWER_ROWS.insert(
        target,
        [
            (whose, key, body_hash, json_text(answer), recorded_at)
            for whose, key, body_hash, answer in answers
        ],
    )


def _first(row: tuple[str, bytes, Any]) -> str:
    return row[0]
