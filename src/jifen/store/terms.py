"""Versions of the terms of membership, and how many have accepted each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from jifen.domain.person import Consent
from jifen.domain.terms import NOTICE_DAYS, TERMS, Terms, check_acceptance, check_accepted, in_force
from jifen.store.settings import TERMS_NOTICE_DAYS, kept_number

if TYPE_CHECKING:
    from jifen.store.ledger import Connection

_COLUMNS = "number, version, summary, is_worse, takes_effect_at, published_at, published_by"
NEEDED_SETTING = "terms_needed_to_enrol"


async def all_terms(connection: Connection) -> list[Terms]:
    """Every version without its text, oldest first."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS}, withdrawn_at FROM terms LEFT JOIN terms_withdrawal USING (number) ORDER BY number"
    )
    return [Terms(**row) for row in rows]


async def texts_of_terms(connection: Connection, version: str) -> dict[str, str] | None:
    """The text of a version by language; None: there is no such version."""
    found: dict[str, str] | None = await connection.fetchval(
        "SELECT document FROM terms WHERE version = $1", version
    )
    return found


async def hold_terms(connection: Connection) -> None:
    """Nobody else publishes until the transaction ends: a version follows the one before it."""
    # The role that may only insert may not lock the table.
    await connection.execute("SELECT pg_advisory_xact_lock(hashtext('jifen.terms'))")


async def add_terms(connection: Connection, terms: Terms, texts: Mapping[str, str]) -> None:
    """Keep a version for good."""
    await connection.execute(
        f"INSERT INTO terms ({_COLUMNS}, document) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        terms.number,
        terms.version,
        None if terms.summary is None else dict(terms.summary),
        terms.is_worse,
        terms.takes_effect_at,
        terms.published_at,
        terms.published_by,
        dict(texts),
    )


async def add_withdrawal(connection: Connection, terms: Terms, *, by: str, at: datetime) -> None:
    """Keep that a version was called off, before its moment."""
    await connection.execute(
        """INSERT INTO terms_withdrawal (number, withdrawn_at, withdrawn_by, would_take_effect_at)
           VALUES ($1, $2, $3, $4)""",
        terms.number,
        at,
        by,
        terms.takes_effect_at,
    )


async def is_acceptance_needed(connection: Connection) -> bool:
    """Whether nobody is enrolled by a till or a key without accepting the terms in force."""
    return bool(await kept_number(connection, NEEDED_SETTING, 0))


async def check_terms(connection: Connection, consents: Iterable[Consent]) -> None:
    """Refuse an acceptance of terms that nobody published.

    Refuses
        TermsUnknown, FieldWrong   see `check_acceptance`
    """
    told = [one for one in consents if one.purpose == TERMS]
    if told:
        stand = [one.version for one in await all_terms(connection) if one.withdrawn_at is None]
        check_acceptance(told, stand)


async def accepted_by(connection: Connection) -> dict[str, int]:
    """How many persons have accepted each version; one who accepted two counts in both."""
    rows = await connection.fetch(
        """SELECT text_version, count(DISTINCT person_id) AS persons FROM consent
           WHERE purpose = 'terms' GROUP BY text_version"""
    )
    return {row["text_version"]: row["persons"] for row in rows}


async def accepted_last(connection: Connection, person_id: object) -> tuple[str, datetime] | None:
    """Which version a person accepted last, of those that stand, and when; None: none."""
    row = await connection.fetchrow(
        """SELECT text_version, at FROM consent WHERE person_id = $1 AND purpose = 'terms'
             AND NOT EXISTS (SELECT FROM terms t JOIN terms_withdrawal USING (number) WHERE t.version = text_version)
           ORDER BY number DESC LIMIT 1""",
        person_id,
    )
    return (row["text_version"], row["at"]) if row else None


async def notice_days(connection: Connection) -> int:
    """How many days ahead members are told of a change for the worse."""
    return await kept_number(connection, TERMS_NOTICE_DAYS, NOTICE_DAYS)


async def check_all_accepted(connection: Connection, consents: Iterable[Consent], now: datetime) -> None:
    """Refuse who is enrolled without accepting the terms in force, where the shop needs that.

    Refuses
        TermsNotAccepted   see `check_accepted`
    """
    if await is_acceptance_needed(connection):
        check_accepted(consents, in_force(await all_terms(connection), now))
