"""What the tests of a document must agree on: moments in their order, one thing that happens, codes that exist."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from jifen.document.codes import unknown
from jifen.document.model import ProgramDocument
from jifen.document.problems import Finding, Steps
from jifen.document.trials import TrialExpected, TrialMember, TrialOccasion, TrialPart
from jifen.present.said import Said

FIRST_YEAR, LAST_YEAR = 2001, 2099
DAYS_MAX = 3_660
REFUSALS = frozenset(
    (
        "event_unknown", "limit_used_up", "store_unknown", "field_wrong", "points_missing", "line_unknown",
        "return_exceeds_purchase", "reward_not_now", "reward_not_here", "tier_missing", "reward_condition_unmet",
        "reward_limit_used_up",
    )
)  # fmt: skip
"""The codes of what may be refused in a test."""
HAPPENS = ("purchase", "told", "returns", "redeems", "takes")


def trial_findings(document: ProgramDocument) -> Iterator[Finding]:
    """Everything that is wrong with the tests of a document, in their order."""
    for at, trial in enumerate(document.tests):
        here: Steps = ("tests", at)
        yield from _moments(trial, here)
        receipts: list[str] = []
        for steps, one in occasions_of(trial, here):
            yield from _happens(one, steps, receipts)
            if one.purchase is not None and one.purchase.receipt is not None:
                receipts.append(one.purchase.receipt)
        yield from _codes(document, trial, here)
        if trial.expect == TrialExpected():
            yield Finding(
                code="test_expects_nothing", steps=(*here, "expect"), value=trial.code,
                said=Said("problem.test_expects_nothing.said", code=repr(trial.code)),
                out=Said("problem.test_expects_nothing.out"),
            )  # fmt: skip


def occasions_of(trial: TrialPart, here: Steps = ()) -> list[tuple[Steps, TrialOccasion]]:
    """What happens in a test, in its order, and where it stands."""
    before = [((*here, "given", "before", at), one) for at, one in enumerate(trial.given.before)]
    return [*before, ((*here, "occasion"), trial.occasion)]


def local_moment(text: str) -> datetime:
    """A moment as a test writes it, by the programme's clock and without a zone. Raises ValueError for a day that is none."""
    found = datetime.fromisoformat(text if " " in text else f"{text} 12:00")
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise ValueError(text)
    return found


def moments_of(trial: TrialPart) -> list[datetime]:
    """The moments of everything that happens in a test that was checked, by the programme's clock."""
    found: list[datetime] = []
    for _, one in occasions_of(trial):
        if one.at is not None:
            found.append(local_moment(one.at))
        else:
            assert one.after_days is not None, "an occasion has a moment"
            found.append(found[-1] + timedelta(days=one.after_days))
    return found


def _moments(trial: TrialPart, here: Steps) -> Iterator[Finding]:
    """Moments that are none, that go back, or that nothing tells."""
    last: datetime | None = None
    if (joined := trial.given.joined_on) is not None:
        try:
            last = local_moment(f"{joined} 00:00")
        except ValueError:
            yield _no_day((*here, "given", "joined_on"), joined)
    first = last
    is_first = True
    for steps, one in occasions_of(trial, here):
        if (one.at is None) == (one.after_days is None) or (is_first and one.at is None):
            yield Finding(
                code="test_moment_unclear", steps=steps, value=trial.code,
                said=Said("problem.test_moment_unclear.said"), out=Said("problem.test_moment_unclear.out"),
            )  # fmt: skip
            return
        is_first = False
        try:
            now = (
                local_moment(one.at)
                if one.at is not None
                else (last or local_moment(f"{FIRST_YEAR}-01-01")) + timedelta(days=one.after_days or 0)
            )
        except ValueError:
            yield _no_day((*steps, "at"), one.at or "")
            return
        if last is not None and now < last:
            yield Finding(
                code="test_goes_back", steps=(*steps, "at"), value=one.at,
                said=Said("problem.test_goes_back.said", at=str(now), before=str(last)),
                out=Said("problem.test_goes_back.out"),
            )  # fmt: skip
            return
        if now.year > LAST_YEAR:
            yield _no_day((*steps, "after_days"), str(one.after_days))
            return
        first = first or now
        if (now - first).days > DAYS_MAX:
            yield Finding(
                code="test_too_long", steps=(*steps, "at"), value=str(now),
                said=Said("problem.test_too_long.said", days=(now - first).days),
                out=Said("problem.test_too_long.out", days=DAYS_MAX),
            )  # fmt: skip
            return
        last = now


def _no_day(steps: Steps, value: str) -> Finding:
    return Finding(
        code="test_moment_wrong", steps=steps, value=value,
        said=Said("problem.test_moment_wrong.said", at=repr(value)),
        out=Said("problem.test_moment_wrong.out", first=FIRST_YEAR, last=LAST_YEAR),
    )  # fmt: skip


def _happens(one: TrialOccasion, steps: Steps, receipts: list[str]) -> Iterator[Finding]:
    written = [name for name in HAPPENS if getattr(one, name) is not None]
    if len(written) > 1:
        yield Finding(
            code="test_occasion_unclear", steps=steps, value=", ".join(written),
            said=Said("problem.test_occasion_unclear.said"), out=Said("problem.test_occasion_unclear.out"),
        )  # fmt: skip
    if one.purchase is not None and (one.purchase.amount_minor is None) == (not one.purchase.lines):
        yield Finding(
            code="test_purchase_unclear", steps=(*steps, "purchase"), value=one.purchase.receipt or "",
            said=Said("problem.test_purchase_unclear.said"), out=Said("problem.test_purchase_unclear.out"),
        )  # fmt: skip
    if one.returns is not None and one.returns.receipt not in receipts:
        yield unknown((*steps, "returns", "receipt"), one.returns.receipt, receipts, "receipt")


def _codes(document: ProgramDocument, trial: TrialPart, here: Steps) -> Iterator[Finding]:
    """Codes that name nothing. Stores, events and attributes are not looked at: what is refused may be what is tested."""
    currencies = [part.code for part in document.currencies]
    rules = [part.code for part in document.earn_rules]
    rewards = [part.code for part in document.rewards]
    tiers = [part.code for part in document.tiers.list] if document.tiers else ["member"]
    given: TrialMember = trial.given
    expect = trial.expect
    for steps, codes in (
        (("given", "balances"), given.balances), (("expect", "units"), expect.units), (("expect", "balances"), expect.balances),
        (("expect", "debts"), expect.debts), (("expect", "expired"), expect.expired),
    ):  # fmt: skip
        for code in codes:
            if code not in currencies:
                yield unknown((*here, *steps, code), code, currencies, "currency")
    for where, one in occasions_of(trial, here):
        for code in one.redeems or ():
            if code not in currencies:
                yield unknown((*where, "redeems", code), code, currencies, "currency")
        if one.takes is not None and one.takes.reward not in rewards:
            yield unknown((*where, "takes", "reward"), one.takes.reward, rewards, "reward")
    for code in expect.rules:
        if code not in rules:
            yield unknown((*here, "expect", "rules", code), code, rules, "earn_rule")
    for steps, tier in ((("given", "tier"), given.tier), (("expect", "tier"), expect.tier)):
        if tier is not None and tier not in tiers:
            yield unknown((*here, *steps), tier, tiers, "tier")
    if expect.refusal is not None and expect.refusal not in REFUSALS:
        yield unknown((*here, "expect", "refusal"), expect.refusal, sorted(REFUSALS), "refusal")
