"""The revisions that a process has compiled, laid out as one timeline with holes for the others.

A hole stands wherever numbers, rules or the selector of a revision would stand that is not compiled here. What asks a hole for
more than its outline (number, moment of effect, how far it looks back, the programme's zone) gets `RevisionNotCompiled`:
nothing is ever judged by a revision that is not there. The operation is then begun again, once that revision is compiled
outside its locks (`begun_again`). So old revisions cost nothing until an old purchase asks for them: docs/decisions/0081.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, NamedTuple, NoReturn, ParamSpec, TypeVar, cast

from jifen.domain import fold
from jifen.domain.program.meaning import Program
from jifen.domain.program.select import Select
from jifen.domain.timeline import Timeline, timeline_of
from jifen.store.revisions import Outline

if TYPE_CHECKING:
    from jifen.store.ledger import Ledger

P = ParamSpec("P")
T = TypeVar("T")


class BeginAgain(Exception):
    """Not a refusal: an operation cannot go on before something is done outside its locks. It had no effect; it begins again."""

    async def prepare(self, ledger: Ledger) -> None:
        """Do what it waits for."""
        raise NotImplementedError


class RevisionNotCompiled(BeginAgain):
    """An operation asked for revisions that this process has not compiled."""

    def __init__(self, numbers: Iterable[int]) -> None:
        self.numbers = frozenset(numbers)
        super().__init__(f"revisions {sorted(self.numbers)} are not compiled here yet")

    async def prepare(self, ledger: Ledger) -> None:
        """Compile them. Ends: each round compiles at least one more of the revisions that there are, or raises."""
        await ledger.compile(self.numbers)


class Compiled(NamedTuple):
    """What one document became."""

    program: Program
    select: Select


class Hole:
    """Stands for anything of a revision that is not compiled: whoever uses it is told which one to compile."""

    def __init__(self, revision: int, effective_at: datetime, time_zone: str) -> None:
        self.revision = revision
        self.effective_at = effective_at
        self.time_zone = time_zone  # a programme's zone never changes

    def _missing(self, *_: object) -> NoReturn:
        raise RevisionNotCompiled([self.revision])

    def __getattr__(self, name: str) -> NoReturn:
        """Any attribute of a programme, a rule or a selector."""
        self._missing()

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _missing
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __floordiv__ = __mod__ = __neg__ = _missing
    __index__ = __int__ = __bool__ = __hash__ = __call__ = _missing
    __getitem__ = __iter__ = __len__ = __contains__ = _missing


def timeline_with_holes(outlines: Mapping[int, Outline], compiled: Mapping[int, Compiled]) -> Timeline:
    """The timeline of the revisions up to the newest that is compiled, with holes for those that are not.

    Shape
        outlines   every revision
        compiled   by number, at least one: that of the greatest number knows every currency, terms and tier there are
    """
    newest = compiled[max(compiled.keys() & outlines.keys())].program
    numbers = sorted(number for number in outlines if number <= newest.revision)
    holes = {n: Hole(n, outlines[n].effective_at, newest.time_zone) for n in numbers if n not in compiled}
    # A stand-in keeps the rows of a hole in their places until the hole is put there.
    programs = [
        replace(
            newest,
            revision=n,
            effective_at=outlines[n].effective_at,
            rules=(),
            moments=(),
            exchanges=(),
            rewards=(),
            offers=(),
        )
        if n in holes
        else compiled[n].program
        for n in numbers
    ]
    selects = [compiled[n].select if n in compiled else compiled[newest.revision].select for n in numbers]
    timeline = timeline_of(programs, selects)
    for row, number in enumerate(numbers):
        if number in holes:
            _dig(timeline.numbers, row, holes[number], outlines[number].looks_back_days)
    moments = timeline.numbers.moments
    if moments[fold.MOMENT_KIND] == fold.NO_MOMENT and any(outlines[number].has_moments for number in holes):
        moments[fold.MOMENT_KIND] = -1  # nobody passes over the holes
    return replace(
        timeline,
        programs=_with(holes, numbers, timeline.programs),
        selects=_with(holes, numbers, timeline.selects),
        rules_of=_with(holes, numbers, timeline.rules_of),
        pooled=_with(holes, numbers, timeline.pooled),
        mask_words=_with(holes, numbers, timeline.mask_words),
        terms=_with(holes, numbers, timeline.terms),
        dates_of=_with(holes, numbers, timeline.dates_of),
    )


def _with(holes: Mapping[int, Hole], numbers: Iterable[int], rows: tuple[T, ...]) -> tuple[T, ...]:
    return tuple(cast("T", holes.get(n, row)) for n, row in zip(numbers, rows, strict=True))


def _dig(numbers: fold.Numbers, row: int, hole: Hole, looks_back_days: int) -> None:
    """Put a hole for what the tables say of a row's revision beyond its outline; what is the same in every row stays."""
    counts = numbers.revisions
    own = row * fold.REVISION_WIDTH
    for column in (
        fold.REVISION_RULES,
        fold.REVISION_MOMENTS,
        fold.REVISION_MOMENTS_END,
        fold.REVISION_EXCHANGES,
        fold.REVISION_EXCHANGES_END,
    ):
        counts[own + column] = cast("int", hole)
    counts[own + fold.REVISION_LOOKS_BACK] = looks_back_days
    # The currency of terms is the same in every revision, and is asked of the first row.
    for table, count, width, first in (
        (numbers.terms, counts[fold.REVISION_TERMS], fold.TERMS_WIDTH, fold.TERMS_CURRENCY + 1),
        (numbers.currencies, counts[fold.REVISION_CURRENCIES], fold.CURRENCY_WIDTH, 0),
        (numbers.limits, counts[fold.REVISION_LIMITS], fold.LIMIT_WIDTH, 0),
        (numbers.ladders, counts[fold.REVISION_LADDERS], fold.LADDER_WIDTH, 0),
    ):
        for at in range(row * count * width, (row + 1) * count * width, width):
            table[at + first : at + width] = [cast("int", hole)] * (width - first)


def need_compiled(timeline: Timeline, revisions: Iterable[int | None]) -> None:
    """See that what an answer is about to say of some revisions (None: of none) can be said.

    Raises
        RevisionNotCompiled   naming all that are missing, so that they are compiled together
    """
    missing = [number for number in revisions if number is not None and not is_compiled(timeline, number)]
    if missing:
        raise RevisionNotCompiled(missing)


def is_compiled(timeline: Timeline, revision: int) -> bool:
    """Whether the timeline has a revision without a hole. Revisions count from 1 and stand in order."""
    known: Sequence[object] = timeline.programs
    return revision <= len(known) and not isinstance(known[revision - 1], Hole)


TURNS_MAX = 100
"""Each turn is better prepared than the one before; an operation that is never ready is a defect, and says so."""


def begun_again(
    operation: Callable[Concatenate[Ledger, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[Ledger, P], Coroutine[Any, Any, T]]:
    """The operation, begun anew when it asked for a revision that was not compiled here: its transaction and its locks are
    gone while that one is compiled, and everything it gathered is gathered again."""

    @wraps(operation)
    async def turn(ledger: Ledger, /, *args: P.args, **kwargs: P.kwargs) -> T:
        turns = 0
        while True:
            try:
                return await operation(ledger, *args, **kwargs)
            except BeginAgain as first:
                turns += 1
                if turns > TURNS_MAX:
                    raise AssertionError(f"begun {TURNS_MAX} times, and still: {first}") from first
                await first.prepare(ledger)

    return turn
