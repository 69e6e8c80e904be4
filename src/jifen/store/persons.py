"""Persons: their keys, what is sealed under them, and what finds them. What is personal comes in and goes out sealed or blind;
who opens it is an operation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from jifen.domain.person import KEY_KINDS, Consent, MemberKey
from jifen.domain.profiling import PROFILING, may_be_profiled
from jifen.domain.refusals import VaultClosed
from jifen.store.ids import new_id
from jifen.store.member_sessions import remove_member_sessions
from jifen.vault import PersonKey, Sealer, Vault
from jifen.vault.contacts import UNSEEN, masked

if TYPE_CHECKING:
    from jifen.store.ledger import Connection, Ledger


class Person(NamedTuple):
    """Somebody, and the key that seals what is known of him."""

    person_id: UUID
    member_id: UUID
    role: str
    key: PersonKey
    added_at: datetime


class SealedKey(NamedTuple):
    """What finds somebody, sealed."""

    kind: str
    sealed: bytes


async def add_person(
    connection: Connection, person_id: UUID, member_id: UUID, key: PersonKey, *, role: str = "head"
) -> None:
    """Somebody new."""
    await connection.execute(
        "INSERT INTO person (person_id, member_id, role, wrapped_key, master) VALUES ($1, $2, $3, $4, $5)",
        person_id,
        member_id,
        role,
        *key,
    )


async def add_keys(
    vault: Vault,
    connection: Connection,
    keys: Sequence[MemberKey],
    *,
    member_id: UUID,
    person_id: UUID,
    sealer: Sealer,
) -> None:
    """Let keys find a member. One that is taken raises UniqueViolationError.

    While index keys are rotated a key may be taken under an older one: whoever adds keys has looked (`find_by_keys`), and
    the job that renews the index is the only one that writes under two.
    """
    rows = [
        (vault.blind(key.kind, key.value), key.kind, sealer.seal(f"key.{key.kind}", key.value))
        for key in keys
    ]
    await connection.executemany(
        """INSERT INTO member_key (blind, kind, index_key, member_id, person_id, sealed)
           VALUES ($1, $2, $3, $4, $5, $6)""",
        # In one order, so that two enrolments of the same cards never wait for each other.
        [
            (blind, kind, vault.keys.newest_index, member_id, person_id, sealed)
            for blind, kind, sealed in sorted(rows)
        ],
    )


async def remove_keys(
    vault: Vault, connection: Connection, keys: Sequence[MemberKey], *, person_id: UUID
) -> int:
    """Let keys of a person find nobody any more; how many did."""
    blinds = [(blind, key.kind) for key in keys for blind in vault.blinds(key.kind, key.value)]
    removed = await connection.fetch(
        """DELETE FROM member_key WHERE person_id = $1
           AND (blind, kind) IN (SELECT * FROM unnest($2::bytea[], $3::text[])) RETURNING 1""",
        person_id,
        [blind for blind, _ in blinds],
        [kind for _, kind in blinds],
    )
    return len(removed)


async def persons_of(connection: Connection, member_id: UUID, *, is_locked: bool = False) -> list[Person]:
    """The persons of a member, the head of the household first; locked against whoever changes or erases them."""
    rows = await connection.fetch(
        f"""SELECT person_id, member_id, role, wrapped_key, master, added_at FROM person WHERE member_id = $1
            ORDER BY role <> 'head', added_at, person_id {"FOR UPDATE" if is_locked else ""}""",
        member_id,
    )
    return [_person(row) for row in rows]


def of_persons(persons: Sequence[Person], person_id: UUID | None) -> Person | None:
    """The one with that id, or the head of the household where none is named; None: he is not one of them."""
    return next((one for one in persons if person_id in (None, one.person_id)), None)


async def find_person(connection: Connection, person_id: UUID) -> Person | None:
    """Somebody by his id, locked; None: he is nobody, or was erased."""
    row = await connection.fetchrow(
        """SELECT person_id, member_id, role, wrapped_key, master, added_at FROM person WHERE person_id = $1 FOR UPDATE""",
        person_id,
    )
    return None if row is None else _person(row)


def _person(row: Sequence[object]) -> Person:
    person_id, member_id, role, wrapped, master, added_at = row
    return Person(person_id, member_id, role, PersonKey(wrapped, master), added_at)  # type: ignore[arg-type]


async def fields_of(connection: Connection, person_id: UUID) -> dict[str, bytes]:
    """What is known of a person, sealed, by field."""
    rows = await connection.fetch("SELECT field, sealed FROM person_field WHERE person_id = $1", person_id)
    return dict(map(tuple, rows))


async def keys_of(connection: Connection, person_id: UUID) -> list[SealedKey]:
    """What finds a person, sealed, in the order of kinds and then as it came."""
    rows = await connection.fetch(
        "SELECT kind, sealed FROM member_key WHERE person_id = $1 ORDER BY added_at, kind", person_id
    )
    return sorted((SealedKey(*row) for row in rows), key=lambda one: KEY_KINDS.index(one.kind))


async def masked_keys(
    ledger: Ledger, connection: Connection, member_ids: Sequence[UUID], *, person_id: UUID | None = None
) -> dict[UUID, list[MemberKey]]:
    """What finds members (or one of their persons, where he is named), with only as much of it as tells one from another, in the
    order of kinds; nothing of it while the keys of personal data are not there."""
    rows = await connection.fetch(
        """SELECT k.member_id, k.kind, k.sealed, k.person_id, p.wrapped_key, p.master
           FROM member_key k JOIN person p USING (person_id) WHERE k.member_id = ANY($1::uuid[])
             AND ($2::uuid IS NULL OR k.person_id = $2)
           ORDER BY p.role <> 'head', p.added_at, k.added_at""",
        list(member_ids),
        person_id,
    )
    found: dict[UUID, list[MemberKey]] = {}
    if not rows:
        return found
    try:
        vault = await ledger.vault(connection)
    except VaultClosed:
        vault = None
    for member_id, kind, sealed, whose, wrapped, master in rows:
        value = UNSEEN
        if vault is not None:
            sealer = vault.person(whose, PersonKey(wrapped, master))
            value = masked(kind, sealer.open(f"key.{kind}", sealed))
        found.setdefault(member_id, []).append(MemberKey(kind, value))
    for keys in found.values():
        keys.sort(key=lambda one: KEY_KINDS.index(one.kind))
    return found


async def save_fields(
    connection: Connection, person_id: UUID, fields: Mapping[str, bytes], *, at: datetime
) -> None:
    """Write what was told of a person, sealed: each takes the place of what was known."""
    await connection.executemany(
        """INSERT INTO person_field (person_id, field, sealed, changed_at) VALUES ($1, $2, $3, $4)
           ON CONFLICT (person_id, field) DO UPDATE SET sealed = excluded.sealed, changed_at = excluded.changed_at""",
        [(person_id, field, sealed, at) for field, sealed in sorted(fields.items())],
    )


async def remove_fields(connection: Connection, person_id: UUID, fields: Iterable[str]) -> None:
    """Forget single fields of a person."""
    await connection.execute(
        "DELETE FROM person_field WHERE person_id = $1 AND field = ANY($2::text[])", person_id, list(fields)
    )


async def add_new_person(
    vault: Vault,
    connection: Connection,
    *,
    member_id: UUID,
    keys: Sequence[MemberKey],
    fields: Mapping[str, str],
    consents: Sequence[Consent],
    at: datetime,
) -> tuple[UUID, Sealer]:
    """Somebody new, with all that was told of him."""
    person_id = new_id()
    key, sealer = vault.new_person(person_id)
    await add_person(connection, person_id, member_id, key)
    await add_keys(vault, connection, keys, member_id=member_id, person_id=person_id, sealer=sealer)
    await save_fields(connection, person_id, sealed_fields(sealer, fields), at=at)
    for one in consents:
        await add_consent(connection, person_id, one, proof=sealed_proof(sealer, one), at=at)
    return person_id, sealer


def sealed_fields(sealer: Sealer, fields: Mapping[str, str]) -> dict[str, bytes]:
    """What was told, as it is kept."""
    return {field: sealer.seal(field, value) for field, value in fields.items()}


def sealed_proof(sealer: Sealer, consent: Consent) -> bytes | None:
    """How it is known that somebody agreed, as it is kept."""
    return None if consent.proof is None else sealer.seal("proof", consent.proof)


def sealed_key(sealer: Sealer, key: MemberKey) -> bytes:
    """What finds a person, as it is kept beside its blind."""
    return sealer.seal(f"key.{key.kind}", key.value)


def opened_keys(sealer: Sealer, keys: Sequence[SealedKey]) -> list[MemberKey]:
    """What finds a person."""
    return [MemberKey(one.kind, sealer.open(f"key.{one.kind}", one.sealed)) for one in keys]


class Erased(NamedTuple):
    """How much of a person is gone."""

    fields: int
    keys: int


async def erase(connection: Connection, person_id: UUID) -> Erased:
    """Destroy the key of a person, and delete what was sealed under it and what found him."""
    keys = await connection.fetch("DELETE FROM member_key WHERE person_id = $1 RETURNING 1", person_id)
    fields = await connection.fetch("DELETE FROM person_field WHERE person_id = $1 RETURNING 1", person_id)
    await connection.execute("UPDATE consent SET proof = NULL WHERE person_id = $1", person_id)
    await remove_member_sessions(connection, person_id)
    await connection.execute("DELETE FROM likeness WHERE person_id = $1", person_id)
    await connection.execute("DELETE FROM person WHERE person_id = $1", person_id)
    return Erased(len(fields), len(keys))


async def add_erasure(
    connection: Connection, person_id: UUID, member_id: UUID, erased: Erased, *, actor: str, at: datetime
) -> None:
    """Keep that a person was erased."""
    await connection.execute(
        """INSERT INTO erasure (person_id, member_id, actor, fields, keys, at) VALUES ($1, $2, $3, $4, $5, $6)
           ON CONFLICT (person_id) DO NOTHING""",
        person_id,
        member_id,
        actor,
        erased.fields,
        erased.keys,
        at,
    )


class StoredConsent(NamedTuple):
    """A consent as it is kept."""

    purpose: str
    number: int
    is_given: bool
    text_version: str
    channel: str
    proof: bytes | None
    at: datetime


async def add_consent(
    connection: Connection, person_id: UUID, consent: Consent, *, proof: bytes | None, at: datetime
) -> None:
    """Keep a consent, or that it was taken back. The person is locked: two at once are counted one after the other."""
    await connection.execute(
        """INSERT INTO consent (person_id, purpose, number, is_given, text_version, channel, proof, at)
           SELECT $1, $2, coalesce(max(number), 0) + 1, $3, $4, $5, $6, $7 FROM consent
           WHERE person_id = $1 AND purpose = $2""",
        person_id,
        consent.purpose,
        consent.is_given,
        consent.text_version,
        consent.channel,
        proof,
        at,
    )


async def consents_of(connection: Connection, person_id: UUID) -> list[StoredConsent]:
    """Everything that a person ever agreed to or took back, oldest first."""
    rows = await connection.fetch(
        """SELECT purpose, number, is_given, text_version, channel, proof, at FROM consent WHERE person_id = $1
           ORDER BY at, purpose, number""",
        person_id,
    )
    return [StoredConsent(*row) for row in rows]


async def may_profile(connection: Connection, member_ids: Sequence[UUID]) -> set[UUID]:
    """Of these members those about whom facts may be worked out for personal treatment (`domain/profiling.py`): whatever judges
    persons asks here for whom it may, and leaves out everybody else."""
    rows = await connection.fetch(
        """SELECT p.member_id, p.person_id, c.purpose, c.is_given FROM person p
           LEFT JOIN consent c ON c.person_id = p.person_id AND c.purpose = $2
           WHERE p.member_id = ANY ($1::uuid[]) ORDER BY p.member_id, p.person_id, c.number""",
        list(member_ids),
        PROFILING,
    )
    said: dict[UUID, dict[UUID, list[_Word]]] = {}
    for row in rows:
        words = said.setdefault(row["member_id"], {}).setdefault(row["person_id"], [])
        if row["purpose"] is not None:
            words.append(_Word(row["purpose"], row["is_given"]))
    return {member_id for member_id, persons in said.items() if may_be_profiled(persons.values())}


async def objectors(connection: Connection, member_ids: Sequence[UUID]) -> set[UUID]:
    """Of these members those one of whose persons objects to being judged. Of whom nobody is known nobody objects."""
    known = await connection.fetch(
        "SELECT DISTINCT member_id FROM person WHERE member_id = ANY ($1::uuid[])", list(member_ids)
    )
    return {row[0] for row in known} - await may_profile(connection, member_ids)


class _Word(NamedTuple):
    purpose: str
    is_given: bool


async def move_person(connection: Connection, member_id: UUID, into_id: UUID) -> None:
    """The persons of a member who was merged belong to the one who stays, and so does what finds them; a head is an adult where
    there is one already."""
    await connection.execute(
        """UPDATE person SET member_id = $2, role = CASE WHEN role = 'head' AND EXISTS (
               SELECT FROM person WHERE member_id = $2 AND role = 'head') THEN 'adult' ELSE role END WHERE member_id = $1""",
        member_id,
        into_id,
    )
    await connection.execute("UPDATE member_key SET member_id = $2 WHERE member_id = $1", member_id, into_id)


# Many at once ---------------------------------------------------------------------------------------------------------


class NewKey(NamedTuple):
    """What is to find somebody."""

    blind: bytes
    kind: str
    member_id: UUID
    person_id: UUID
    sealed: bytes


async def heads_of(connection: Connection, member_ids: Sequence[UUID]) -> dict[UUID, Person]:
    """The heads of the households of members, by member."""
    rows = await connection.fetch(
        """SELECT DISTINCT ON (member_id) person_id, member_id, role, wrapped_key, master, added_at FROM person
           WHERE member_id = ANY($1::uuid[]) ORDER BY member_id, role <> 'head', added_at, person_id""",
        list(member_ids),
    )
    return {row[1]: _person(row) for row in rows}


async def called(ledger: Ledger, connection: Connection, member_ids: Sequence[UUID]) -> dict[UUID, str]:
    """How members are called to others: the head's name, or what finds them first, masked; nobody of whom nothing is known."""
    if not member_ids:
        return {}
    found = {one: keys[0].value for one, keys in (await masked_keys(ledger, connection, member_ids)).items()}
    try:
        vault = await ledger.vault(connection)
    except VaultClosed:
        return {one: text for one, text in found.items() if text != UNSEEN}
    for member_id, person in (await heads_of(connection, member_ids)).items():
        sealed = (await fields_of(connection, person.person_id)).get("name")
        if sealed is not None:
            name = vault.person(person.person_id, person.key).open("name", sealed)
            found[member_id] = masked("name", name)
    return found


async def add_many_keys(connection: Connection, index_key: str, keys: Sequence[NewKey]) -> None:
    """Let keys find members; one that finds somebody already is left as it is."""
    await connection.executemany(
        """INSERT INTO member_key (blind, kind, member_id, person_id, sealed, index_key)
           VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING""",
        [(*key, index_key) for key in sorted(keys)],
    )


async def add_many_fields(
    connection: Connection, fields: Sequence[tuple[UUID, str, bytes]], *, at: datetime
) -> None:
    """Write what was told of persons, sealed: (person, field, sealed). What is known already stays."""
    await connection.executemany(
        """INSERT INTO person_field (person_id, field, sealed, changed_at) VALUES ($1, $2, $3, $4)
           ON CONFLICT DO NOTHING""",
        [(*one, at) for one in sorted(fields)],
    )


async def add_many_consents(
    connection: Connection, consents: Sequence[tuple[UUID, Consent, bytes | None]], *, at: datetime
) -> None:
    """Keep first consents of persons; of a purpose that somebody spoke about already nothing is kept."""
    await connection.executemany(
        """INSERT INTO consent (person_id, purpose, number, is_given, text_version, channel, proof, at)
           VALUES ($1, $2, 1, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING""",
        [
            (person_id, one.purpose, one.is_given, one.text_version, one.channel, proof, at)
            for person_id, one, proof in consents
        ],
    )


# Rotation -------------------------------------------------------------------------------------------------------------


async def persons_under_other_masters(connection: Connection, master: str, *, limit: int) -> list[Person]:
    """Persons whose keys are wrapped under another master key, locked."""
    rows = await connection.fetch(
        """SELECT person_id, member_id, role, wrapped_key, master, added_at FROM person WHERE master <> $1
           ORDER BY person_id LIMIT $2 FOR UPDATE SKIP LOCKED""",
        master,
        limit,
    )
    return [_person(row) for row in rows]


async def save_wrapped(connection: Connection, wrapped: Mapping[UUID, PersonKey]) -> None:
    """Write keys of persons that were wrapped anew."""
    await connection.executemany(
        "UPDATE person SET wrapped_key = $2, master = $3 WHERE person_id = $1",
        [(person_id, *key) for person_id, key in wrapped.items()],
    )


class OldKey(NamedTuple):
    """What finds somebody under another index key, with the key that opens it."""

    blind: bytes
    kind: str
    person_id: UUID
    sealed: bytes
    key: PersonKey


async def keys_under_other_indexes(connection: Connection, index_key: str, *, limit: int) -> list[OldKey]:
    """What is found under another index key, locked."""
    rows = await connection.fetch(
        """SELECT k.blind, k.kind, k.person_id, k.sealed, p.wrapped_key, p.master
           FROM member_key k JOIN person p USING (person_id) WHERE k.index_key <> $1
           ORDER BY k.blind LIMIT $2 FOR UPDATE OF k SKIP LOCKED""",
        index_key,
        limit,
    )
    return [OldKey(row[0], row[1], row[2], row[3], PersonKey(row[4], row[5])) for row in rows]


async def save_blinds(
    connection: Connection, index_key: str, blinds: Sequence[tuple[bytes, str, bytes]]
) -> None:
    """Let keys be found under the newest index key: (old blind, kind, new blind)."""
    await connection.executemany(
        "UPDATE member_key SET blind = $3, index_key = $4 WHERE blind = $1 AND kind = $2",
        [(old, kind, new, index_key) for old, kind, new in blinds],
    )
