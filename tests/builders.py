"""Small worlds to test in: programmes, timelines, purchases and moments, each with defaults that a shop would have.

`a_program()` makes domain values directly, for tests of the fold. `a_document()` makes the same kind of programme as the
document a shop would write, for tests that publish it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from jifen.document.load import parse_document
from jifen.document.model import ProgramDocument
from jifen.domain import fold
from jifen.domain.calendar import moment_of_micros
from jifen.domain.decide import decide_purchase
from jifen.domain.decision import Decision
from jifen.domain.member import Member, kept_days, new_member
from jifen.domain.past import PastEntry, past_of
from jifen.domain.program.conditions import ALWAYS, Claim, Condition
from jifen.domain.program.meaning import (
    BY_SPEND,
    NONE,
    Amount,
    Counts,
    Currency,
    Downgrade,
    Draw,
    EarnRule,
    Expiry,
    Grant,
    Keeps,
    Ladder,
    Limit,
    Period,
    Program,
    Rounding,
    Shape,
    Terms,
    Tier,
    Together,
    When,
    Window,
)
from jifen.domain.purchase import Line, Purchase
from jifen.domain.returned import Earned
from jifen.domain.timeline import Timeline, timeline_of

ZONE = "Asia/Shanghai"
SOMEBODY = UUID("01a00000-0000-7000-8000-000000000001")
SOMEBODY_ELSE = UUID("01a00000-0000-7000-8000-000000000002")
OPENING = datetime(2026, 1, 1, tzinfo=UTC) - timedelta(hours=8)  # the first moment of 2026 in Shanghai


def a_moment(day: int = 0, *, hour: int = 12, minute: int = 0, second: int = 0) -> datetime:
    """A moment so many days after the opening of the shop, by the clock on its wall."""
    return OPENING + timedelta(days=day, hours=hour, minutes=minute, seconds=second)


def a_currency(
    number: int = 0,
    code: str = "points",
    *,
    expiry: Expiry | None = None,
    pending_days: int = 0,
    debt_limit: int = 0,
    kind: str = "spendable",
    scale: int = 0,
    more_terms: Sequence[Terms] = (),
    draw: Draw = Draw.BY_EXPIRY,
) -> Currency:
    """Points that never expire, wait for nothing and forbid debt, unless told otherwise."""
    own = a_terms(number, code, expiry=expiry, pending_days=pending_days)
    return Currency(
        number=number, code=code, names={"zh": code, "en": code}, kind=kind, scale=scale, worth_minor=(1, 1),
        debt_limit=debt_limit, terms=(own, *more_terms), draw=draw,
    )  # fmt: skip


def a_terms(
    number: int = 0, code: str = "points", *, expiry: Expiry | None = None, pending_days: int = 0,
    funded_by: str = "operator", qualifies: bool = True, grace_days: int = 0,
) -> Terms:  # fmt: skip
    """Terms under which units live for ever and can be used at once, unless told otherwise."""
    return Terms(
        number=number, code=code, expiry=expiry, pending_days=pending_days, funded_by=funded_by, qualifies=qualifies,
        grace_days=grace_days,
    )  # fmt: skip


def a_limit(
    units: int,
    *,
    number: int = 900,
    period: Period = Period.DAY,
    counts: Counts = Counts.UNITS,
    when: When = When.CLIP,
) -> Limit:
    """A limit that rules may share."""
    return Limit(number=number, code=f"limit-{number}", period=period, units=units, counts=counts, when=when)


def a_rule(
    number: int = 1,
    *,
    grant: Grant = Grant.PER_AMOUNT,
    rate: tuple[int, int] = (1, 100),
    currency: int = 0,
    rounding: Rounding = Rounding.DOWN,
    by_tier: bool = False,
    group: int | None = None,
    is_best: bool = False,
    together: Together | None = None,
    caps: tuple[int, int, int] = (NONE, NONE, NONE),
    shared: Sequence[Limit] = (),
    terms: int | None = None,
    given: Condition = ALWAYS,
    state: Condition = ALWAYS,
    shape: Shape = Shape.PLAIN,
    amounts: Sequence[Amount] = (),
    least: int = 0,
) -> EarnRule:
    """A point for each yuan, unless told otherwise. `caps` are for the purchase, the day and the month."""
    own = tuple(
        Limit(number=number * 3 + at, code=f"rule-{number}/{period.name.lower()}", period=period, units=units)
        for at, (period, units) in enumerate(
            zip((Period.PURCHASE, Period.DAY, Period.MONTH), caps, strict=True)
        )
        if units != NONE
    )
    return EarnRule(
        number=number, code=f"rule-{number}", names={"zh": f"规则 {number}", "en": f"Rule {number}"}, currency=currency,
        terms=currency if terms is None else terms, grant=grant, rate=rate, rounding=rounding,
        multiplied_by=0 if by_tier else NONE, group=number if group is None else group,
        together=(Together.BEST if is_best else Together.ADD) if together is None else together,
        limits=(*own, *shared), given=given, state=state, shape=shape, amounts=tuple(amounts), least=least,
    )  # fmt: skip


def a_tier(
    number: int = 0, *, reach: int = 0, multiplier: tuple[int, int] = (1, 1), keep: int = NONE
) -> Tier:
    """A step of the ladder."""
    code = ("member", "silver", "gold", "platinum", "guest", "regular")[number]
    names = {"zh": code, "en": code}
    return Tier(number=number, code=code, names=names, reach=reach, multiplier=multiplier, keep=keep)


def a_ladder(
    *tiers: Tier,
    currency: int = BY_SPEND,
    window_days: int = 365,
    keeps_days: int = 365,
    window: Window | None = None,
    keeps: Keeps = Keeps.DAYS,
    grace_days: int = 0,
    downgrade: Downgrade = Downgrade.REASSESS,
) -> Ladder:
    """A ladder by spend over a year; without tiers everybody stands on its one step."""
    return Ladder(
        counts=currency,
        window=window or Window(days=window_days),
        keeps=keeps,
        keeps_for=keeps_days,
        grace_days=grace_days,
        downgrade=downgrade,
        tiers=tiers or (a_tier(),),
    )


def a_program(
    *rules: EarnRule,
    currencies: Sequence[Currency] = (),
    ladder: Ladder | None = None,
    more_ladders: Sequence[Ladder] = (),
    revision: int = 1,
    effective_at: datetime = OPENING - timedelta(days=1000),
    time_zone: str = ZONE,
    late_days: int = 400,
) -> Program:
    """A programme in yuan with one rule and one kind of point, unless told otherwise."""
    return Program(
        revision=revision, effective_at=effective_at, code="shop", names={"zh": "小店", "en": "Shop"},
        time_zone=time_zone, money="CNY", money_decimals=2, purchase_amount_minor_max=10**9, stores={}, any_store=True,
        line_attributes={}, late_days={"": late_days}, currencies=tuple(currencies) or (a_currency(),),
        rules=rules or (a_rule(),), ladders=(ladder or a_ladder(), *more_ladders),
    )  # fmt: skip


def a_timeline(*programs: Program) -> Timeline:
    """The timeline of these revisions, or of the plainest programme."""
    return timeline_of(programs or (a_program(),))


def a_member(timeline: Timeline, member_id: UUID = SOMEBODY) -> Member:
    """A member to whom nothing has happened."""
    return new_member(member_id, timeline, 0)


def a_line(number: int = 1, amount_minor: int = 10_000, **more: Any) -> Line:
    """A line of a hundred yuan, one piece."""
    return Line(number=number, amount_minor=amount_minor, **more)


def a_purchase(
    of: int = 10_000,
    *,
    at: datetime | None = None,
    lines: Sequence[Line] | None = None,
    no: str = "1",
    source: str = "pos",
    **more: Any,
) -> Purchase:
    """A purchase of so much minor money in one line, or of these lines."""
    own = tuple(lines) if lines is not None else (a_line(amount_minor=of),)
    return Purchase(
        source=source, business_no=no, occurred_at=at or a_moment(), money="CNY",
        amount_minor=sum(line.amount_minor for line in own), lines=own, **more,
    )  # fmt: skip


def earned_of(
    timeline: Timeline,
    bought: Decision,
    purchase: Purchase,
    returned: dict[int, int],
    forgiven: Sequence[int] = (),
) -> Earned:
    """What the journal would tell of a purchase, for a return of it."""
    return Earned(
        sequence=bought.sequence,
        revision=timeline.programs[bought.row].revision,
        occurred_at=purchase.occurred_at,
        lines=purchase.lines,
        masks=bought.masks,
        hits=bought.hits,
        granted=[result.granted for result in bought.results],
        returned=returned,
        forgiven=forgiven or [0] * len(bought.results),
    )


def a_past(timeline: Timeline, *told: tuple[Decision, Purchase]) -> list[int]:
    """The past of a void: purchases in the order in which they were told, each at its own moment or when the clock stood."""
    return past_of(
        timeline,
        [
            PastEntry(
                decision.sequence, fold.PURCHASE, decision.row, purchase.occurred_at,
                moment_of_micros(decision.after.scalars[fold.CLOCK_AT]), purchase.amount_minor, decision.results,
            )
            for decision, purchase in told
        ],
    )  # fmt: skip


def bought(
    timeline: Timeline, member: Member, purchase: Purchase, *, now: datetime | None = None
) -> Decision:
    """The decision on a purchase, by default at the moment it occurs."""
    return decide_purchase(timeline, member, purchase, now=now or purchase.occurred_at)


def units_granted(decision: Decision, currency: int = 0) -> int:
    """What an entry earned in a currency."""
    return sum(p.units for p in decision.postings if p.currency == currency and p.verb == fold.EARN)


def if_spent(minor: int, *, in_days: int) -> Claim:
    """The claim that a member has spent at least so much in a window."""
    return Claim(fact="member.spend_minor", operator="ge", value=minor, window_days=in_days)


def as_kept(member: Member, timeline: Timeline) -> Member:
    """The member as his row gives him back: with no more days than it keeps."""
    days, _, first = kept_days(member, timeline)
    scalars = list(member.scalars)
    scalars[fold.DAYS_FROM] = first
    return member._replace(scalars=scalars, days=days)


def without_lots(member: Member) -> Member:
    """The member as the till gathers him when nothing is due: without a lot."""
    return member._replace(lots=())


# -- the same as a document -----------------------------------------------------------------------------------------------

_DOCUMENT = """\
format: 1
program: {{code: shop, names: {{zh: 小店, en: Shop}}}}
time_zone: Asia/Shanghai
money: {{code: CNY, decimals: 2}}
any_store: true
limits:
  late_days: {{default: {late_days}}}
currencies:
  - code: points
    names: {{zh: 积分, en: Points}}
    kind: spendable
    worth: 1
    expiry: {expiry}
    pending: {{days: {pending_days}}}
    debt: {debt}
earn_rules:
  - code: base
    names: {{zh: 消费积分, en: Base}}
    currency: points
    per_amount: {{points: 1, amount_minor: 100}}
    tier_multiplies: {by_tier}
    caps: {caps}
{more}"""


def document_text(
    *,
    expiry: str = "never",
    pending_days: int = 0,
    debt: str = "{policy: forbid}",
    caps: str = "{}",
    by_tier: bool = False,
    late_days: int = 400,
    more: str = "",
) -> str:
    """A programme as a shop writes it: a point for each yuan. `more` is YAML that follows the first rule."""
    return _DOCUMENT.format(
        expiry=expiry, pending_days=pending_days, debt=debt, caps=caps, by_tier=str(by_tier).lower(), late_days=late_days,
        more=more,
    )  # fmt: skip


@lru_cache(maxsize=64)
def _parsed(text: str) -> ProgramDocument:
    return parse_document(text, name="shop.yaml")


def a_document(**choices: Any) -> ProgramDocument:
    """The document of `document_text`."""
    return _parsed(document_text(**choices))
