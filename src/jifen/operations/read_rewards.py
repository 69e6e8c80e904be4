"""Read rewards: what a member can have and why not, what was taken, and how stocks stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from jifen.domain.calendar import local_date
from jifen.domain.program.known import UNKNOWN, Known, segments_asked
from jifen.domain.program.meaning import Program, Reward, Stock
from jifen.domain.refusals_of_rewards import RedemptionUnknown
from jifen.domain.rewards import Taken, counted_from, is_given_from
from jifen.domain.switches import SwitchKind
from jifen.store.compiled import begun_again
from jifen.store.journal import entries_about
from jifen.store.rewards import (
    Redemption,
    Stand,
    Used,
    changes_of,
    find_redemptions,
    list_redemptions,
    redemptions_of_member,
    stands_of,
    taken_of_reward,
    use_of_rewards,
)
from jifen.store.segments import known_of
from jifen.store.switches import all_switches

if TYPE_CHECKING:
    from jifen.store.ledger import Ledger

CHANGES_SHOWN = 50


class Shelf(NamedTuple):
    """What decides whether a member can have rewards, beside what he has: stocks, what he took before, and what is off."""

    stands: Mapping[int, list[Stand]]  # by reward
    taken: Mapping[int, list[Taken]]
    off: frozenset[str]  # codes
    known: Known


async def read_shelf(ledger: Ledger, member_id: UUID, program: Program, now: datetime) -> Shelf:
    """Of every reward of a programme."""
    on = local_date(now, program.time_zone)
    firsts = [first for one in program.rewards if (first := counted_from(one, on)) is not None]
    numbers = [one.number for one in program.rewards]
    taken: Mapping[int, list[Taken]] = {}
    async with ledger.reading() as connection:
        stands = await stands_of(connection, numbers)
        if firsts:
            taken = await taken_of_reward(
                connection, member_id, numbers, now=now, first=min(firsts), zone=program.time_zone
            )
        off = (await all_switches(connection)).off(SwitchKind.REWARD, now)
        known = UNKNOWN
        if segments_asked(program):
            known = (await known_of(connection, [member_id])).get(member_id, UNKNOWN)
    return Shelf(_by_reward(stands), taken, off, known)


def _by_reward(stands: Sequence[Stand]) -> dict[int, list[Stand]]:
    found: dict[int, list[Stand]] = {}
    for one in stands:
        found.setdefault(one.reward, []).append(one)
    return found


class OnShelf(NamedTuple):
    """A reward, the stocks from which it is given, how it was used in the last days, and whether it is switched off."""

    reward: Reward
    stands: list[Stand]
    used: Used
    is_off: bool

    @property
    def left(self) -> int | None:
        """Pieces that somebody can still have; None: as many as are asked for."""
        return None if self.reward.stock is Stock.UNLIMITED else sum(one.left for one in self.stands)


class Catalogue(NamedTuple):
    """The rewards of the programme in force, in its order."""

    program: Program
    data: list[OnShelf]


@begun_again
async def read_catalogue(ledger: Ledger, *, days: int) -> Catalogue:
    """All of it.

    Refuses
        ProgramMissing   nothing was ever published
    """
    async with ledger.reading() as connection:
        clock = await ledger.clock(connection)
        timeline = await ledger.timeline(connection, clock.newest)
        program = timeline.programs[timeline.row_at(clock.now)]
        since = local_date(clock.now, program.time_zone) - timedelta(days=days - 1)
        stands = await stands_of(connection)
        used = await use_of_rewards(connection, since=since, zone=program.time_zone)
        off = (await all_switches(connection)).off(SwitchKind.REWARD, clock.now)
    by_reward = _by_reward(stands)
    return Catalogue(
        program,
        [
            OnShelf(
                one,
                [stand for stand in by_reward.get(one.number, ()) if is_given_from(one, stand.store)],
                used.get(one.number, Used(0, 0, 0)),
                one.code in off,
            )
            for one in program.rewards
        ],
    )


async def read_stock(ledger: Ledger, reward: Reward) -> tuple[list[Stand], list[Mapping[str, Any]]]:
    """The stocks from which a reward is given, and the last changes of all that it ever had, newest first."""
    async with ledger.reading() as connection:
        stands = await stands_of(connection, [reward.number])
        changes = await changes_of(connection, [one.pool for one in stands], limit=CHANGES_SHOWN)
    return [one for one in stands if is_given_from(reward, one.store)], changes


class Page(NamedTuple):
    """Redemptions, newest first; the cursor of the next page, None: there is none."""

    data: list[Redemption]
    next_before: UUID | None


async def read_redemptions(
    ledger: Ledger,
    *,
    member_id: UUID | None = None,
    status: str | None = None,
    reward: int | None = None,
    stores: Sequence[str] | None = None,
    before: UUID | None = None,
    limit: int,
) -> Page:
    """Redemptions of a member, wherever he took them; or of all, at some stores."""
    async with ledger.reading() as connection:
        if member_id is not None:
            found = await redemptions_of_member(
                connection, member_id, status=status, reward=reward, before=before, limit=limit + 1
            )
        else:
            found = await list_redemptions(
                connection, status=status, reward=reward, stores=stores, before=before, limit=limit + 1
            )
    page = found[:limit]
    return Page(page, page[-1].redemption_id if len(found) > limit else None)


class Step(NamedTuple):
    """One step of a redemption's trail."""

    status: str
    at: datetime
    sequence: int | None  # of its entry; None: time did it
    actor: str | None
    store: str | None


class Told(NamedTuple):
    """A redemption with its trail."""

    redemption: Redemption
    trail: list[Step]


_STEP = {
    "reserve": "waiting",
    "redeem": "handed_over",
    "commit": "handed_over",
    "release": "cancelled",
    "reverse": "returned",
}


async def read_redemption(ledger: Ledger, redemption_id: UUID) -> Told:
    """One redemption.

    Refuses
        RedemptionUnknown   there is none with that id
    """
    async with ledger.reading() as connection:
        found = (await find_redemptions(connection, [redemption_id])).get(redemption_id)
        if found is None:
            raise RedemptionUnknown(pointer="/redemption_id")
        entries = await entries_about(connection, found.member_id, found.sequence)
    trail = [
        Step(_STEP[row["kind"]], row["recorded_at"], row["sequence"], row["actor"], row["store"])
        for row in entries
    ]
    if found.status == "lapsed" and found.until_at is not None:
        trail.append(Step("lapsed", found.until_at, None, None, None))
    return Told(found, trail)
