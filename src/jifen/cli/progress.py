"""Progress bars for long work: on standard error, with rate and time left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jifen.jobs.import_opening import OpeningProgress as Opened
    from jifen.jobs.import_purchases import Progress as Imported


@contextmanager
def purchases_bar(label: str) -> Iterator[Callable[[Imported], None]]:
    """A bar that counts purchases and shows lines a second and the time left."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn(label),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("purchases"),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(label, total=None, rate="")

        def told(now: Imported) -> None:
            elapsed = progress.tasks[task].elapsed or 0
            rate = f"{now.lines_done / elapsed:,.0f} lines a second" if elapsed else ""
            progress.update(task, total=now.purchases, completed=now.purchases_done, rate=rate)

        yield told


@contextmanager
def members_bar(label: str) -> Iterator[Callable[[Opened], None]]:
    """A bar that counts members and shows the time left."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn(label),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("members"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(label, total=None)

        def told(now: Opened) -> None:
            progress.update(task, total=now.members, completed=now.members_done)

        yield told


@contextmanager
def percent_bar(label: str) -> Iterator[Callable[[str, int], None]]:
    """A bar in hundredths that says what is being done."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn(label), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TextColumn("{task.description}"),
               TimeElapsedColumn())  # fmt: skip
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("", total=100)

        def told(what: str, percent: int) -> None:
            progress.update(task, completed=percent, description=what)

        yield told
        progress.update(task, completed=100, description="")
