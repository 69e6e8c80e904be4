"""Publishing costs a till nothing: each revision is compiled once, ahead of its effect, outside every lock and transaction,
and none takes effect in the past however slow its publishing was."""

from __future__ import annotations

import asyncio
import random
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from tests.builders import a_document, document_text
from tests.conftest import FreshDatabase
from tests.machine.till import Till, a_key, a_till, another_till, days
from tests.publishing import let_time_pass, put_in_force

from jifen.document import plan as planning
from jifen.document import stored, write
from jifen.document.compile import compile_program
from jifen.document.load import parse_document
from jifen.document.model import ProgramDocument, StorePart
from jifen.document.plan import forbidden_changes
from jifen.domain.principal import LOCAL
from jifen.domain.refusals import EffectiveInThePast, RevisionStale
from jifen.operations import publish_program as publishing
from jifen.operations.adjust_units import adjust_units
from jifen.operations.publish_program import LEAD, publish_program, publish_program_once
from jifen.operations.read_program import read_revisions
from jifen.operations.read_statement import read_statement
from jifen.store import compiled, revisions
from jifen.store.ledger import Ledger, open_pool

PUBLISHED = 200
STORES = 8_000
NAMED = 1_200

_owner: ContextVar[asyncio.Task[Any] | None] = ContextVar("_owner", default=None)


class Watched(Ledger):
    """A process that counts what it compiles, and knows which of its tasks are within a transaction."""

    within: set[asyncio.Task[Any]]
    counted: Counter[int]

    def __init__(self, pool: Any) -> None:
        super().__init__(pool, compile_timeline=stored.timeline_of_published)
        self.within = set()
        self.counted = Counter()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        """A connection; whoever has one holds up others."""
        task = asyncio.current_task()
        assert task is not None
        async with super().connection() as connection:
            self.within.add(task)
            try:
                yield connection
            finally:
                self.within.discard(task)

    async def compile(self, numbers: Any) -> None:
        """As it is; the thread finds in its context on whose behalf it compiles."""
        _owner.set(asyncio.current_task())
        await super().compile(numbers)

    def compile_one(self, revision: Any) -> Any:
        """Counted."""
        self.counted[revision.number] += 1
        assert threading.current_thread() is not threading.main_thread(), "the loop stood still"
        assert _owner.get() not in self.within, "compiled while a connection was held"
        return super().compile_one(revision)


@asynccontextmanager
async def a_process(database: FreshDatabase) -> AsyncIterator[tuple[Till, Watched]]:
    """Another process of the same shop, watched."""
    pool = await open_pool(database.app)
    ledger = Watched(pool)
    try:
        yield Till(ledger), ledger
    finally:
        await pool.close()


def variant(number: int) -> ProgramDocument:
    """A document that differs from its neighbours in what it grants."""
    return a_document(caps=f"{{purchase: {100 + number}}}")


def large(*, points: int = 1) -> ProgramDocument:
    """A programme of 8,000 stores, of which a rule names 1,200 and gives them so many points."""
    stores = "\n".join(f"  - {{code: s{n}, names: {{zh: 店 {n}, en: Shop {n}}}}}" for n in range(STORES))
    named = ", ".join(f"s{n}" for n in range(NAMED))
    rule = (
        "earn_rules:\n  - code: chosen\n    names: {zh: 指定门店, en: Chosen shops}\n    currency: points\n"
        f"    fixed: {{points: {points}}}\n    when: {{fact: purchase.store, in: [{named}]}}\n"
    )
    text = (
        document_text()
        .replace("any_store: true\n", "")
        .replace("earn_rules:\n", f"stores:\n{stores}\n{rule}", 1)
    )
    return parse_document(text, name="large")


async def ring(till: Till, members: list[Any], stop: asyncio.Event, chance: random.Random) -> int:
    """Buy, and sometimes bring back, until told to stop."""
    rung = 0
    while not stop.is_set():
        no = f"{id(till)}-{chance.random()}"
        await till.buy(chance.choice(members), 5_000 + chance.randrange(20_000), no=no, store="s1")
        if chance.random() < 0.1:
            await till.bring_back(no)
        rung += 1
        await asyncio.sleep(0.01)
    return rung


async def test_two_hundred_revisions_are_published_while_tills_ring(
    fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_the_loop: list[str] = []

    def watched(function: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            if threading.current_thread() is threading.main_thread():
                on_the_loop.append(function.__name__)
            return function(*args, **kwargs)

        return call

    async with (
        a_till(fresh_database, shards=1) as first,
        a_process(fresh_database) as (till, one),
        a_process(fresh_database) as (other_till, two),
    ):
        monkeypatch.setattr(publishing, "compile_program", watched(compile_program))
        monkeypatch.setattr(publishing, "forbidden_changes", watched(forbidden_changes))
        await let_time_pass(first.ledger, -days(2))
        members = [await first.enrol() for _ in range(12)]
        stop = asyncio.Event()
        ringing = [
            asyncio.create_task(ring(each, members, stop, random.Random(seed)))
            for seed, each in enumerate((till, other_till))
        ]
        for number in range(2, PUBLISHED + 2):
            document = large() if number == PUBLISHED + 1 else variant(number)
            await publish_program(one, document, effective_at=None, published_by="test")
            await let_time_pass(one, timedelta(seconds=7))
        for _ in range(10):
            await let_time_pass(one, timedelta(seconds=7))
            await asyncio.sleep(0.1)
        stop.set()
        rung = sum(await asyncio.gather(*ringing))

        judged = await first.fetchval("SELECT count(DISTINCT revision) FROM purchase")
        assert await first.fetchval("SELECT max(revision) FROM purchase") == PUBLISHED + 1
        assert rung > PUBLISHED
        assert judged > PUBLISHED // 4
        assert not on_the_loop
        # What a process published itself it need not compile; the other compiled each that it judged by, once.
        assert one.counted.keys() <= {1}
        assert set(two.counted.values()) == {1}
        assert len(two.counted) > PUBLISHED // 4
        await first.assert_laws()


async def test_a_publish_compiles_its_document_and_writes_each_of_its_stores_once(
    fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: Counter[str] = Counter()
    dump = write._dump

    def counted_dump(part: Any, **more: Any) -> Any:
        done["stores written"] += isinstance(part, StorePart)
        return dump(part, **more)

    def counted_compile(*args: Any, **more: Any) -> Any:
        done["compiled"] += 1
        return compile_program(*args, **more)

    async with a_till(fresh_database) as till:
        await publish_program(till.ledger, large(points=1), effective_at=None, published_by="test")
        monkeypatch.setattr(write, "_dump", counted_dump)
        for module in (publishing, planning, stored):
            monkeypatch.setattr(module, "compile_program", counted_compile)
        revision, _ = await publish_program(
            till.ledger, large(points=2), effective_at=None, published_by="test"
        )

        assert done == {"stores written": STORES, "compiled": 1}
        assert revision.document == write.as_values(large(points=2))
        assert revision.document_hash == write.document_hash(large(points=2))


async def test_a_slow_publish_is_refused_rather_than_in_force_in_the_past(
    fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes = revisions.add_revision

    async def slowly(*args: Any, **kwargs: Any) -> Any:
        await asyncio.sleep(1.5)
        return await writes(*args, **kwargs)

    async with a_till(fresh_database) as till:
        monkeypatch.setattr(publishing, "add_revision", slowly)
        at = await till.now() + LEAD + timedelta(seconds=1)
        with pytest.raises(EffectiveInThePast):
            await publish_program(till.ledger, variant(2), effective_at=at, published_by="test")
        at = await till.now() + LEAD + timedelta(seconds=1)
        with pytest.raises(EffectiveInThePast):
            await publish_program_once(
                till.ledger, variant(2), effective_at=at, published_by="test", request=a_key("slow")
            )
        assert await till.fetchval("SELECT count(*) FROM revision") == 1
        assert await till.fetchval("SELECT count(*) FROM request_key") == 0

        # Without a moment it takes effect when the lead is over, counted from the write.
        revision, _ = await publish_program(till.ledger, variant(2), effective_at=None, published_by="test")
        assert revision.effective_at - revision.published_at == LEAD
        await till.assert_laws()


async def test_a_publish_that_hangs_before_its_commit_never_commits(
    fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert revisions.COMMITS_WITHIN < LEAD
    monkeypatch.setattr(revisions, "COMMITS_WITHIN", timedelta(seconds=1))
    writes = revisions.add_revision

    async def hangs(*args: Any, **kwargs: Any) -> Any:
        written = await writes(*args, **kwargs)
        await asyncio.sleep(2)
        return written

    async with a_till(fresh_database) as till:
        monkeypatch.setattr(publishing, "add_revision", hangs)
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
            await publish_program(till.ledger, variant(2), effective_at=None, published_by="test")
        assert await till.fetchval("SELECT count(*) FROM revision") == 1


async def test_of_two_that_publish_at_once_one_is_stale(
    fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes = revisions.add_revision
    deciding = [asyncio.Event(), asyncio.Event()]

    async def together(connection: Any, revision: Any, **kwargs: Any) -> Any:
        next(event for event in deciding if not event.is_set()).set()
        await asyncio.gather(*(event.wait() for event in deciding))
        return await writes(connection, revision, **kwargs)

    async with a_till(fresh_database) as till, another_till(fresh_database) as other:
        monkeypatch.setattr(publishing, "add_revision", together)
        told = await asyncio.gather(
            publish_program(till.ledger, variant(2), effective_at=None, published_by="one"),
            publish_program(other.ledger, variant(3), effective_at=None, published_by="two"),
            return_exceptions=True,
        )
        assert sum(isinstance(one, tuple) for one in told) == 1
        assert sum(isinstance(one, RevisionStale) for one in told) == 1


async def test_an_old_revision_is_compiled_when_a_late_purchase_asks_for_it(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database) as till:
        await let_time_pass(till.ledger, -days(10))
        member = await till.enrol()
        for number in range(2, 51):
            await put_in_force(till.ledger, variant(number))
            if number == 30:
                await till.buy(member, 90_000, no="of thirty")
        await let_time_pass(till.ledger, days(3))

        async with a_process(fresh_database) as (started, ledger):
            now = await started.now()
            await started.buy(member, 10_000, no="now")
            assert ledger.counted == {50: 1}
            late = await started.buy(member, 80_000, at=now - days(8))
            assert late.revision == 1
            assert sum(reason.granted for reason in late.reasons) == 800
            assert ledger.counted == {50: 1, 1: 1}
            await started.bring_back("of thirty")
            assert ledger.counted == {50: 1, 1: 1, 30: 1}
            statement = await read_statement(ledger, member)
            assert {line.posting.revision for line in statement.lines} == {1, 30, 50}
            assert ledger.counted == {50: 1, 1: 1, 30: 1}
            await started.assert_laws()
            assert ledger.counted == dict.fromkeys(range(1, 51), 1)


async def test_what_is_ahead_is_compiled_meanwhile_and_judges_from_its_moment_on(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database) as till, a_process(fresh_database) as (other, ledger):
        await let_time_pass(till.ledger, -days(2))
        member = await till.enrol()
        assert (await other.buy(member, 20_000)).revision == 1
        await publish_program(till.ledger, variant(2), effective_at=None, published_by="test")
        before = await other.buy(member, 20_000)
        assert before.revision == 1
        for _ in range(200):
            if ledger.counted[2]:
                break
            await asyncio.sleep(0.02)
        assert ledger.counted == {1: 1, 2: 1}
        assert (await other.buy(member, 20_000)).revision == 1
        await let_time_pass(till.ledger, LEAD + timedelta(seconds=1))
        after = await other.buy(member, 20_000)
        assert (after.revision, sum(reason.granted for reason in after.reasons)) == (2, 102)
        assert ledger.counted == {1: 1, 2: 1}
        await till.assert_laws()


async def test_the_meaning_of_positions_is_kept_and_held_against_every_later_compiler(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database) as till:
        (revision,), _ = await read_revisions(till.ledger)
        (program,) = stored.timeline_of_published([revision]).programs
        assert revision.meaning == stored.kept_meaning(program)
        assert revision.meaning["rules"][0]["number"] == program.rules[0].number
        owner = await asyncpg.connect(**fresh_database.owner.arguments())
        await owner.execute(
            "UPDATE jifen.revision SET meaning = jsonb_set(meaning, '{rules,0,number}', '77')"
        )
        await owner.close()
        async with a_process(fresh_database) as (other, _):
            with pytest.raises(AssertionError, match="revision 1 compiles to other rules"):
                await other.enrol()


async def test_units_of_a_currency_that_came_with_a_later_revision_are_its_own(
    fresh_database: FreshDatabase,
) -> None:
    stamps = "  - {code: stamps, names: {zh: 印花, en: Stamps}, kind: spendable, worth: 1}\nearn_rules:"
    wider = parse_document(document_text().replace("earn_rules:", stamps), name="wider")
    async with a_till(fresh_database) as till:
        await let_time_pass(till.ledger, -days(2))
        member = await till.enrol()
        await till.buy(member, 10_000)
        await put_in_force(till.ledger, wider)
        for units in (5, -3):
            await adjust_units(
                till.ledger,
                member,
                currency="stamps",
                units=units,
                note="test",
                request=a_key(),
                principal=LOCAL,
            )
        assert await till.fetchval(
            "SELECT array_agg(currency ORDER BY sequence) FROM posting WHERE account = 'adjusted'"
        ) == [1, 1]
        await till.assert_laws()


async def test_a_hole_lets_nothing_be_judged_by_it(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database) as till:
        await let_time_pass(till.ledger, -days(2))
        for number in (2, 3):
            await put_in_force(till.ledger, variant(number))
        published, now = await read_revisions(till.ledger)
    whole = stored.timeline_of_published(published)
    moments = {one.number: one.effective_at for one in published}
    known = {
        number: compiled.Compiled(whole.programs[number - 1], whole.selects[number - 1]) for number in (1, 3)
    }
    outlines = {
        one.number: revisions.Outline(one.effective_at, one.meaning["looks_back_days"]) for one in published
    }
    timeline = compiled.timeline_with_holes(outlines, known)

    def everywhere() -> Iterator[tuple[int, object, object]]:
        """Each number that a table keeps of a revision: its row, in the timeline with a hole and in the whole one."""
        for name, count in (
            ("terms", timeline.n_terms),
            ("currencies", timeline.n_currencies),
            ("ladders", 1),
        ):
            ours, theirs = getattr(timeline.numbers, name), getattr(whole.numbers, name)
            width = len(theirs) // 3 // count
            for at, (own, other) in enumerate(zip(ours, theirs, strict=True)):
                yield at // width // count, own, other

    assert timeline.newest is whole.newest
    assert [timeline.row_at(moments[number]) for number in (1, 2, 3)] == [0, 1, 2]
    for row, own, other in everywhere():
        if isinstance(own, compiled.Hole):
            assert row == 1
        else:
            assert (
                own == other or row == 2
            )  # the rows of `tiers` that a ladder names follow those that stand before
    hole: Any = timeline.programs[1]
    for use in (
        lambda: hole.rules,
        lambda: hole == 1,
        lambda: hole > 1,
        lambda: 1 + hole,
        lambda: hole * 2,
        lambda: [0][hole],
        lambda: range(hole),
        lambda: max(1, hole),
        lambda: bool(hole),
        lambda: int(hole),
        lambda: {hole},
        lambda: hole[0],
        lambda: timeline.selects[1](None, None),  # type: ignore[arg-type]
        lambda: timeline.dates(1, now.date()),
        lambda: timeline.rule_at(1, 0),
        lambda: timeline.rule(1, 1),
        lambda: timeline.terms_of(1, 0),
    ):
        with pytest.raises(compiled.RevisionNotCompiled, match="2"):
            use()


async def test_an_operation_that_is_never_ready_ends_and_says_so() -> None:
    prepared = 0

    class Never(compiled.BeginAgain):
        async def prepare(self, _: Ledger) -> None:
            nonlocal prepared
            prepared += 1

    @compiled.begun_again
    async def operation(_: Ledger) -> None:
        raise Never("time stands still")

    with pytest.raises(AssertionError, match="time stands still"):
        await operation(None)  # type: ignore[arg-type]
    assert prepared == compiled.TURNS_MAX
