"""Who is frozen spends nothing, also not what was held before; what was held for him goes back."""

from __future__ import annotations

from uuid import UUID

import pytest
from tests.conftest import FreshDatabase
from tests.machine.till import a_key, a_till

from jifen.domain.refusals import MemberFrozen
from jifen.operations.change_member_status import change_member_status
from jifen.operations.handle_reservations import commit_reservation, release_reservation


async def test_what_was_held_before_is_not_spent_by_who_was_frozen_since_and_is_released(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database) as till:
        member = await till.enrol()
        await till.adjust(member, 100)
        held = UUID((await till.reserve(member, 60))["reservation_id"])
        other = UUID((await till.reserve(member, 40))["reservation_id"])
        await change_member_status(till.ledger, member, "frozen", a_key())

        with pytest.raises(MemberFrozen):
            await commit_reservation(till.ledger, held, a_key())
        await release_reservation(till.ledger, held, a_key())

        assert (await till.balance(member)).available == 60
        await change_member_status(till.ledger, member, "active", a_key())
        await commit_reservation(till.ledger, other, a_key())
        assert await till.points(member) == [60]
        await till.assert_laws()
