"""Settings of the ledger that are no part of the programme: by name, with a default where nothing was set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jifen.domain.check_digits import CardCheck

if TYPE_CHECKING:
    from jifen.store.ledger import Connection

CARD_CHECK = "card_check"
TERMS_NOTICE_DAYS = "terms_notice_days"


async def card_check(connection: Connection) -> CardCheck:
    """Which check character new cards need."""
    kept = await connection.fetchval("SELECT value FROM setting WHERE name = $1", CARD_CHECK)
    return CardCheck(kept) if kept is not None else CardCheck.NONE


async def set_card_check(connection: Connection, check: CardCheck) -> None:
    """From now on new cards need this."""
    await connection.execute(
        """INSERT INTO setting (name, value) VALUES ($1, $2)
           ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = clock_timestamp()""",
        CARD_CHECK,
        check,
    )


async def kept_number(connection: Connection, name: str, otherwise: int) -> int:
    """A setting that is a number; `otherwise` where nothing was set."""
    kept = await connection.fetchval("SELECT value FROM setting WHERE name = $1", name)
    return int(kept) if kept is not None else otherwise


async def set_number(connection: Connection, name: str, value: int) -> None:
    """From now on this number."""
    await connection.execute(
        """INSERT INTO setting (name, value) VALUES ($1, $2)
           ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = clock_timestamp()""",
        name,
        str(value),
    )
