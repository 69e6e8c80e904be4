"""The real operations on real PostgreSQL beside a notebook that predicts every balance and every refusal."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.builders import a_document, a_line
from tests.conftest import FreshDatabase
from tests.machine.model import CAP_OF_A_DAY, DAYS_OF_LIFE, DEBT_LIMIT, LATE_DAYS, Notebook, Page
from tests.machine.scarce import DRAWN, MOMENTS, with_stars
from tests.machine.till import Till, a_key, a_till

from jifen.domain.refusals import KeyReused, Refusal
from jifen.jobs.loop import do_effects
from jifen.operations.advance_members import advance_members
from jifen.operations.handle_reservations import commit_reservation, release_reservation
from jifen.store.once import Once

MEMBERS = ("ann", "bo", "chen")
BUDGET = 61  # of stars, which all examples share
EXAMPLES = int(os.environ.get("JIFEN_TEST_EXAMPLES", "12"))
NOON = datetime.now(UTC).replace(hour=4, minute=0, second=0) - timedelta(days=900)  # noon in Shanghai

names = st.sampled_from(MEMBERS)
which = st.integers(0, 12)
points = st.sampled_from((1, 20, 50, 100, 150))
lines = st.lists(
    st.tuples(st.sampled_from((0, 50, 999, 5_000, 12_345)), st.integers(1, 3)), min_size=1, max_size=2
)


class Shop(RuleBasedStateMachine):
    """One shop with three members; the notebook says what must be true."""

    till: Till
    run: asyncio.Runner

    @initialize()
    def open_the_shop(self) -> None:
        self.notebook = Notebook()
        self.shop = uuid4().hex[:12]
        self.members: dict[str, UUID] = {}
        self.reservations: dict[str, UUID] = {}
        self.asked = 0
        self._do(self.till.set_now(NOON))
        for name in MEMBERS:
            self.members[name] = self._do(self.till.enrol(f"{self.shop}-{name}"))
            self.notebook.pages[name] = Page()

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.run.run(work)

    def _expect(self, code: str, work: Coroutine[Any, Any, Any]) -> Any:
        answer, said = None, "done"
        try:
            answer = self._do(work)
        except Refusal as refusal:
            said = refusal.code
        assert said == code
        return answer

    def _name(self) -> str:
        self.asked += 1
        return f"{self.shop}-{self.asked}"

    def _some_receipt(self, n: int) -> str:
        known = list(self.notebook.receipts)
        return known[n % len(known)] if known and n < 12 else f"{self.shop}-nothing"

    def _lines(self, own: list[tuple[int, int]]) -> list[Any]:
        return [
            a_line(i + 1, amount, quantity_milli=pieces * 1_000) for i, (amount, pieces) in enumerate(own)
        ]

    @rule(name=st.one_of(names, names, st.none()), own=lines, days_ago=st.sampled_from((0, 0, 0, 1, 3, 4)))
    def buy(self, name: str | None, own: list[tuple[int, int]], days_ago: int) -> None:
        no = self._name()
        code = self.notebook.buy(no, name, own, days_ago)
        # A till's moment is a second before now, so that a day ago lies within its bounds.
        at = self._do(self.till.now()) - timedelta(days=days_ago) + timedelta(seconds=5 if days_ago else 0)
        whose = self.members[name] if name else None
        self._expect(code, self.till.buy(whose, no=no, lines=self._lines(own), at=at))

    @rule(n=which)
    @precondition(lambda self: self.notebook.receipts)
    def the_same_number_with_another_body_is_refused(self, n: int) -> None:
        no = list(self.notebook.receipts)[n % len(self.notebook.receipts)]
        self._expect(KeyReused.code, self.till.buy(self.members["ann"], 77, no=no))

    @rule(n=which, pieces=st.one_of(st.none(), st.lists(st.integers(0, 3), min_size=2, max_size=2)))
    def bring_back(self, n: int, pieces: list[int] | None) -> None:
        no = self._some_receipt(n)
        receipt = self.notebook.receipts.get(no)
        own = pieces[: len(receipt.lines)] if pieces and receipt else pieces
        if own is not None and not any(own):
            return
        code = self.notebook.bring_back(no, own)
        asked = None if own is None else [(i + 1, n * 1_000) for i, n in enumerate(own) if n]
        self._expect(code, self.till.bring_back(no, asked))

    @rule(n=which, name=names)
    def claim(self, n: int, name: str) -> None:
        no = self._some_receipt(n)
        if self.notebook.is_at_the_border(no):
            return  # the notebook counts days: whether the seconds that a test takes are too late it cannot say
        self._expect(self.notebook.claim(no, name), self.till.claim(self.members[name], no))

    @rule(name=names, units=points)
    def reserve(self, name: str, units: int) -> None:
        own = self._name()
        code = self.notebook.reserve(own, name, units)
        answer = self._expect(code, self.till.reserve(self.members[name], units, seconds=3_600))
        if answer:
            self.reservations[own] = UUID(answer["reservation_id"])

    @rule(n=which, is_commit=st.booleans())
    def end_a_reservation(self, n: int, is_commit: bool) -> None:
        known = list(self.reservations)
        own = known[n % len(known)] if known else "nothing"
        code = self.notebook.end(own, "committed" if is_commit else "released")
        end = commit_reservation if is_commit else release_reservation
        self._expect(code, end(self.till.ledger, self.reservations.get(own, uuid4()), a_key()))

    @rule(name=names, units=st.one_of(points, points.map(lambda n: -n)))
    def adjust(self, name: str, units: int) -> None:
        code = self.notebook.adjust(self._name(), name, units)
        self._expect(code, self.till.adjust(self.members[name], units))

    @rule(giver=names, receiver=names, units=points, twice=st.booleans())
    def give(self, giver: str, receiver: str, units: int, twice: bool) -> None:
        own = self._name()
        code = self.notebook.give(own, giver, receiver, units)
        key = Once(key=own, body_hash=b"gift")
        answer = self._expect(
            code, self.till.give(self.members[giver], self.members[receiver], units, key=key)
        )
        if twice and answer:
            again = self._do(self.till.give(self.members[giver], self.members[receiver], units, key=key))
            assert again == {**answer, "is_replay": True}

    @rule(goes=names, stays=names, twice=st.booleans())
    def merge(self, goes: str, stays: str, twice: bool) -> None:
        """Who goes is somebody new from then on."""
        own = self._name()
        code = self.notebook.merge(goes, stays)
        key = Once(key=own, body_hash=b"merge")
        answer = self._expect(code, self.till.merge(self.members[goes], self.members[stays], key=key))
        if answer:
            if twice:
                again = self._do(self.till.merge(self.members[goes], self.members[stays], key=key))
                assert again == {**answer, "is_replay": True}
            self.members[goes] = self._do(self.till.enrol(own))

    @rule(days=st.sampled_from((1, 1, 2, 5, 11)))
    def sleep(self, days: int) -> None:
        self.notebook.sleep(days)
        self._do(self.till.set_now(NOON + timedelta(days=self.notebook.day)))

    @rule()
    def the_jobs_run(self) -> None:
        """Jobs only show what time has decided."""
        while self._do(advance_members(self.till.ledger)):
            pass
        assert self._do(do_effects(self.till.ledger)) == 0

    @invariant()
    def every_balance_is_as_the_notebook_says(self) -> None:
        for name, member in getattr(self, "members", {}).items():
            page = self.notebook.pages[name]
            seen = self._do(self.till.balance(member))
            assert (seen.balance, seen.available, seen.held, seen.debt) == (
                page.balance,
                page.available,
                page.held,
                page.debt,
            ), name

    @invariant()
    def every_law_holds(self) -> None:
        self._do(self.till.assert_laws_in_sql())

    def teardown(self) -> None:
        self._do(self.till.assert_laws())


def test_the_shop_and_its_notebook_agree_whatever_happens(fresh_database: FreshDatabase) -> None:
    document = with_stars(
        a_document(
            caps=f"{{day: {CAP_OF_A_DAY}}}",
            expiry=f"{{days: {DAYS_OF_LIFE}}}",
            debt=f"{{policy: allow, limit_units: {DEBT_LIMIT}}}",
            late_days=LATE_DAYS,
        ),
        budget=BUDGET,
        ahead=3,
    )
    with asyncio.Runner() as runner:
        opened = a_till(fresh_database, document)
        till = runner.run(opened.__aenter__())

        class OneShop(Shop):
            pass

        OneShop.till, OneShop.run = till, runner
        run_state_machine_as_test(
            OneShop,
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=25,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
        assert runner.run(till.fetchval(DRAWN)) <= BUDGET
        _come_near_the_end(OneShop())
        assert runner.run(till.fetchval(MOMENTS)) > 0, "points came near their end"
        runner.run(opened.__aexit__(None, None, None))


def _come_near_the_end(shop: Shop) -> None:
    """What random days need not bring: points that somebody keeps until they expire, with the notebook and the laws beside."""
    shop.open_the_shop()
    shop.buy("ann", [(12_345, 1)], 0)
    for _ in range(DAYS_OF_LIFE + 2):
        shop.sleep(1)
        shop.the_jobs_run()
        shop.every_balance_is_as_the_notebook_says()
    shop.every_law_holds()
    shop.teardown()
