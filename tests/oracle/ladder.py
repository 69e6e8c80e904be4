"""Tiers, as docs/programme.md has them: up at once, kept for a time, judged again when that is over."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracle.facts import Document, programme_day
from tests.oracle.moments import anniversary

BEGIN = datetime(1970, 1, 1, tzinfo=UTC)


class Ladder:
    """Where one member stands on the ladder, and where he stood at any moment.

    `story` is all that ever counted, in the order in which it was told; a void takes a purchase out of it and tells the
    rest once more. `steps` are moments with the tier from then on and the day on which it is judged again.
    """

    def __init__(self, document: Document, joined: date) -> None:
        """A member who has not begun to climb."""
        self.document = document
        self.joined = joined
        self.tiers: dict[str, Any] = document.get("tiers", {})
        self.story: list[dict[str, Any]] = []
        self.sums: dict[date, int] = {}
        self.steps: list[tuple[datetime, int, date | None]] = []
        self.forget()

    def forget(self) -> None:
        """Stand at the foot of the ladder again."""
        self.sums = {}
        self.steps = [(BEGIN, 0, None)]
        self.judged: set[datetime] = set()

    def begin_of_window(self, day: date) -> date:
        """The first day of the window that ends with a day."""
        if "window_days" in self.tiers:
            return day - timedelta(days=self.tiers["window_days"] - 1)
        if self.tiers["window"] == "calendar_year":
            return date(day.year, 1, 1)
        if self.tiers["window"] == "membership_year":
            return max(one for one in self.anniversaries(day) if one <= day)
        return date.min

    def anniversaries(self, day: date) -> list[date]:
        """The day of joining, and its anniversaries up to some years after a day."""
        years = range(self.joined.year, max(day.year, self.joined.year) + 12)
        return [anniversary(self.joined, year) for year in years]

    def gathered(self, day: date) -> int:
        """What counts in the window that ends with a day."""
        first = self.begin_of_window(day)
        return sum(value for when, value in self.sums.items() if first <= when <= day)

    def reached(self, day: date) -> int:
        """The highest tier that the window ending with a day reaches."""
        total = self.gathered(day)
        return max(
            rank
            for rank, tier in enumerate(self.tiers["list"])
            if rank == 0 or total >= self.units(tier["reach"])
        )

    def units(self, shown: int) -> int:
        """What is to be gathered, in smallest units."""
        for part in self.document["currencies"]:
            if part["code"] == self.tiers["by"]:
                return int(shown * 10 ** part.get("scale", 0))
        return shown

    def judge(self, rank: int, day: date) -> tuple[int, date]:
        """The tier that a judging on a day leaves of one, and the day from which on it is kept."""
        without_grace = day - timedelta(days=self.tiers.get("grace_days", 0))
        kept = max(self.keeps(without_grace), self.keeps(day))
        if kept >= rank:
            return rank, without_grace
        how = self.tiers.get("downgrade", "reassess")
        if how == "none":
            return rank, day
        return {"reassess": kept, "one_level": rank - 1, "base": 0}[how], day

    def keeps(self, day: date) -> int:
        """The highest tier that the window asked on a day of judging keeps: of a year, the one that ended the day before."""
        is_of_a_year = self.tiers.get("window") in {"calendar_year", "membership_year"}
        total = self.gathered(day - timedelta(days=1) if is_of_a_year else day)
        return max(
            rank
            for rank, tier in enumerate(self.tiers["list"])
            if rank == 0 or total >= self.units(tier.get("keep", tier["reach"]))
        )

    def judged_on(self, day: date) -> date:
        """The day of judging, without days of grace, of a tier that is kept from a day on."""
        if "keeps_days" in self.tiers:
            return day + timedelta(days=self.tiers["keeps_days"])
        until = self.tiers["keeps_until"]
        if "year_ends" in until:
            return date(day.year + until["year_ends"], 1, 1)
        if "month_ends" in until:
            years, month = divmod(day.year * 12 + day.month - 1 + until["month_ends"], 12)
            return date(years, month + 1, 1)
        ahead = [one for one in self.anniversaries(day) if one > day]
        return ahead[int(until["anniversaries"]) - 1]

    def start_of(self, day: date) -> datetime:
        """The moment at which a day of the programme begins."""
        return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(self.document["time_zone"])).astimezone(
            UTC
        )

    def rank_at(self, moment: datetime) -> int:
        """The tier held at a moment."""
        return next(rank for since, rank, _ in reversed(self.steps) if since <= moment)

    def code(self, rank: int) -> str:
        """The code of a tier."""
        return str(self.tiers["list"][rank]["code"]) if self.tiers else "member"

    def multiplier(self, rank: int) -> Fraction:
        """What a tier multiplies by."""
        return Fraction(self.tiers["list"][rank].get("multiplier", "1")) if self.tiers else Fraction(1)

    def review_until(self, day: date, steps: list[tuple[datetime, int, date | None]]) -> None:
        """Judge again on each day of judging that has come."""
        while (due := steps[-1][2]) is not None and due <= day:
            steps.append(self.step(self.start_of(due), *self.judge(steps[-1][1], due)))
            self.judged.add(self.start_of(due))

    def fell(self, steps: list[tuple[datetime, int, date | None]], since: datetime) -> bool:
        """Whether a judging took a tier: what was judged before something was told stands."""
        at = next(i for i, step in enumerate(steps) if step[0] == since)
        return at > 0 and steps[at][1] < steps[at - 1][1]

    def step(self, since: datetime, rank: int, day: date) -> tuple[datetime, int, date | None]:
        """A tier from a moment on, kept from a day on; the first tier is kept for ever."""
        grace = timedelta(days=self.tiers.get("grace_days", 0))
        return since, rank, self.judged_on(day) + grace if rank else None

    def pass_time(self, moment: datetime) -> None:
        """What time brings."""
        if self.tiers:
            self.review_until(programme_day(self.document, moment), self.steps)

    def tell(self, told: dict[str, Any]) -> None:
        """Something that counts, or that something of it came back."""
        if self.tiers:
            self.story.append(told)
            self.hear(told)

    def hear(self, told: dict[str, Any]) -> None:
        """Do what a line of the story says."""
        self.pass_time(told["recorded"])
        day = programme_day(self.document, told["occurred"])
        self.sums[day] = self.sums.get(day, 0) + told["value"]
        if told["is_return"]:
            return
        self.lift_from(told["occurred"], told["recorded"])

    def lift_from(self, moment: datetime, told: datetime) -> None:
        """Lift at the moment by the window that ends then, walk on to when it is told, and lift there; never lower it."""
        old = self.steps
        rank = self.reached(programme_day(self.document, moment))
        if rank > self.rank_at(moment):
            new = [step for step in old if step[0] <= moment]
            new.append(self.step(moment, rank, programme_day(self.document, moment)))
            for since, stood, until in old:
                if since > moment:
                    self.review_above(programme_day(self.document, since), new, old)
                    if stood > new[-1][1] or (
                        since in self.judged and stood < new[-1][1] and self.fell(old, since)
                    ):
                        new.append((since, stood, until))
            self.review_above(programme_day(self.document, told), new, old)
            self.steps = new
        today = programme_day(self.document, told)
        if self.reached(today) > self.steps[-1][1]:
            self.steps.append(self.step(told, self.reached(today), today))

    def review_above(
        self,
        day: date,
        steps: list[tuple[datetime, int, date | None]],
        floor: list[tuple[datetime, int, date | None]],
    ) -> None:
        """Judge again on each day of judging that has come, and never lower than he stood."""
        while (due := steps[-1][2]) is not None and due <= day:
            since = self.start_of(due)
            step = self.step(since, *self.judge(steps[-1][1], due))
            stood = standing(floor, since)
            steps.append((since, stood[1], stood[2]) if stood[1] > step[1] else step)

    def without(self, number: str, now: datetime) -> None:
        """A purchase that never was: the rest of the story is told again."""
        if not self.tiers:
            return
        self.story = [told for told in self.story if told["number"] != number]
        self.forget()
        for told in self.story:
            self.hear(told)
        self.pass_time(now)


def standing(
    steps: list[tuple[datetime, int, date | None]], moment: datetime
) -> tuple[datetime, int, date | None]:
    """The step on which one stands at a moment."""
    return next(step for step in reversed(steps) if step[0] <= moment)
