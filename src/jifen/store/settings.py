"""Settings of the ledger that are no part of the programme: by name, with a default where nothing was set."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from jifen.domain.check_digits import CardCheck
from jifen.domain.household import GUARDIAN_AGE, INVITATION_HOURS
from jifen.domain.proposals import REVEALS_A_DAY, FourEyes

if TYPE_CHECKING:
    from jifen.store.ledger import Connection

CARD_CHECK = "card_check"
GUARDIAN_AGE_SETTING = "guardian_age"
INVITATION_HOURS_SETTING = "invitation_hours"
TERMS_NOTICE_DAYS = "terms_notice_days"
FOUR_EYES_ERASURE = "four_eyes_erasure"
FOUR_EYES_MERGE = "four_eyes_merge"
REVEALS_A_DAY_SETTING = "reveals_a_day"


async def card_check(connection: Connection) -> CardCheck:
    """Which check character new cards need."""
    kept = await _setting(connection, CARD_CHECK)
    return CardCheck(kept) if kept is not None else CardCheck.NONE


async def set_card_check(connection: Connection, check: CardCheck) -> None:
    """From now on new cards need this."""
    await _set(connection, CARD_CHECK, check)


async def guardian_age(connection: Connection) -> int:
    """Below which age a guardian agrees."""
    return int(await _setting(connection, GUARDIAN_AGE_SETTING) or GUARDIAN_AGE)


async def set_guardian_age(connection: Connection, years: int) -> None:
    """From now on a guardian agrees for whoever is younger."""
    await _set(connection, GUARDIAN_AGE_SETTING, str(years))


async def invitation_lasts(connection: Connection) -> timedelta:
    """For how long an invitation to a household is good."""
    return timedelta(hours=int(await _setting(connection, INVITATION_HOURS_SETTING) or INVITATION_HOURS))


async def set_invitation_hours(connection: Connection, hours: int) -> None:
    """New invitations are good for so long."""
    await _set(connection, INVITATION_HOURS_SETTING, str(hours))


async def four_eyes(connection: Connection) -> FourEyes:
    """For what of persons and members an operator needs a second one."""
    most = await kept_number(connection, REVEALS_A_DAY_SETTING, REVEALS_A_DAY)
    return FourEyes(
        erasure=bool(await kept_number(connection, FOUR_EYES_ERASURE, 1)),
        merge=bool(await kept_number(connection, FOUR_EYES_MERGE, 1)),
        reveals_a_day=most or None,
    )


async def set_four_eyes(connection: Connection, rules: FourEyes) -> None:
    """From now on this is asked for."""
    await set_number(connection, FOUR_EYES_ERASURE, int(rules.erasure))
    await set_number(connection, FOUR_EYES_MERGE, int(rules.merge))
    await set_number(connection, REVEALS_A_DAY_SETTING, rules.reveals_a_day or 0)


async def _setting(connection: Connection, name: str) -> str | None:
    kept: str | None = await connection.fetchval("SELECT value FROM setting WHERE name = $1", name)
    return kept


async def _set(connection: Connection, name: str, value: str) -> None:
    await connection.execute(
        """INSERT INTO setting (name, value) VALUES ($1, $2)
           ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = clock_timestamp()""",
        name,
        value,
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
