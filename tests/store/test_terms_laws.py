"""Terms that are in force are called off by nobody: the database refuses it, and the laws name what was forged."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from tests.conftest import FreshDatabase
from tests.ledgers import a_ledger

from jifen.domain.principal import LOCAL
from jifen.domain.refusals_of_people import TermsBegun
from jifen.operations.manage_terms import Draft, publish_terms, withdraw_terms
from jifen.store.laws import LAWS, findings_of
from jifen.store.once import Once

FORGED = {
    "called off with another moment": "UPDATE jifen.terms_withdrawal SET would_take_effect_at = now() + interval '90 days'",
    "called off, and never published": "INSERT INTO jifen.terms_withdrawal VALUES (7, now(), 'x', now() + interval '1 day')",
    "called off before it was published": "UPDATE jifen.terms_withdrawal SET withdrawn_at = '2020-01-01'",
    "a version that is gone": "DELETE FROM jifen.terms WHERE number = 1",
    "one that takes effect before the one before it": """UPDATE jifen.terms SET published_at = '2019-01-01',
        takes_effect_at = '2019-02-01' WHERE number = 3""",
}


def a_draft(version: str, at: datetime | None) -> Draft:
    texts = {"zh": f"条款 {version}", "en": f"Terms {version}"}
    return Draft(version, texts, None if version == "1" else texts, is_worse=False, takes_effect_at=at)


async def test_nobody_calls_off_what_is_in_force(fresh_database: FreshDatabase) -> None:
    law = next(one for one in LAWS if one.number == 8)
    async with a_ledger(fresh_database) as ledger:
        later = datetime.now(UTC) + timedelta(days=30)
        for version, at in (("1", None), ("2", later), ("3", later)):
            if version == "3":
                await withdraw_terms(ledger, "2", Once(key="off", body_hash=b""), principal=LOCAL)
            await publish_terms(
                ledger, a_draft(version, at), Once(key=version, body_hash=b""), principal=LOCAL
            )
        with pytest.raises(TermsBegun):
            await withdraw_terms(ledger, "1", Once(key="late", body_hash=b""), principal=LOCAL)
        async with ledger.transaction() as connection:
            assert await findings_of(connection, law) == []
        with pytest.raises(asyncpg.CheckViolationError, match="terms_in_force_are_not_called_off"):
            async with ledger.transaction() as connection:
                await connection.execute(
                    """INSERT INTO terms_withdrawal (number, withdrawn_at, withdrawn_by, would_take_effect_at)
                       SELECT number, clock_timestamp(), 'x', takes_effect_at FROM terms WHERE number = 1"""
                )

    admin = await asyncpg.connect(**fresh_database.admin.arguments())
    await admin.execute("SET search_path = jifen")
    for what, statement in FORGED.items():
        forging = admin.transaction()
        await forging.start()
        done = await admin.execute(statement)
        found = await findings_of(admin, law)
        await forging.rollback()
        assert not done.endswith(" 0"), what
        assert found, what
    await admin.close()
