"""Results of back-tests to test and to look at: a year of a made-up grocer whose sums hold, and the hard cases.

Nothing here is a real fold; but every table is counted from the same purchases, so whatever must add up does.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import cache
from itertools import pairwise
from typing import Literal

from jifen.insight.backtest.result import (
    LARGEST,
    Assumption,
    Basket,
    CapBite,
    Change,
    ChangeShare,
    Compared,
    CurrencyTotal,
    Decile,
    DryBudget,
    GroupTotal,
    Interval,
    LiabilityDay,
    Loopholes,
    MemberChange,
    MonthTotal,
    Name,
    Notice,
    Outlier,
    PartSeconds,
    ProgramCompared,
    Replayed,
    Result,
    RichBaskets,
    RuleChange,
    RuleTotal,
    Sensitivity,
    Sentence,
    Side,
    TierCount,
    TierMove,
    TierMoves,
    Together,
    share_bps,
)
from jifen.insight.backtest.segments import FIFTHS, NOTHING, segment_name

FIRST = date(2025, 1, 1)
GIFTS_AND_RESERVATIONS: tuple[Literal["give", "reserve"], ...] = ("give", "reserve")


def a_name(code: str, zh: str, en: str) -> Name:
    return Name(code=code, zh=zh, en=en)


POINTS = a_name("points", "积分", "Points")
TIERS = (
    a_name("member", "会员", "Member"), a_name("silver", "银卡", "Silver"), a_name("gold", "金卡", "Gold"),
    a_name("black", "黑卡", "Black"),
)  # fmt: skip
STORES = (
    a_name("xuhui", "徐汇店", "Xuhui"), a_name("pudong", "浦东店", "Pudong"), a_name("jingan", "静安店", "Jing’an"),
    a_name("hongkou", "虹口店", "Hongkou"), a_name("online", "网店", "Online shop"),
)  # fmt: skip
CATEGORIES = tuple(
    a_name(code, zh, en)
    for code, zh, en in (
        ("GROCERY", "食品杂货", "Grocery"), ("PRODUCE", "果蔬", "Produce"), ("MEAT", "肉类", "Meat"), ("DAIRY", "乳品", "Dairy"),
        ("BAKERY", "烘焙", "Bakery"), ("DRINKS", "饮料", "Drinks"), ("HOME", "家居清洁", "Household"), ("BABY", "母婴", "Baby"),
        ("FROZEN", "冷冻食品", "Frozen"), ("FLORAL", "花卉", "Floral"), ("HEALTH", "保健", "Health"), ("PET", "宠物", "Pets"),
        ("DELI", "熟食", "Deli"), ("SEAFOOD", "海鲜", "Seafood"),
    )
)  # fmt: skip
# code, zh, en, (granted of a yuan in hundredths, chance that it fires): baseline, draft
RULES = (
    ("base", "消费积分", "A point for every yuan", (100, 100), (100, 100)),
    ("fuel", "加油积分", "Fuel, a quarter of a point", (25, 8), (25, 8)),
    ("private-label", "自有品牌加分", "Half as much again on our own brand", (50, 30), (75, 30)),
    ("produce", "果蔬双倍", "Double points on produce", (40, 45), (0, 0)),
    ("produce-weekend", "周末果蔬三倍", "Triple points on produce at the weekend", (80, 15), (120, 18)),
    ("milk", "买牛奶加分", "Two points for every two cartons of milk", (8, 35), (8, 35)),
    ("early-hours", "早鸟积分", "Five points before nine on working days", (12, 12), (12, 12)),
    ("full-trolley", "满 500 元加分", "Forty points for a full trolley", (30, 10), (55, 12)),
    ("welcome", "首次消费", "Welcome", (60, 2), (60, 2)),
    ("gold-meat", "金卡肉类加分", "More points on meat for gold and above", (30, 14), (18, 14)),
    ("regular", "常客加分", "Ten points for regulars", (15, 20), (20, 26)),
    ("birthday", "生日双倍", "Double points in the month of birth", (100, 8), (150, 8)),
)  # fmt: skip


@dataclass
class _Books:
    """What one side grants, counted from the same purchases."""

    desired: Counter[str] = field(default_factory=Counter)
    granted: Counter[str] = field(default_factory=Counter)
    fired: Counter[str] = field(default_factory=Counter)
    clipped: Counter[str] = field(default_factory=Counter)
    whom: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    cut: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    days: Counter[int] = field(default_factory=Counter)
    months: Counter[date] = field(default_factory=Counter)
    of_member: Counter[int] = field(default_factory=Counter)
    of_member_rule: defaultdict[int, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))


@cache
def a_year(
    *, seed: int = 7, members: int = 3_000, days: int = 365, extra: int = 0, tiers: int = 4, tilt: int = 100
) -> Result:
    """A year of so many members, 12 rules and `extra` small ones. `tilt` scales the draft's rules, in hundredths."""
    rng = random.Random(seed)
    rules = [
        *RULES,
        *((f"extra-{n}", f"附加规则 {n}", f"Extra rule {n}", (5, 3), (4, 3)) for n in range(extra)),
    ]
    names = {code: a_name(code, zh, en) for code, zh, en, _, _ in rules}
    books = {"baseline": _Books(), "draft": _Books()}
    sales_by: defaultdict[str, Counter[str]] = defaultdict(Counter)
    purchases_by: defaultdict[str, Counter[str]] = defaultdict(Counter)
    members_by: defaultdict[str, defaultdict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    spent: Counter[int] = Counter()
    bought: Counter[int] = Counter()
    home: dict[int, str] = {}
    baskets: list[tuple[int, Basket, str]] = []
    purchases = 0
    for member in range(members):
        habit = rng.paretovariate(1.6)
        home[member] = rng.choices(STORES, (30, 26, 18, 12, 14))[0].code
        likes = {code: rng.random() < 0.55 for code in names}
        for _ in range(min(max(1, round(habit * 4)), 60)):
            purchases += 1
            bought[member] += 1
            at = rng.randrange(days)
            on = FIRST + timedelta(days=at)
            amount = round(rng.lognormvariate(4.4, 0.8) * 100)
            store = home[member] if rng.random() < 0.8 else rng.choice(STORES).code
            category = rng.choices(CATEGORIES, range(14, 0, -1))[0].code
            tier = TIERS[min(int(habit / 1.6), tiers - 1)].code
            month = on.replace(day=1)
            spent[member] += amount
            keys = (("store", store), ("category", category), ("tier", tier), ("month", str(month)))
            for kind, key in keys:
                sales_by[kind][key] += amount
                purchases_by[kind][key] += 1
                members_by[kind][key].add(member)
            luck = {code: rng.randrange(100) for code in names}
            for name, book in books.items():
                earned, by_rule = 0, []
                for code, _, _, before, after in rules:
                    rate, chance = before if name == "baseline" else after
                    if luck[code] >= chance or rate == 0 or (chance < 100 and not likes[code]):
                        continue
                    desired = amount * rate // 10_000
                    if name == "draft" and code != "base":
                        desired = desired * tilt // 100
                    granted = min(desired, 160) if code in ("full-trolley", "milk", "regular") else desired
                    if desired == 0:
                        continue
                    book.desired[code] += desired
                    book.granted[code] += granted
                    book.fired[code] += 1
                    book.clipped[code] += granted < desired
                    book.whom[code].add(member)
                    book.of_member_rule[member][code] += granted
                    by_rule.append((granted, code))
                    earned += granted
                for kind, key in keys:
                    book.cut[kind][key] += earned
                book.days[at] += earned
                book.months[month] += earned
                book.of_member[member] += earned
                if name == "draft" and earned * 100 > amount * 3 and amount > 500:
                    codes = tuple(code for _, code in sorted(by_rule, reverse=True))
                    basket = Basket(
                        member=f"#{member}", on=on, store=store, paid_minor=amount, earned_units=earned, earned_minor=earned,
                        rules=codes,
                    )  # fmt: skip
                    baskets.append((earned * 10_000 // amount, basket, store))
    sales = sum(spent.values())
    months = sorted({(FIRST + timedelta(days=at)).replace(day=1) for at in range(days)})

    def side(name: str) -> Side:
        book = books[name]
        granted = sum(book.granted.values())
        owed, liability, redeemed_by, expired_by = 400_000, [], Counter[date](), Counter[date]()
        for at in range(days):
            on = FIRST + timedelta(days=at)
            redeemed = owed * (3 + at % 7) // 2_600
            expired = owed // 55 if (on + timedelta(days=1)).day == 1 else 0
            owed += book.days[at] - redeemed - expired
            redeemed_by[on.replace(day=1)] += redeemed
            expired_by[on.replace(day=1)] += expired
            liability.append(LiabilityDay(on=on, units=(owed,), minor=owed))
        redeemed, expired = sum(redeemed_by.values()), sum(expired_by.values())
        totals = CurrencyTotal(
            currency=POINTS, scale=0, kind="spendable", worth_minor=(1, 1), opening_units=400_000, granted_units=granted,
            returned_units=0, adjusted_units=0, received_units=0, given_units=0, redeemed_units=redeemed, expired_units=expired,
            closing_units=owed, expired_minor=expired, redeemed_minor=redeemed, cost_minor=granted,
            ended_units=(redeemed + expired) * 7 // 10, ended_expired_units=expired * 7 // 10,
            breakage_units=owed * 14 // 100, breakage_minor=owed * 14 // 100,
        )  # fmt: skip
        groups = {
            kind: tuple(
                GroupTotal(
                    group=group, currency="points", granted_units=book.cut[kind][group.code], returned_units=0,
                    cost_minor=book.cut[kind][group.code], sales_minor=sales_by[kind][group.code],
                    purchases=purchases_by[kind][group.code], members=len(members_by[kind][group.code]),
                )
                for group in among
                if purchases_by[kind][group.code]
            )
            for kind, among in (("tier", TIERS), ("store", STORES), ("category", CATEGORIES))
        }  # fmt: skip
        asked = members * 3 // 2
        short = asked // 90 if name == "draft" else 0
        return Side(
            currencies=(totals,), cost_minor=granted, cost_share_bps=share_bps(granted, sales),
            by_rule=tuple(
                RuleTotal(
                    number=number, rule=names[code], currency="points", desired_units=book.desired[code],
                    granted_units=book.granted[code], returned_units=0, cost_minor=book.granted[code],
                    purchases=book.fired[code], members=len(book.whom[code]), clipped_purchases=book.clipped[code],
                    is_capped=code in ("full-trolley", "milk", "regular"),
                )
                for number, code in enumerate(names, start=1)
            ),
            by_tier=groups["tier"], by_store=groups["store"], by_category=groups["category"],
            by_month=tuple(
                MonthTotal(
                    month_on=month, currency="points", granted_units=book.months[month], returned_units=0,
                    redeemed_units=redeemed_by[month], expired_units=expired_by[month], cost_minor=book.months[month],
                    sales_minor=sales_by["month"][str(month)], purchases=purchases_by["month"][str(month)],
                )
                for month in months
            ),
            liability=tuple(liability),
            replayed=(
                Replayed(
                    verb="redeem", currency="points", asked=asked, asked_units=asked * 500, refused=short,
                    refused_units=short * 430, refused_members=short * 9 // 10,
                ),
                *(
                    Replayed(
                        verb=verb, currency="points", asked=members // 20, asked_units=members * 10, refused=0,
                        refused_units=0, refused_members=0, is_drawn=verb == "reserve",
                    )
                    for verb in GIFTS_AND_RESERVATIONS
                ),
            ),
            tiers=tuple(_tier_counts(name, spent, tiers)),
        )  # fmt: skip

    return Result(
        compared=_compared(members=members, purchases=purchases, sales=sales, days=days, seed=seed),
        baseline=side("baseline"), draft=side("draft"), tier_moves=_moves(spent, tiers),
        change=_change(books, names, spent, bought, home, tiers),
        loopholes=_loopholes(books["draft"], baskets, spent, bought, names), warnings=WARNINGS, assumptions=ASSUMPTIONS,
    )  # fmt: skip


def _compared(*, members: int, purchases: int, sales: int, days: int, seed: int) -> Compared:
    programme = a_name("grocer", "鲜选会员", "Fresh Club")
    return Compared(
        draft=ProgramCompared(name=programme, label="spring-2026.yaml", sha256="9f2c" * 16),
        baseline=ProgramCompared(name=programme, label="live", sha256="41ab" * 16, revisions=(3, 4)),
        from_on=FIRST, to_on=FIRST + timedelta(days=days - 1), snapshot="2026-01-02T00:00Z-7c1e",
        snapshot_as_of=datetime(2026, 1, 2, tzinfo=UTC), made_at=datetime(2026, 1, 3, 9, 30, tzinfo=UTC),
        time_zone="Asia/Shanghai", money="CNY", money_decimals=2, seed=seed, purchases=purchases, lines=purchases * 9,
        returns=purchases // 70, members=members, members_all=members, sales_minor=sales,
        seconds=(
            PartSeconds(part="read", milliseconds=410), PartSeconds(part="select", milliseconds=620),
            PartSeconds(part="fold", milliseconds=980), PartSeconds(part="tally", milliseconds=240),
        ),
    )  # fmt: skip


REACH = {"baseline": (0, 60_000, 180_000, 480_000), "draft": (0, 50_000, 200_000, 400_000)}


def _rank(name: str, spent: int, tiers: int) -> int:
    return max(at for at, reach in enumerate(REACH[name][:tiers]) if spent >= reach)


def _tier_counts(name: str, spent: Counter[int], tiers: int) -> list[TierCount]:
    ends = Counter(_rank(name, amount, tiers) for amount in spent.values())
    return [
        TierCount(
            number=at, tier=TIERS[at], members_at_start=ends[at] * 9 // 10, members_at_end=ends[at],
            promoted=ends[at] // 6, demoted=ends[at] // 11, kept_by_grace=ends[at] // 25 if at else 0,
        )
        for at in range(tiers)
    ]  # fmt: skip


def _moves(spent: Counter[int], tiers: int) -> TierMoves:
    cells = Counter((_rank("baseline", one, tiers), _rank("draft", one, tiers)) for one in spent.values())
    return TierMoves(
        cells=tuple(
            TierMove(baseline_tier=TIERS[one].code, draft_tier=TIERS[other].code, members=number)
            for (one, other), number in sorted(cells.items())
        ),
        promoted=sum(number for (one, other), number in cells.items() if other > one),
        demoted=sum(number for (one, other), number in cells.items() if other < one),
        unmoved=sum(number for (one, other), number in cells.items() if other == one),
        kept_by_grace=sum(number for (one, other), number in cells.items() if other < one) // 3,
    )


def _change(
    books: dict[str, _Books],
    names: dict[str, Name],
    spent: Counter[int],
    bought: Counter[int],
    home: dict[int, str],
    tiers: int,
) -> Change:
    before, after = books["baseline"].of_member, books["draft"].of_member
    change = {member: after[member] - before[member] for member in spent}
    ordered = sorted(change, key=lambda member: (change[member], member))
    deciles = []
    for number in range(10) if len(ordered) >= 10 else ():
        part = ordered[number * len(ordered) // 10 : (number + 1) * len(ordered) // 10]
        numbers = [change[member] for member in part]
        deciles.append(
            Decile(
                number=number + 1,
                members=len(part),
                lowest=numbers[0],
                highest=numbers[-1],
                total=sum(numbers),
            )
        )

    def share(by: str, group: Name, among: list[int]) -> ChangeShare:
        numbers = [change[member] for member in among]
        return ChangeShare(
            by=by, group=group, members=len(among), better=sum(n > 0 for n in numbers), worse=sum(n < 0 for n in numbers),
            unchanged=sum(n == 0 for n in numbers), total=sum(numbers),
        )  # fmt: skip

    def told(member: int) -> MemberChange:
        rules = {
            code: books["draft"].of_member_rule[member][code] - books["baseline"].of_member_rule[member][code]
            for code in names
        }
        largest = sorted((code for code in rules if rules[code]), key=lambda code: -abs(rules[code]))[:3]
        return MemberChange(
            member=f"mbr_{member:032x}", baseline=before[member], draft=after[member], change=change[member],
            sales_minor=spent[member], purchases=bought[member],
            baseline_tier=TIERS[_rank("baseline", spent[member], tiers)].code,
            draft_tier=TIERS[_rank("draft", spent[member], tiers)].code,
            reasons=tuple(RuleChange(rule=code, change=rules[code]) for code in largest),
        )  # fmt: skip

    everyone = list(spent)
    shares = [share("all", a_name("", "", ""), everyone)]
    for at in range(tiers):
        shares.append(
            share("tier", TIERS[at], [m for m in everyone if _rank("baseline", spent[m], tiers) == at])
        )
    ranked = sorted((m for m in everyone if bought[m]), key=lambda m: (-spent[m], m))
    edges = [-(-len(ranked) * at // len(FIFTHS)) for at in range(len(FIFTHS) + 1)]
    for fifth, (first, end) in zip(FIFTHS, pairwise(edges), strict=True):
        shares.append(share("segment", segment_name(fifth), ranked[first:end]))
    shares.append(share("segment", segment_name(NOTHING), [m for m in everyone if not bought[m]]))
    for store in STORES:
        shares.append(share("store", store, [m for m in everyone if home[m] == store.code]))
    return Change(
        measure="units", currency="points", deciles=tuple(deciles), shares=tuple(one for one in shares if one.members),
        gained_most=tuple(told(m) for m in reversed(ordered[-LARGEST:]) if change[m] > 0),
        lost_most=tuple(told(m) for m in ordered[:LARGEST] if change[m] < 0),
    )  # fmt: skip


def _loopholes(
    book: _Books,
    baskets: list[tuple[int, Basket, str]],
    spent: Counter[int],
    bought: Counter[int],
    names: dict[str, Name],
) -> Loopholes:
    caps = sorted(
        (code for code in names if book.clipped[code]), key=lambda c: book.granted[c] - book.desired[c]
    )
    worst = sorted(baskets, key=lambda one: -one[0])
    rates = sorted(Fraction(book.of_member[m], spent[m]) for m in spent)
    far = sorted(spent, key=lambda m: -Fraction(book.of_member[m], spent[m]))[:6] if len(rates) > 100 else []
    typical = int(rates[len(rates) // 2] * 10_000) if rates else 0
    return Loopholes(
        rich_baskets=RichBaskets(
            threshold_bps=300, purchases=len(baskets), baseline_purchases=len(baskets) * 2 // 5,
            earned_minor=sum(one.earned_minor for _, one, _ in baskets), paid_minor=sum(one.paid_minor for _, one, _ in baskets),
            worst=tuple(one for _, one, _ in worst[:20]),
        ),
        outliers=tuple(
            Outlier(
                member=f"#{m}", earned_minor=book.of_member[m], sales_minor=spent[m], purchases=bought[m],
                share_bps=share_bps(book.of_member[m], spent[m]), typical_bps=typical,
            )
            for m in far
        ),
        never_fired=tuple(code for code in names if not book.fired[code]),
        always_together=(Together(rules=("early-hours", "regular"), purchases=book.fired["early-hours"]),) if spent else (),
        caps=tuple(
            CapBite(
                rule=code, desired_units=book.desired[code], granted_units=book.granted[code],
                clipped_purchases=book.clipped[code], clipped_members=max(1, book.clipped[code] * 2 // 3),
            )
            for code in caps[:20]
        ),
        dry_budgets=(
            DryBudget(
                budget=a_name("spring", "春季预算", "Spring budget"), currency="points", budget_units=50_000,
                dry_on=date(2025, 5, 17), wanted_after_units=21_340,
            ),
        ) if spent else (),
    )  # fmt: skip


WARNINGS = (
    Notice(
        code="missing_fact", level="caution", numbers={"purchases_bps": 1_240},
        sentence=Sentence(
            zh="草案的规则「生日双倍」要用到会员生日，12.40% 的消费没有这项事实，对它们规则不触发。",
            en="The draft's rule “Double points in the month of birth” asks for a birthday, which 12.40% of purchases lack; "
            "there it does not fire.",
        ),
    ),
    Notice(
        code="short_history", level="note", numbers={"days": 365},
        sentence=Sentence(
            zh="历史从 2024年12月1日 开始，前 90 天的等级窗口不完整。",
            en="History begins on 1 Dec 2024, so the window of tiers is incomplete for the first 90 days.",
        ),
    ),
)  # fmt: skip
ASSUMPTIONS = (
    Assumption(
        code="purchases_unchanged",
        sentence=Sentence(
            zh="会员的消费不变：没有人因为草案而买得更多或更少。",
            en="Purchases are unchanged: nobody buys more or less because of the draft.",
        ),
    ),
    Assumption(
        code="redemptions_replayed",
        sentence=Sentence(
            zh="兑换按历史重放；草案下余额不足的兑换不发生。",
            en="Redemptions are replayed as they were; one that the draft's balance cannot pay does not take place.",
        ),
    ),
    Assumption(
        code="adjustments_kept",
        sentence=Sentence(zh="人工调整照旧。", en="Adjustments by hand are as they were."),
    ),
)


# -- hard cases -------------------------------------------------------------------------------------------------------


def nothing_changed() -> Result:
    """The draft is the baseline."""
    year = a_year(members=60)
    spent = year.change
    same = tuple(replace(one, better=0, worse=0, unchanged=one.members, total=0) for one in spent.shares)
    deciles = tuple(replace(one, lowest=0, highest=0, total=0) for one in spent.deciles)
    ends = {row.tier.code: row.members_at_end for row in year.baseline.tiers}
    return replace(
        year, draft=year.baseline,
        change=replace(spent, shares=same, deciles=deciles, gained_most=(), lost_most=()),
        tier_moves=TierMoves(
            cells=tuple(TierMove(baseline_tier=code, draft_tier=code, members=n) for code, n in ends.items()),
            promoted=0, demoted=0, unmoved=sum(ends.values()), kept_by_grace=0,
        ),
        loopholes=Loopholes(), warnings=(),
    )  # fmt: skip


def empty_history() -> Result:
    """A period in which nobody bought anything."""
    return a_year(members=0, days=31)


def one_tier() -> Result:
    """A programme without a ladder, over three weeks, with seven members."""
    return a_year(members=7, days=21, tiers=1)


def many_rules() -> Result:
    """300 rules."""
    return a_year(members=120, extra=288)


def less_generous() -> Result:
    """A draft that takes away."""
    return a_year(members=400, tilt=35)


def hostile(name: str = '<script>alert(1)</script> & "\u202ex" \x00 =1+1 {0} %s') -> Result:
    """Every name of the programme, of its files and of its sentences is an attack."""
    year = a_year(members=40)

    def evil(told: Name) -> Name:
        return replace(told, zh=name, en=name)

    def side(one: Side) -> Side:
        return replace(
            one,
            currencies=tuple(replace(c, currency=evil(c.currency)) for c in one.currencies),
            by_rule=tuple(replace(row, rule=evil(row.rule)) for row in one.by_rule),
            by_tier=tuple(replace(row, group=evil(row.group)) for row in one.by_tier),
            by_store=tuple(replace(row, group=evil(row.group)) for row in one.by_store),
            by_category=tuple(replace(row, group=evil(row.group)) for row in one.by_category),
            tiers=tuple(replace(row, tier=evil(row.tier)) for row in one.tiers),
        )

    told = year.compared
    said = Sentence(zh=name, en=name)
    return replace(
        year, baseline=side(year.baseline), draft=side(year.draft),
        compared=replace(
            told, snapshot=name, time_zone=name, draft=replace(told.draft, name=evil(told.draft.name), label=name),
            baseline=replace(told.baseline, label=name), stores=(evil(STORES[0]),),
        ),
        change=replace(year.change, shares=tuple(replace(one, group=evil(one.group)) for one in year.change.shares)),
        warnings=(Notice(code=name, level="serious", sentence=said),), assumptions=(Assumption(code=name, sentence=said),),
    )  # fmt: skip


def huge_names() -> Result:
    """Names of 200 letters without a space, and numbers of a very large chain."""
    year = hostile("極" * 100 + "W" * 100)
    scale = 10**10

    def rule(row: RuleTotal) -> RuleTotal:
        return replace(
            row, granted_units=row.granted_units * scale, desired_units=row.desired_units * scale,
            cost_minor=row.cost_minor * scale,
        )  # fmt: skip

    def side(one: Side) -> Side:
        return replace(
            one, cost_minor=one.cost_minor * scale, by_rule=tuple(map(rule, one.by_rule)),
            currencies=tuple(
                replace(c, granted_units=c.granted_units * scale, cost_minor=c.cost_minor * scale) for c in one.currencies
            ),
            liability=tuple(replace(day, minor=day.minor * scale) for day in one.liability),
        )  # fmt: skip

    return replace(year, baseline=side(year.baseline), draft=side(year.draft))


def small_sample() -> Result:
    """A sample too small for an interval."""
    year = a_year(members=40)
    why = Sentence(
        zh="样本只有 40 名会员，不足以给出区间；至少需要 200 名。",
        en="The sample holds 40 members, too few for an interval; at least 200 are needed.",
    )
    return replace(
        year, compared=replace(year.compared, sample=(1, 100), members_all=4_000),
        intervals=tuple(
            Interval(what=what, estimate=None, low=None, high=None, why_not=why)
            for what in ("draft.cost_minor", "change.cost_minor", "change.owed_minor")
        ),
    )  # fmt: skip


def a_sample() -> Result:
    """A sample with intervals, and a stated elasticity."""
    year = a_year(members=900)
    cost, owed = year.draft.cost_minor * 100, year.draft.owed_minor * 100
    sides = year.draft.cost_share_bps
    return replace(
        year, compared=replace(year.compared, sample=(1, 100), members_all=90_000),
        intervals=(
            Interval(what="draft.cost_minor", estimate=cost, low=cost * 94 // 100, high=cost * 106 // 100),
            Interval(what="draft.cost_share_bps", estimate=sides, low=sides - 6, high=sides + 6),
            Interval(what="draft.owed_minor", estimate=owed, low=owed * 92 // 100, high=owed * 108 // 100),
            Interval(what="change.cost_minor", estimate=33_900, low=28_100, high=39_700),
            Interval(what="baseline.cost_minor", estimate=cost - 33_900, low=cost * 93 // 100, high=cost * 105 // 100),
            Interval(what="change.better", estimate=51_000, low=48_200, high=53_800),
            Interval(what="change.worse", estimate=36_000, low=33_200, high=38_800),
            Interval(what="change.promoted", estimate=9_000, low=8_000, high=10_000),
            Interval(what="change.demoted", estimate=1_500, low=1_100, high=1_900),
            Interval(what="change.something_newer", estimate=1, low=0, high=2),
        ),
        sensitivity=tuple(
            Sensitivity(elasticity=(n, 10), is_stated=n == 5, sales_minor=n * 1_234_500, cost_minor=900_000 + n * 15_430)
            for n in (0, 2, 5, 10)
        ),
    )  # fmt: skip


def without_worth() -> Result:
    """Points with two decimals that are worth no money."""
    year = a_year(members=80)

    def side(one: Side) -> Side:
        return replace(
            one, cost_minor=0, cost_share_bps=0, liability=tuple(replace(day, minor=0) for day in one.liability),
            currencies=tuple(
                replace(c, worth_minor=None, scale=2, cost_minor=0, expired_minor=0, redeemed_minor=0, breakage_minor=0)
                for c in one.currencies
            ),
            by_rule=tuple(replace(row, cost_minor=0) for row in one.by_rule),
            by_tier=tuple(replace(row, cost_minor=0) for row in one.by_tier),
            by_store=tuple(replace(row, cost_minor=0) for row in one.by_store),
            by_category=tuple(replace(row, cost_minor=0) for row in one.by_category),
            by_month=tuple(replace(row, cost_minor=0) for row in one.by_month),
        )  # fmt: skip

    return replace(
        year,
        baseline=side(year.baseline),
        draft=side(year.draft),
        loopholes=replace(year.loopholes, rich_baskets=None, outliers=()),
    )


def without_rules() -> Result:
    """A draft and a baseline that grant nothing, in money: with segments, a store without a name, and idle rules."""
    year = without_worth()
    segments = tuple(
        ChangeShare(
            by="segment", group=a_name(f"s{n}", f"分群 {n}", f"Segment {n}"), members=n, better=0, worse=0, unchanged=n, total=0
        )
        for n in range(1, 4)
    )  # fmt: skip
    nameless = replace(segments[0], by="store", group=a_name("31782", "31782", "31782"))
    return replace(
        year, baseline=replace(year.baseline, by_rule=()), draft=replace(year.baseline, by_rule=()),
        change=replace(
            year.change, measure="minor", currency=None, shares=(year.change.shares[0], *segments, nameless), gained_most=(),
        ),
        loopholes=Loopholes(never_fired=tuple(f"idle-{n}" for n in range(30))),
    )  # fmt: skip


def fewer_points() -> Result:
    """Points without a worth, of which the draft grants fewer."""
    year = without_worth()
    return replace(year, baseline=year.draft, draft=year.baseline)


CASES: dict[str, Callable[[], Result]] = {
    "year": a_year,
    "nothing_changed": nothing_changed,
    "empty_history": empty_history,
    "one_tier": one_tier,
    "many_rules": many_rules,
    "less_generous": less_generous,
    "hostile": hostile,
    "huge_names": huge_names,
    "small_sample": small_sample,
    "a_sample": a_sample,
    "without_worth": without_worth,
    "without_rules": without_rules,
    "fewer_points": fewer_points,
}
