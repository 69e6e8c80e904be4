"""What makes members alike: keyed marks beside persons, and the pairs that share one and were not told apart (decision 0114)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from jifen.domain.duplicates import Alike, likenesses
from jifen.domain.person import MemberKey
from jifen.vault.contacts import phone_digits

if TYPE_CHECKING:
    from jifen.store.ledger import Connection
    from jifen.vault import Sealer, Vault

_FIELDS = ("name", "birthday")


async def mark_likenesses(
    vault: Vault, connection: Connection, persons: Sequence[tuple[UUID, Sealer]]
) -> None:
    """Mark anew what persons have that others may have too, as it is known of them now."""
    ids = [person_id for person_id, _ in persons]
    keys: dict[UUID, list[MemberKey]] = {one: [] for one in ids}
    fields: dict[UUID, dict[str, str]] = {one: {} for one in ids}
    sealers = dict(persons)
    for person_id, kind, sealed in await connection.fetch(
        "SELECT person_id, kind, sealed FROM member_key WHERE person_id = ANY ($1::uuid[])", ids
    ):
        keys[person_id].append(MemberKey(kind, sealers[person_id].open(f"key.{kind}", sealed)))
    for person_id, field, sealed in await connection.fetch(
        "SELECT person_id, field, sealed FROM person_field WHERE person_id = ANY ($1::uuid[]) AND field = ANY ($2::text[])",
        ids,
        list(_FIELDS),
    ):
        fields[person_id][field] = sealers[person_id].open(field, sealed)
    rows = []
    for one in ids:
        phones = [phone_digits(key.value) for key in keys[one] if key.kind == "phone"]
        rows += [
            (one, kind, vault.likeness("phone" if kind == "digits" else kind, value))
            for kind, value in likenesses(keys[one], fields[one], phones)
        ]
    await connection.execute("DELETE FROM likeness WHERE person_id = ANY ($1::uuid[])", ids)
    await connection.executemany(
        "INSERT INTO likeness (person_id, kind, mark) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        sorted(rows),
    )


_PAIRS = """SELECT a.member_id AS first_id, b.member_id AS second_id,
        array_agg(DISTINCT CASE WHEN one.kind = 'digits' THEN 'phone' ELSE one.kind END ORDER BY
                           CASE WHEN one.kind = 'digits' THEN 'phone' ELSE one.kind END) AS kinds
    FROM likeness one
    JOIN likeness other ON other.mark = one.mark AND (other.kind = one.kind AND one.kind IN ('number', 'name_birthday')
                           OR one.kind = 'phone' AND other.kind = 'digits' OR one.kind = 'digits' AND other.kind = 'phone')
    JOIN person a ON a.person_id = one.person_id
    JOIN person b ON b.person_id = other.person_id AND b.member_id > a.member_id
    JOIN member m ON m.member_id = a.member_id AND m.status IN ('active', 'frozen')
    JOIN member n ON n.member_id = b.member_id AND n.status IN ('active', 'frozen')
    WHERE NOT EXISTS (SELECT FROM told_apart t WHERE t.first_id = a.member_id AND t.second_id = b.member_id)
      AND ($1::uuid IS NULL OR a.member_id = $1 OR b.member_id = $1)
      AND ($2::uuid IS NULL OR (a.member_id, b.member_id) > ($2, $3))
    GROUP BY 1, 2 ORDER BY 1, 2 LIMIT $4"""


async def alike_members(
    connection: Connection,
    *,
    member_id: UUID | None = None,
    after: tuple[UUID, UUID] | None = None,
    limit: int,
) -> list[Alike]:
    """Pairs of members who may be one, in the order of their ids, behind one of them; of one member where he is named."""
    first, second = after or (None, None)
    rows = await connection.fetch(_PAIRS, member_id, first, second, limit)
    return [Alike(row[0], row[1], tuple(row[2])) for row in rows]


async def tell_apart(connection: Connection, one_id: UUID, other_id: UUID, *, by: str) -> None:
    """Remember that two members are not the same."""
    first, second = sorted((one_id, other_id))
    await connection.execute(
        "INSERT INTO told_apart (first_id, second_id, told_by) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        first,
        second,
        by,
    )
