"""`jifen backtest`: what a programme would have cost over the real past, and whom it would have pleased or hurt."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from jifen.cli.at_ledger import Language, in_form, refused_plainly, tell_document_refused, the_database
from jifen.cli.outputs import Force, check_outputs, told_if_unwritten
from jifen.cli.show import REFUSED, say, show_document
from jifen.present.catalogue import catalogue_of
from jifen.present.shown import name_in

if TYPE_CHECKING:
    from datetime import date

    from jifen.document.model import ProgramDocument
    from jifen.insight.backtest.missing import MissingFact
    from jifen.insight.backtest.result import Result
    from jifen.insight.snapshot import Snapshot
    from jifen.jobs.backtest import Asked, Step

INTERRUPTED = 130
LIVE = "live"
MISSING_SHOWN = 8
WARNINGS_SHOWN = 6


def backtest(
    draft: Annotated[Path, typer.Argument(help="The draft: a programme document, YAML or JSON.")],
    *,
    against: Annotated[
        str, typer.Option(help="What it is compared with: `live`, what was published; or another document.")
    ] = LIVE,
    from_: Annotated[
        str | None,
        typer.Option("--from", help="First day, as 2026-01-01; default: the first day of the history."),
    ] = None,
    to: Annotated[
        str | None, typer.Option(help="Last day; default: the last full day of the history.")
    ] = None,
    stores: Annotated[
        list[str] | None,
        typer.Option(help="Only members who bought there most often: a code, several by comma. Repeatable."),
    ] = None,
    sample: Annotated[
        str | None, typer.Option(help="Only this share of the members, as 10%, 0.1 or 1/10; with intervals.")
    ] = None,
    seed: Annotated[
        int,
        typer.Option(help="Which members a sample draws, and what redemptions draw.", min=0, max=2**63 - 1),
    ] = 0,
    redemptions: Annotated[
        str,
        typer.Option(help="replayed, as they were; or drawn, from each member's own habit with the seed."),
    ] = "replayed",
    elasticity: Annotated[
        str | None,
        typer.Option(
            help="Points of a hundred that sales grow by for each given back more, as 0.5; adds a table."
        ),
    ] = None,
    rich: Annotated[
        str, typer.Option(help="A basket that earns more than this share of what was paid is told of.")
    ] = "20%",
    engine: Annotated[str, typer.Option(help="local or spark.")] = "local",
    report: Annotated[
        list[Path] | None,
        typer.Option(
            help="Write a report: FILE.html, FILE.xlsx or FILE.json. Repeatable.", show_default=False
        ),
    ] = None,
    language: Language = "en",
    force: Force = False,
    snapshot: Annotated[
        Path | None,
        typer.Option(
            help="The snapshot's folder; default: one of its own in Jifen's folder.", show_default=False
        ),
    ] = None,
    refresh: Annotated[
        bool, typer.Option(help="Bring the snapshot up to now first; without, no database is asked.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="The whole result as JSON.")] = False,
    home: Annotated[
        Path | None,
        typer.Option(help="Data folder, when it is not Jifen's own (JIFEN_HOME).", show_default=False),
    ] = None,
) -> None:
    """Try a programme on the real past before it goes live: what it would have cost, and whom it would have pleased or hurt.

    Every purchase, return, redemption and gift of the history is replayed twice, with the draft and with what was live (or
    another document). Nothing is changed anywhere. After `jifen demo` it finds the demo by itself. Exit status 3 when refused,
    130 when interrupted; then no report was touched.

    Example: jifen backtest draft.yaml --report draft.html --language zh
    """
    if not refresh and snapshot is None:
        raise typer.BadParameter("without a refresh it needs --snapshot FOLDER", param_hint="--no-refresh")
    with (
        _loading() as loaded,
        _interruptible(),
        refused_plainly(as_json=as_json),
        _snapshots_refused(as_json=as_json),
    ):
        reports = _reports(report or [])
        reads = [draft] if against == LIVE else [draft, Path(against)]
        check_outputs(reports, option="--report", reads=reads, force=force, as_json=as_json)
        asked = _asked(
            draft, against, from_, to, stores or [], sample, seed, redemptions, elasticity, rich, engine,
            language=language, as_json=as_json,
        )  # fmt: skip
        loaded()
        with _shown(language, is_quiet=as_json) as tell:
            result = _run(asked, snapshot, refresh=refresh, home=home, as_json=as_json, tell=tell)
        _write(result, reports, language=language, over=force, as_json=as_json)
        _show(result, reports, language=language, as_json=as_json)


def _run(
    asked: Asked, folder: Path | None, *, refresh: bool, home: Path | None, as_json: bool, tell: _Shown
) -> Result:
    """The result. The database is let go as soon as the snapshot stands."""
    from jifen.insight.snapshot import open_snapshot
    from jifen.jobs.backtest import alone, engine_of, named_snapshot, own_snapshot, run_backtest

    engine_of(asked.engine)  # what is not installed is said before anything is read

    def compared(snapshot: Snapshot) -> Result:
        with tell.ends_at_once(is_local=asked.engine == "local"):
            return run_backtest(snapshot, asked, tell)

    if not refresh:
        assert folder is not None, "told before"
        return compared(open_snapshot(folder, checksums=True))
    from jifen.embedded import home_folder

    at = home or _home_of_demo() or home_folder()
    if folder is not None:
        with the_database(home=at, as_json=as_json) as database:
            snapshot = asyncio.run(named_snapshot(database.app, folder, tell))
        return compared(snapshot)
    with alone(at, tell):
        with the_database(home=at, as_json=as_json) as database:
            snapshot = asyncio.run(own_snapshot(database.app, at, tell))
        return compared(snapshot)


def _home_of_demo() -> Path | None:
    """The demo's folder, when there is a demo and nothing of one's own."""
    from jifen.embedded import home_folder
    from jifen.embedded.choose import is_own_server_named
    from jifen.embedded.home import Home

    own, of_demo = home_folder(), home_folder() / "demo"
    if is_own_server_named() or Home(own).is_initialised or not Home(of_demo).is_initialised:
        return None
    say(f"No ledger of your own stands here yet: this is the demo's ({of_demo}).")
    return of_demo


def _reports(paths: Sequence[Path]) -> list[Path]:
    """The files to write, each once."""
    from jifen.insight.report.write import SUFFIXES

    for path in paths:
        if path.suffix.lower() not in SUFFIXES:
            raise typer.BadParameter(
                f"{path.name}: a report ends in {', '.join(SUFFIXES)}", param_hint="--report"
            )
    return list(dict.fromkeys(paths))


def _write(result: Result, reports: Sequence[Path], *, language: str, over: bool, as_json: bool) -> None:
    from jifen.insight.report import write_report

    for path in reports:
        with told_if_unwritten(path, as_json=as_json):
            write_report(result, path, language=language, over=over)


def _asked(
    draft: Path,
    against: str,
    from_: str | None,
    to: str | None,
    stores: Sequence[str],
    sample: str | None,
    seed: int,
    redemptions: str,
    elasticity: str | None,
    rich: str,
    engine: str,
    *,
    language: str,
    as_json: bool,
) -> Asked:
    from jifen.domain.texts import CODE
    from jifen.insight.backtest.question import REDEMPTIONS
    from jifen.jobs.backtest import ENGINES, Asked

    if redemptions not in REDEMPTIONS:
        raise typer.BadParameter(f"choose {' or '.join(REDEMPTIONS)}", param_hint="--redemptions")
    if engine not in ENGINES:
        raise typer.BadParameter(f"choose {' or '.join(ENGINES)}", param_hint="--engine")
    own = _document(draft, language=language, as_json=as_json)
    other = None if against == LIVE else _document(Path(against), language=language, as_json=as_json)
    share = _share(sample, "--sample") if sample is not None else None
    return Asked(
        draft=own,
        label=draft.name,
        against=other,
        against_label=Path(against).name if other is not None else LIVE,
        from_on=_day(from_, "--from"),
        to_on=_day(to, "--to"),
        stores=tuple(
            in_form(code, CODE, hint="--stores")
            for text in stores
            for code in text.split(",")
            if code.strip()
        ),
        sample=share,
        seed=seed,
        rich_bps=int(_share(rich, "--rich") * 10_000),
        redemptions="drawn" if redemptions == "drawn" else "replayed",
        elasticity=_number(elasticity, "--elasticity") if elasticity is not None else None,
        engine="spark" if engine == "spark" else "local",
    )


def _document(file: Path, *, language: str, as_json: bool) -> ProgramDocument:
    from jifen.document.load import load_program_file
    from jifen.document.problems import DocumentRefused

    try:
        return load_program_file(file)
    except DocumentRefused as refused:
        tell_document_refused(refused, as_json=as_json)
        sys.exit(REFUSED)


def _day(text: str | None, option: str) -> date | None:
    from datetime import date

    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no day; write it as 2026-01-31", param_hint=option) from None


def _number(text: str, option: str) -> Fraction:
    try:
        return Fraction(text.strip())
    except (ValueError, ZeroDivisionError):
        raise typer.BadParameter(f"{text!r} is no number; write it as 0.5", param_hint=option) from None


def _share(text: str, option: str) -> Fraction:
    """A share above 0 and at most 1, written as 10%, 0.1 or 1/10."""
    text = text.strip()
    share = _number(text[:-1], option) / 100 if text.endswith("%") else _number(text, option)
    if not 0 < share <= 1:
        raise typer.BadParameter(
            f"{text} is not a share above 0 and at most 1; write it as 10%", param_hint=option
        )
    return share


@contextmanager
def _snapshots_refused(*, as_json: bool) -> Iterator[None]:
    from jifen.cli.snapshot import told_refusals

    with told_refusals(as_json=as_json):
        yield


@contextmanager
def _loading() -> Iterator[Callable[[], None]]:
    """Until what it yields is called, garbage is not looked for: modules are none, and looking took a fifth of loading them."""

    def loaded() -> None:
        gc.freeze()
        gc.enable()

    gc.disable()
    try:
        yield loaded
    finally:
        gc.enable()


@contextmanager
def _interruptible() -> Iterator[None]:
    """Ctrl-C ends with the status that shells know it by. Reports come whole or not at all, the snapshot likewise."""
    try:
        yield
    except KeyboardInterrupt:
        _say_interrupted()
        sys.exit(INTERRUPTED)


def _say_interrupted() -> None:
    say("Interrupted: nothing was written. 已中断，未写入任何报告。")


class _Shown:
    """Tells a person how it goes, on standard error: a bar with the time left, and what is missing."""

    def __init__(
        self, language: str, update: Callable[[str, int, float | None], None], stop: Callable[[], None]
    ) -> None:
        self._language = language
        self._words = catalogue_of(language)
        self._update = update
        self._stop = stop

    def step(self, step: Step) -> None:
        self._update(self._words.say(f"stage.{step.stage}"), step.percent, step.seconds_left)

    def missing(self, facts: Sequence[MissingFact]) -> None:
        from jifen.insight.backtest.result import by_language

        for fact in facts[:MISSING_SHOWN]:
            sentence = by_language(fact.notice().sentence)
            say(f"! {name_in(sentence, self._language)}")
        if len(facts) > MISSING_SHOWN:
            say(f"! ... {len(facts) - MISSING_SHOWN}")

    def healed(self, why: str) -> None:
        say(self._words.say("running.snapshot_anew", why=why))

    @contextmanager
    def ends_at_once(self, *, is_local: bool) -> Iterator[None]:
        """While both sides are compared no file is open for writing, so a Ctrl-C need not wait for what threads have begun."""
        if not is_local:
            yield
            return

        def leave(number: int, _: FrameType | None) -> None:
            self._stop()
            _say_interrupted()
            sys.stderr.flush()
            os._exit(128 + number)

        before = {number: signal.signal(number, leave) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


@contextmanager
def _shown(language: str, *, is_quiet: bool) -> Iterator[_Shown]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    words = catalogue_of(language)
    columns = (
        TextColumn(words.say("running.backtest")), BarColumn(), TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.description}"), TimeElapsedColumn(), TextColumn("{task.fields[left]}"),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), disable=is_quiet, transient=True) as progress:
        task = progress.add_task("", total=100, left="")

        def update(what: str, percent: int, left: float | None) -> None:
            said = "" if left is None else words.say("running.seconds_left", seconds=f"{left:,.0f}")
            progress.update(task, completed=percent, description=what, left=said)

        yield _Shown(language, update, progress.stop)


def _show(result: Result, reports: Sequence[Path], *, language: str, as_json: bool) -> None:
    from jifen.insight.backtest.result import to_json

    for path in reports:
        say(catalogue_of(language).say("running.report", path=path))
    show_document(to_json(result) if as_json else _text(result, language) + "\n")


def _text(result: Result, language: str) -> str:
    """The headline: the verdict, the figures of both sides, and what to know before relying on them."""
    from jifen.insight.report.terminal import terminal_text

    return terminal_text(result, language=language, warnings=WARNINGS_SHOWN)
