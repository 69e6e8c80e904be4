"""List members, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from jifen.domain.calendar import local_date
from jifen.domain.person import MemberKey
from jifen.domain.program.meaning import Currency
from jifen.domain.refusals import FieldWrong
from jifen.domain.timeline import Timeline
from jifen.store import member_list as kept
from jifen.store.compiled import begun_again
from jifen.store.ledger import Ledger
from jifen.store.member_list import Behind, ListedMember, Sort
from jifen.store.persons import masked_keys

EXPIRING_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberPage:
    """Members as they are stored; units are of `points`, and `expiring` those whose last day is up to `expiring_by`."""

    members: tuple[ListedMember, ...]
    keys: Mapping[UUID, Sequence[MemberKey]]  # masked, by member
    behind: Behind | None
    points: Currency
    expiring_by: date
    timeline: Timeline


@begun_again
async def list_members(
    ledger: Ledger,
    *,
    sort: Sort = "newest",
    before: str | None = None,
    limit: int = 50,
    tier: str | None = None,
    status: str | None = None,
) -> MemberPage:
    """A page of members, the highest of the order first.

    Shape
        before   the cursor: `place~id` of the last member of the page before

    Refuses
        ProgramMissing   nothing was ever published
        FieldWrong       no such tier; no such cursor; so many members that only the newest can be listed
    """
    behind = _behind(before)
    async with ledger.reading() as connection:
        clock = await ledger.clock(connection)
        timeline = await ledger.timeline(connection, clock.newest)
        program = timeline.newest
        points = next((c for c in program.currencies if c.kind == "spendable"), program.currencies[0])
        if sort != "newest" and not await kept.are_sortable(connection):
            detail = f"of more than {kept.SORTED_MAX} members only the newest are listed; name one by card"
            raise FieldWrong(detail, pointer="/query/sort", value=sort)
        tiers = {one.code: one.number for one in program.ladder.tiers}
        if tier is not None and tier not in tiers:
            raise FieldWrong(f"choose one of {', '.join(tiers)}", pointer="/query/tier", value=tier)
        expiring_by = local_date(clock.now, program.time_zone) + timedelta(days=EXPIRING_DAYS)
        found = await kept.list_members(
            connection,
            currency=points.number,
            expiring_by=expiring_by,
            sort=sort,
            behind=behind,
            limit=limit + 1,
            tier=None if tier is None else tiers[tier],
            status=status,
        )
        page = found[:limit]
        keys = await masked_keys(ledger, connection, [one.member_id for one in page])
    return MemberPage(
        members=tuple(page),
        keys=keys,
        behind=Behind(page[-1].place, page[-1].member_id) if len(found) > limit else None,
        points=points,
        expiring_by=expiring_by,
        timeline=timeline,
    )


def _behind(cursor: str | None) -> Behind | None:
    if cursor is None:
        return None
    place, _, member = cursor.partition("~")
    try:
        return Behind(int(place), UUID(hex=member))
    except (ValueError, OverflowError):
        raise FieldWrong("no cursor of a page of members", pointer="/query/before") from None
