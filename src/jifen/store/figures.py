"""The figures of a period: purchases, members, points, by month. Read from the journal, so only while that is small enough."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from jifen.domain.refusals import FieldWrong

if TYPE_CHECKING:
    from jifen.store.ledger import Connection

COUNTED_MAX = 500_000
"""Of a journal that the planner believes longer, no figures are counted here: a till would wait for the disk."""
DAYS_MAX = 1_100
YEARS = (1970, 9000)
"""Of the days that may be asked for, as of moments anywhere else."""


class Sold(NamedTuple):
    """Purchases of members: voided ones left out, what came back taken off."""

    purchases: int = 0
    members: int = 0
    amount_minor: int = 0


class Span(NamedTuple):
    """Days of the programme: from the first on, and without the last."""

    from_on: date
    until_on: date


def span_asked(from_on: date | None, to_on: date | None, today: date) -> Span:
    """From one day to another, both within; without them the last 90 whole days.

    Refuses
        FieldWrong   the period ends before it begins, is too long or too far off
    """
    for name, day in (("from_on", from_on), ("to_on", to_on)):
        if day is not None and not YEARS[0] <= day.year <= YEARS[1]:
            detail = f"a day is of the years {YEARS[0]} to {YEARS[1]}"
            raise FieldWrong(detail, pointer=f"/query/{name}", value=day.isoformat())
    until = (to_on + timedelta(days=1)) if to_on else today
    since = from_on or until - timedelta(days=90)
    if since >= until:
        raise FieldWrong(f"the period ends before it begins: from {since}", pointer="/query/from_on")
    if (until - since).days > DAYS_MAX:
        raise FieldWrong(f"a period has up to {DAYS_MAX} days", pointer="/query/from_on")
    return Span(since, until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Of whom figures are. None: of all.

    Shape
        store   code of a store
        tier    number of the tier that a member holds now, on the first ladder
    """

    zone: str
    store: str | None = None
    tier: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What happened in some days; `units` by verb."""

    sold: Sold
    members_new: int
    units: Mapping[str, int]


async def is_countable(connection: Connection) -> bool:
    """Whether the journal is small enough for figures to be counted while somebody waits."""
    believed = await connection.fetchval(
        """SELECT coalesce(max(c.reltuples), 0)::bigint FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE n.nspname = 'jifen' AND c.relname IN ('purchase', 'posting')"""
    )
    return bool(believed <= COUNTED_MAX)


_OF_TIER = "($4::int IS NULL OR EXISTS (SELECT FROM member m WHERE m.member_id = {row}.member_id AND m.ladders[1] = $4))"
_SOLD = f"""FROM purchase p LEFT JOIN (
        SELECT purchase_member_id, purchase_sequence, sum(amount_minor)::bigint AS amount_minor, bool_or(is_void) AS is_void
        FROM purchase_return GROUP BY 1, 2) r ON (r.purchase_member_id, r.purchase_sequence) = (p.member_id, p.sequence)
    WHERE p.occurred_on >= $1 AND p.occurred_on < $2 AND ($3::text IS NULL OR p.store = $3)
      AND {_OF_TIER.format(row="p")} AND r.is_void IS NOT TRUE"""
_SUMS = "count(*), count(DISTINCT p.member_id), coalesce(sum(p.amount_minor - coalesce(r.amount_minor, 0)), 0)::bigint"
_DAY = "(occurred_at AT TIME ZONE $5)"
_MOVED = f"""FROM posting p WHERE currency = $6 AND occurred_at >= ($1::date::timestamp AT TIME ZONE $5)
    AND occurred_at < ($2::date::timestamp AT TIME ZONE $5) AND ($3::text IS NULL OR p.store = $3)
    AND {_OF_TIER.format(row="p")}"""


async def figures_of(connection: Connection, span: Span, scope: Scope, *, currency: int) -> Figures:
    """What happened in these days; units are those of one currency."""
    of = (span.from_on, span.until_on, scope.store, scope.tier)
    sold = await connection.fetchrow(f"SELECT {_SUMS} {_SOLD}", *of)
    units = await connection.fetch(
        f"SELECT verb, sum(units)::bigint {_MOVED} GROUP BY verb", *of, scope.zone, currency
    )
    joined = await connection.fetchval(
        """SELECT count(*) FROM member WHERE (enrolled_at AT TIME ZONE $1)::date >= $2
               AND (enrolled_at AT TIME ZONE $1)::date < $3 AND ($4::int IS NULL OR ladders[1] = $4)""",
        scope.zone,
        span.from_on,
        span.until_on,
        scope.tier,
    )
    return Figures(sold=Sold(*sold), members_new=joined, units=dict(units))


async def months_of(
    connection: Connection, span: Span, scope: Scope, *, currency: int
) -> tuple[dict[date, Sold], dict[date, dict[str, int]]]:
    """By the first day of each month: what was sold, and units by verb."""
    of = (span.from_on, span.until_on, scope.store, scope.tier)
    sold = await connection.fetch(
        f"SELECT date_trunc('month', p.occurred_on)::date, {_SUMS} {_SOLD} GROUP BY 1", *of
    )
    moved = await connection.fetch(
        f"SELECT date_trunc('month', {_DAY})::date, verb, sum(units)::bigint {_MOVED} GROUP BY 1, 2",
        *of,
        scope.zone,
        currency,
    )
    units: dict[date, dict[str, int]] = {}
    for month, verb, sum_of in moved:
        units.setdefault(month, {})[verb] = sum_of
    return {row[0]: Sold(*row[1:]) for row in sold}, units


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How members stand now.

    Shape
        owed_for      by currency number: the positive balances
        debts         by currency number: the negative ones, as positive units
        expiring      units of one currency that are left in lots whose last day is within some days, and of how many members
    """

    members: int
    by_tier: Mapping[int, int]
    by_status: Mapping[str, int]
    owed_for: Mapping[int, int]
    debts: Mapping[int, int]
    expiring: tuple[int, int]


async def standing_now(connection: Connection, *, currency: int, today: date, until_on: date) -> Standing:
    """How members stand, merged ones left out; what expires from today up to and with `until_on`."""
    tiers = await connection.fetch(
        "SELECT ladders[1]::int, count(*) FROM member WHERE status <> 'merged' GROUP BY 1"
    )
    statuses = await connection.fetch("SELECT status, count(*) FROM member GROUP BY 1")
    balances = await connection.fetch(
        """SELECT (o - 1)::int, coalesce(sum(b) FILTER (WHERE b > 0), 0)::bigint,
                  coalesce(- sum(b) FILTER (WHERE b < 0), 0)::bigint
           FROM member, unnest(balances) WITH ORDINALITY AS x (b, o) GROUP BY 1"""
    )
    expiring = await connection.fetchrow(
        """SELECT coalesce(sum(left_units), 0)::bigint, count(DISTINCT member_id) FROM lot
           WHERE currency = $1 AND left_units > 0 AND expires_on >= $2 AND expires_on <= $3""",
        currency,
        today,
        until_on,
    )
    return Standing(
        members=sum(count for _, count in tiers),
        by_tier=dict(tiers),
        by_status=dict(statuses),
        owed_for={row[0]: row[1] for row in balances},
        debts={row[0]: row[2] for row in balances},
        expiring=(expiring[0], expiring[1]),
    )


class Moved(NamedTuple):
    """The postings of one verb in one currency, as the programme's account of that name has them."""

    currency: int
    verb: str
    account: str
    is_credit: bool
    postings: int
    units: int


async def moved_by_verb(connection: Connection) -> list[Moved]:
    """Every verb in every currency, since the beginning."""
    rows = await connection.fetch(
        """SELECT currency::int, verb, account, is_credit, count(*), sum(units)::bigint FROM posting
           GROUP BY 1, 2, 3, 4 ORDER BY 1, 3, 2"""
    )
    return [Moved(*row) for row in rows]
