"""A week in which nothing runs: then everything is made up for, in order, once, dated when it was due, whoever comes first."""

from __future__ import annotations

import asyncio
import json
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from tests.backtest.snapshots import differences_of
from tests.builders import a_document
from tests.conftest import FreshDatabase
from tests.machine.test_events import an_event, tell, units
from tests.machine.test_moments import in_zone
from tests.machine.till import Till, a_till, another_till, days

from jifen.document.model import ProgramDocument
from jifen.jobs.loop import once_through
from jifen.operations.publish_program import publish_program

NAMES = {"zh": "时刻", "en": "Moment"}


def a_week(*, daily: int, base: int = 1) -> ProgramDocument:
    """Stars on each day and when points are about to expire or nobody came; check-ins once a day; points for twelve days."""
    told = a_document(expiry="{days: 12}").model_dump(mode="json", exclude_none=True, by_alias=True)
    told["currencies"].append({"code": "stars", "names": NAMES, "kind": "spendable", "worth": 1})
    told["earn_rules"][0]["per_amount"]["points"] = base
    told["days"] = [{"code": f"d{n}", "names": NAMES, "weekday": {"weekday": n}} for n in range(1, 8)]
    told["events"] = [{"code": "check-in", "names": NAMES}]
    told["moments"] = [
        {"code": "daily", "names": NAMES, "on_days": [f"d{n}" for n in range(1, 8)]},
        {"code": "soon", "names": NAMES, "expiry_ahead": {"currency": "points", "days": 2}},
        {"code": "asleep", "names": NAMES, "asleep": {"days": 5}},
    ]
    worth = {"daily": daily, "soon": 100, "asleep": 1_000}
    told["earn_rules"] += [
        {"code": on, "names": NAMES, "on": on, "currency": "stars", "fixed": {"points": points}}
        for on, points in worth.items()
    ]
    told["earn_rules"].append(
        {"code": "visit", "names": NAMES, "on": "check-in", "currency": "stars", "fixed": {"points": 7}, "caps": {"day": 7}}
    )  # fmt: skip
    return ProgramDocument.model_validate_json(json.dumps(told))


async def entries(till: Till, member: UUID) -> list[tuple[str, date, int]]:
    """Entries of a member in their order: kind, the day on which it occurred, and the stars that it gave."""
    async with till.ledger.transaction() as connection:
        rows = await connection.fetch(
            """SELECT e.kind, e.occurred_at, coalesce(sum(p.units) FILTER (WHERE p.currency = 1), 0)::int AS stars
               FROM (SELECT member_id, sequence, kind, occurred_at FROM entry
                     UNION ALL SELECT member_id, sequence, 'purchase', occurred_at FROM purchase) e
               LEFT JOIN posting p USING (member_id, sequence)
               WHERE e.member_id = $1 AND e.kind <> 'advance' GROUP BY e.sequence, 1, 2 ORDER BY e.sequence""",
            member,
        )
    return [(row["kind"], in_zone(row["occurred_at"]), row["stars"]) for row in rows]


async def test_a_week_of_downtime_is_made_up_for_in_order_once_and_dated_when_due(
    fresh_database: FreshDatabase, tmp_path: Any
) -> None:
    async with a_till(fresh_database, a_week(daily=1)) as till, another_till(fresh_database) as other:
        start = (await till.now()).replace(hour=4, minute=0, second=0, microsecond=0) - days(60)
        await till.set_now(start)
        member = await till.enrol()
        await till.buy(member, 10_000)  # expires after twelve days, is told of after ten, sleep after five
        await till.set_now(start + days(4))
        await once_through(till.ledger)
        # From the middle of day 8 on three stars a day, and two points for a yuan.
        await publish_program(
            till.ledger, a_week(daily=3, base=2), effective_at=start + days(8), published_by="test"
        )

        await till.set_now(start + days(11))  # nothing ran for a week
        event, bought = await _all_at_once(till, other, member, start)

        today = in_zone(start)
        made = await entries(till, member)
        moments = [one for one in made if one[0] == "moment"]
        assert [on for _, on, _ in moments] == sorted(on for _, on, _ in moments)
        assert moments == [
            *(("moment", today + timedelta(days=n), 1) for n in range(6)),
            ("moment", today + timedelta(days=5), 1_000),
            *(("moment", today + timedelta(days=n), 1) for n in (6, 7, 8)),
            *(("moment", today + timedelta(days=n), 3) for n in (9, 10)),
            ("moment", today + timedelta(days=10), 100),
            ("moment", today + timedelta(days=11), 3),
        ]
        # What is told late stands behind what fell due, and is judged as its own day says.
        assert sorted(one[0] for one in made[-3:]) == ["event", "event", "purchase"]
        assert [units(one) for one in event] == [{"visit": 7}, {"visit": 0}]
        assert [(r.granted, r.desired) for r in bought.reasons] == [(100, 100)]
        late = await till.buy(member, 5_000, at=start + days(9))
        assert [r.granted for r in late.reasons] == [100]
        await till.assert_laws()
    assert await differences_of(fresh_database, tmp_path) == []


async def _all_at_once(till: Till, other: Till, member: UUID, start: datetime) -> tuple[list[Any], Any]:
    """Two late check-ins of one day, a late purchase and the job come at once."""
    events, bought, _, _ = await asyncio.gather(
        tell(other, member, *[an_event(start + days(6) + timedelta(hours=n)) for n in range(2)]),
        till.buy(member, 10_000, at=start + days(7)),
        once_through(other.ledger),
        once_through(till.ledger),
    )
    return events, bought
