"""What is said beside the numbers: what was taken for granted, and what the reader must know, in Chinese and English."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from jifen.domain.program.meaning import EarnRule, Program, Window, WindowKind
from jifen.domain.program.reading import claims_of
from jifen.insight.backtest.missing import named
from jifen.insight.backtest.question import Question
from jifen.insight.backtest.result import Assumption, Notice, Sensitivity, Sentence, Side
from jifen.insight.backtest.tally import BASELINE, DRAFT, Tally

LEVELS = {"serious": 0, "caution": 1, "note": 2}
REFUSED_CAUTION_BPS = 500


def assumptions_of(
    question: Question, gifts: dict[int, int], elasticity: Fraction | None
) -> tuple[Assumption, ...]:
    """What a back-test takes for granted.

    Shape
        gifts   by side: in how many passes gifts were settled
    """
    told = [
        _assumption(
            "purchases_unchanged",
            "会员的消费与退货和过去完全一样：规则变了，购买行为不变。",
            "Members buy and return exactly what they did: the rules change, what is bought does not.",
        ),
        _spends(question),
        _assumption(
            "adjustments_as_they_were", "人工调整按过去原样重放。", "Adjustments by hand are replayed as they were."
        ),
        _assumption(
            "brought_to_the_end",
            f"每位会员都推进到 {question.to_on}（含）为止：到期、生效和等级复核都按应发生的日期计入。",
            f"Every member is brought to the end of {question.to_on}: what is due by then (expiry, maturity, tier review) is "
            "done, and dated when it was due.",
        ),
    ]  # fmt: skip
    if gifts:
        told.append(
            _assumption(
                "gifts_follow_givers",
                f"转赠随赠送人的结果变化，反复计算 {max(gifts.values())} 轮后不再变化。",
                f"What a gift brings follows from what its giver had; it was worked out again until nothing changed "
                f"({max(gifts.values())} passes).",
            )
        )
    if question.stores:
        told.append(
            _assumption(
                "stores_choose_members",
                "所选门店指在那里消费次数最多的会员；这些会员在其他门店的消费也一并重放。",
                "The stores chosen stand for the members who bought there most often; what these members bought elsewhere is "
                "replayed too.",
            )
        )  # fmt: skip
    if question.sample is not None and question.sample < 1:
        share = f"{float(question.sample):.2%}"
        told.append(
            _assumption(
                "whole_members_sampled",
                f"抽取 {share} 的会员（按会员编号和种子 {question.seed} 的散列），每人的全部历史都重放；合计未放大。",
                f"{share} of the members were drawn (by a hash of their number and the seed {question.seed}), each with a "
                "whole history; sums are not scaled up.",
            )
        )  # fmt: skip
    if elasticity is not None:
        told.append(
            _assumption(
                "elasticity_stated",
                f"敏感性一栏另外假设：返还比例每增加 1 个百分点，销售额增加 {float(elasticity):g} 个百分点。",
                f"The sensitivity alone supposes that sales grow by {float(elasticity):g} points of a hundred for each that is "
                "given back more.",
            )
        )  # fmt: skip
    return tuple(told)


def _spends(question: Question) -> Assumption:
    if question.redemptions == "replayed":
        return _assumption(
            "spends_as_balances_allow",
            "兑换、转赠和预留按过去的时间与数量重放；余额不够的不发生，并计入“未能支付”。",
            "Redemptions, gifts and reservations are replayed when and as large as they were; what the balance cannot pay "
            "does not take place, and is counted.",
        )
    return _assumption(
        "redemptions_drawn",
        "会员在过去兑换的时间兑换，数量按其自身习惯抽取：取其过去某次兑换占当时可用积分的比例，"
        f"乘以此时的可用积分（至少一个最小单位）；从不兑换的仍不兑换。两边用同一种子 {question.seed} 抽取；"
        "没有可用积分的不发生，并计入“未能支付”。转赠按过去的时间与数量重放。",
        "Members redeem when they did, and how much is drawn from their own habit: the share of the available points that they "
        "took at one of their own past redemptions, of what is available now (at least the smallest unit). Who never redeemed "
        f"goes on not redeeming. Both sides draw with the seed {question.seed}; where nothing is available nothing takes place, "
        "and that is counted. Gifts are replayed when and as large as they were.",
    )


def notices_of(
    question: Question, tally: Tally, sides: tuple[Side, Side], missing: Iterable[Notice]
) -> tuple[Notice, ...]:
    """The warnings, the most serious first."""
    found = [*missing, *_short_history(question), *_refused(sides[DRAFT])]
    if tally.purchases == 0:
        found.append(
            _notice("no_purchases", "serious", {}, "这段时间里没有任何消费。", "Nothing was bought in this period.")
        )  # fmt: skip
    if question.draft.begins_at is not None and question.draft.published:
        found.append(
            _notice(
                "draft_begins_half_way",
                "note",
                {"revisions_before": question.draft.published},
                f"{question.from_on} 之前按当时已发布的版本计算；那时获得的积分保留原有的到期日。",
                f"Before {question.from_on} the published revisions count; units earned by then keep their expiry.",
            )
        )
    for at, which_zh, which_en in ((BASELINE, "对照方案", "the baseline"), (DRAFT, "草案", "the draft")):
        owed = sides[at].owed_minor
        if any(total.closing_units < 0 for total in sides[at].currencies):
            found.append(
                _notice(
                    "balances_below_zero",
                    "caution",
                    {"owed_minor": owed},
                    f"按{which_zh}，期末全体会员合计为欠分。",
                    f"With {which_en} the members together owe points at the end.",
                )
            )
    return tuple(sorted(found, key=lambda one: LEVELS[one.level]))


def _short_history(question: Question) -> Iterable[Notice]:
    """Windows and lives of units that reach further than the history."""
    program = question.draft.program
    days = (question.from_on - question.history_from).days
    span = (question.to_on - question.history_from).days + 1
    window = _days_of(program.ladder.window)
    if len(program.ladder.tiers) > 1 and days < window:
        yield _notice(
            "tier_window_short",
            "caution",
            {"window_days": window, "days_before": days},
            f"等级看 {window} 天，但{_known_before(days).zh}：开始阶段的等级偏低。",
            f"Tiers look back {window} days, and {_known_before(days).en}: at its beginning tiers are too low.",
        )  # fmt: skip
    for currency in program.currencies:
        lives = [terms.expiry for terms in currency.terms if terms.expiry is not None]
        if lives:
            life = max(expiry.months * 30 + expiry.days for expiry in lives)
            if span < 2 * life:
                yield _notice(
                    "expiry_hardly_seen",
                    "caution",
                    {"life_days": life, "history_days": span},
                    f"{currency.code} 的有效期约 {life} 天，而历史只有 {span} 天：多数积分还没到期，过期和沉没被低估。",
                    f"{currency.code} live about {life} days and the history has {span}: most have not come to their end, so "
                    "expiry and breakage are underestimated.",
                )  # fmt: skip
    for rule, window_days in _rule_windows(program):
        if days < window_days:
            yield _notice(
                "rule_window_short",
                "note",
                {"window_days": window_days, "days_before": days},
                f"规则“{named(rule).zh}”看 {window_days} 天，但{_known_before(days).zh}。",
                f"The rule “{named(rule).en}” looks back {window_days} days, and {_known_before(days).en}.",
            )


def _days_of(window: Window) -> int:
    """How far a window looks back; 0: as far as a membership goes, which no number of days says."""
    if window.kind is WindowKind.ROLLING:
        return window.days
    return 0 if window.kind is WindowKind.LIFE else 366


def _known_before(days: int) -> Sentence:
    if days == 0:
        return Sentence(zh="所比较的时段之前没有历史", en="nothing is known before the period")
    return Sentence(
        zh=f"所比较的时段之前只有 {days} 天的历史",
        en=f"only {days} day{'' if days == 1 else 's'} before the period {'is' if days == 1 else 'are'} known",
    )


def _rule_windows(program: Program) -> Iterable[tuple[EarnRule, int]]:
    for rule in program.rules:
        longest = max((claim.window_days for claim in claims_of(rule.state)), default=0)
        if longest:
            yield rule, longest


def _refused(side: Side) -> Iterable[Notice]:
    for row in side.replayed:
        if row.verb == "redeem" and row.refused:
            share = row.refused_units * 10_000 // max(row.asked_units, 1)
            yield _notice(
                "redemptions_refused",
                "caution" if share >= REFUSED_CAUTION_BPS else "note",
                {"refused": row.refused, "refused_units": row.refused_units, "members": row.refused_members},
                f"按草案，{row.refused_members:,} 名会员的 {row.refused:,} 次兑换（{row.refused_units:,} 单位）余额不够。",
                f"With the draft the balance cannot pay {row.refused:,} redemptions of {row.refused_members:,} members "
                f"({row.refused_units:,} units).",
            )  # fmt: skip


def sensitivity_of(
    elasticity: Fraction | None, sides: tuple[Side, Side], sales_minor: int
) -> tuple[Sensitivity, ...]:
    """What the draft comes to if sales answer: none, half, as stated, twice. Sales change by elasticity x change of the share."""
    if elasticity is None or sales_minor <= 0:
        return ()
    costs = [Fraction(side.cost_minor) for side in sides]
    told = []
    for stated in sorted({Fraction(0), elasticity / 2, elasticity, elasticity * 2}):
        sales = stated * (costs[DRAFT] - costs[BASELINE])
        cost = costs[DRAFT] - costs[BASELINE] + sales * costs[DRAFT] / sales_minor
        told.append(
            Sensitivity(
                elasticity=(stated.numerator, stated.denominator),
                is_stated=stated == elasticity,
                sales_minor=round(sales),
                cost_minor=round(cost),
            )
        )
    return tuple(told)


def _assumption(code: str, zh: str, en: str) -> Assumption:
    return Assumption(code=code, sentence=Sentence(zh=zh, en=en))


def _notice(code: str, level: str, numbers: dict[str, int], zh: str, en: str) -> Notice:
    return Notice(code=code, level=level, numbers=numbers, sentence=Sentence(zh=zh, en=en))  # type: ignore[arg-type]
