"""What a shop owner would keep in a notebook: points by member, in plain Python, without a line of the real thing.

The programme: a point for each whole yuan of a purchase, at most 150 a day; a point lives ten days; a return may leave a
debt of up to 50 points and of what is promised to reservations; more is forgiven.
"""

from __future__ import annotations

from dataclasses import dataclass, field

CAP_OF_A_DAY = 150
DAYS_OF_LIFE = 10
DEBT_LIMIT = 50
LATE_DAYS = 3


@dataclass
class Stack:
    """Points that came together."""

    origin: str
    last_day: int
    left: int
    expired: int = 0
    held: dict[str, int] = field(default_factory=dict)


@dataclass
class Page:
    """What the notebook says of one member."""

    stacks: list[Stack] = field(default_factory=list)
    debt: int = 0
    earned: dict[int, int] = field(default_factory=dict)

    @property
    def available(self) -> int:
        return sum(stack.left for stack in self.stacks)

    @property
    def held(self) -> int:
        return sum(sum(stack.held.values()) for stack in self.stacks)

    @property
    def balance(self) -> int:
        return self.available + self.held - self.debt

    def take(self, points: int) -> list[tuple[Stack, int]]:
        """Take points, those that expire first; say from where."""
        taken = []
        for stack in sorted(self.stacks, key=lambda one: one.last_day):
            part = min(points, stack.left)
            if part:
                stack.left -= part
                points -= part
                taken.append((stack, part))
        return taken

    def repay(self) -> None:
        paid = min(self.debt, self.available)
        self.take(paid)
        self.debt -= paid

    def put(self, origin: str, last_day: int, points: int) -> None:
        if points:
            self.stacks.append(Stack(origin, last_day, points))
            self.repay()


@dataclass
class Receipt:
    """A purchase in the notebook. Lines are (amount, pieces)."""

    member: str | None
    day: int
    lines: list[tuple[int, int]]
    points: int
    back: list[int]

    def worth_of(self, back: list[int]) -> int:
        return sum(amount * n // pieces for (amount, pieces), n in zip(self.lines, back, strict=True))


class Notebook:
    """All members, receipts and reservations."""

    def __init__(self) -> None:
        self.day = 0
        self.pages: dict[str, Page] = {}
        self.receipts: dict[str, Receipt] = {}
        self.reservations: dict[str, tuple[str, str]] = {}  # name: (member, status)

    def sleep(self, days: int) -> None:
        """Reservations of an hour lapse on their own day; then each day's points go with their last day."""
        if not days:
            return
        for name, (_, status) in list(self.reservations.items()):
            if status == "open":
                self._end(name, "lapsed")
        self.day += days
        for page in self.pages.values():
            for stack in page.stacks:
                if stack.last_day < self.day:
                    stack.expired += stack.left
                    stack.left = 0

    def buy(self, no: str, member: str | None, lines: list[tuple[int, int]], days_ago: int) -> str:
        if days_ago > LATE_DAYS:
            return "time_out_of_bounds"
        self.receipts[no] = Receipt(member, self.day - days_ago, lines, 0, [0] * len(lines))
        if member:
            self._earn(no, self.receipts[no])
        return "done"

    def _earn(self, no: str, receipt: Receipt) -> None:
        assert receipt.member
        page = self.pages[receipt.member]
        earned = page.earned.get(receipt.day, 0)
        amount = sum(amount for amount, _ in receipt.lines)
        # Two who had both earned much on a day are beyond the cap together.
        receipt.points = min(amount // 100, max(0, CAP_OF_A_DAY - earned))
        page.earned[receipt.day] = earned + receipt.points
        page.put(no, receipt.day + DAYS_OF_LIFE, receipt.points)

    def is_at_the_border(self, no: str) -> bool:
        """Whether a receipt is as many days old as one may be that is claimed."""
        return no in self.receipts and self.day - self.receipts[no].day == LATE_DAYS

    def claim(self, no: str, member: str) -> str:
        receipt = self.receipts.get(no)
        if receipt is None:
            return "purchase_unknown"
        if receipt.member:
            return "purchase_claimed"
        if self.day - receipt.day > LATE_DAYS:
            return "time_out_of_bounds"
        receipt.member = member
        back, receipt.back = receipt.back, [0] * len(receipt.lines)
        self._earn(no, receipt)
        self._take_back(no, receipt, back)
        return "done"

    def bring_back(self, no: str, pieces: list[int] | None) -> str:
        receipt = self.receipts.get(no)
        if receipt is None:
            return "purchase_unknown"
        bought = [n for _, n in receipt.lines]
        after = bought if pieces is None else [a + b for a, b in zip(receipt.back, pieces, strict=True)]
        if after == receipt.back or any(a > b for a, b in zip(after, bought, strict=True)):
            return "return_exceeds_purchase"
        self._take_back(no, receipt, after)
        return "done"

    def _take_back(self, no: str, receipt: Receipt, after: list[int]) -> None:
        whole = sum(amount for amount, _ in receipt.lines) or 1
        is_whole = after == [n for _, n in receipt.lines]
        before, now = receipt.worth_of(receipt.back), whole if is_whole else receipt.worth_of(after)
        points = receipt.points * now // whole - receipt.points * before // whole
        receipt.back = after
        if not receipt.member or not points:
            return
        page = self.pages[receipt.member]
        stack = next(stack for stack in page.stacks if stack.origin == no)
        own = min(points, stack.left)
        stack.left -= own
        gone = min(points - own, stack.expired)
        stack.expired -= gone
        owed = min(points - own - gone, page.available + max(0, DEBT_LIMIT + page.held - page.debt))
        page.debt += owed
        page.earned[receipt.day] -= own + gone + owed  # what was forgiven stays used
        page.repay()

    def reserve(self, name: str, member: str, points: int) -> str:
        page = self.pages[member]
        if page.available < points:
            return "points_missing"
        for stack, part in page.take(points):
            stack.held[name] = part
        self.reservations[name] = (member, "open")
        return "done"

    def end(self, name: str, status: str) -> str:
        if name not in self.reservations:
            return "reservation_unknown"
        if self.reservations[name][0] not in self.pages:
            return "member_closed"
        if self.reservations[name][1] != "open":
            return "reservation_over"
        self._end(name, status)
        return "done"

    def _end(self, name: str, status: str) -> None:
        member = self.reservations[name][0]
        self.reservations[name] = (member, status)
        for stack in self.pages[member].stacks:
            points = stack.held.pop(name, 0)
            if status != "committed":
                stack.left += points
        self.pages[member].repay()

    def adjust(self, name: str, member: str, points: int) -> str:
        page = self.pages[member]
        if points > 0:
            page.put(name, self.day + DAYS_OF_LIFE, points)
        elif -points > page.available + max(0, DEBT_LIMIT - page.debt):
            return "points_missing"
        else:
            owed = max(0, -points - page.available)
            page.take(-points - owed)
            page.debt += owed
        return "done"

    def merge(self, goes: str, stays: str) -> str:
        """Everything of one page is written over to another; who went begins anew."""
        if goes == stays:
            return "merge_into_self"
        page, into = self.pages[goes], self.pages[stays]
        if page.held:
            return "units_reserved"
        into.stacks += page.stacks
        into.debt += page.debt
        into.repay()
        for day, points in page.earned.items():
            into.earned[day] = into.earned.get(day, 0) + points
        for receipt in self.receipts.values():
            if receipt.member == goes:
                receipt.member = stays
        for name, (member, status) in self.reservations.items():
            if member == goes:
                self.reservations[name] = (f"{goes} who went", status)
        self.pages[goes] = Page()
        return "done"

    def give(self, name: str, giver: str, receiver: str, points: int) -> str:
        if giver == receiver:
            return "gift_to_self"
        if self.pages[giver].available < points:
            return "points_missing"
        slices: dict[int, int] = {}
        for stack, part in self.pages[giver].take(points):
            slices[stack.last_day] = slices.get(stack.last_day, 0) + part
        for last_day, part in sorted(slices.items()):
            self.pages[receiver].put(f"{name}-{last_day}", last_day, part)
        return "done"
