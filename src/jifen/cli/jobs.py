"""`jifen jobs`: what happens by itself, what of it could not be done, and trying that again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from jifen.cli.at_ledger import AsJson, Home, at_ledger, local
from jifen.cli.show import show

if TYPE_CHECKING:
    from jifen.operations.retry_parked import Jobs
    from jifen.store.ledger import Ledger
    from jifen.store.parked import Parked

jobs_app = typer.Typer(
    help="See what happens by itself, and try again what could not be done.\n\nOf all processes that serve one lets time do its "
    "part and feeds the queue; all work the queue off. What fails is parked and tried again after a minute, two, four ... up "
    "to a day; nobody else waits for it.",
    no_args_is_help=True,
)


@jobs_app.command("list")
def list_all(home: Home = None, as_json: AsJson = False) -> None:
    """Tell who does the jobs, what waits in the queue, and what is parked and why.

    Example: jifen jobs list
    """
    from jifen.jobs.duty import DUTY

    async def work(ledger: Ledger) -> Jobs:
        from jifen.operations.retry_parked import read_jobs

        return await read_jobs(ledger, DUTY)

    jobs = at_ledger(work, home=home, as_json=as_json)
    show(_document(jobs), as_json=as_json, text=_lines(jobs))


@jobs_app.command()
def retry(
    members: Annotated[
        list[str] | None,
        typer.Argument(help="Members (mbr_...) of whom something is parked.", show_default=False),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Everything that is parked.")] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Let what is parked be tried again in the next round of whoever serves, without waiting for its pause to end.

    Example: jifen jobs retry --all
    """
    from jifen.present.ids import unprefixed

    if everything == bool(members):
        raise typer.BadParameter("name members, or everything by --all", param_hint="MEMBERS")
    named = []
    for text in members or ():
        member_id = unprefixed("mbr", text)
        if member_id is None:
            raise typer.BadParameter(
                f"{text} is no member: mbr_ and 32 hexadecimal digits", param_hint="MEMBERS"
            )
        named.append(member_id)

    async def work(ledger: Ledger) -> int:
        from jifen.operations.retry_parked import retry_parked

        return await retry_parked(ledger, None if everything else named, by=local())

    tried = at_ledger(work, home=home, as_json=as_json)
    show(
        {"to_be_tried": tried},
        as_json=as_json,
        text=f"{tried} to be tried again within seconds, by whoever serves. How it went: jifen jobs list"
        if tried
        else "Nothing of that is parked.",
    )


def _lines(jobs: Jobs) -> list[str]:
    duty = jobs.duty
    if duty is None or not duty.is_held:
        lines = ["Nobody does the jobs now: jifen serve"]
    else:
        lines = [f"Process {duty.held_by} does the jobs since {duty.since:%Y-%m-%d %H:%M:%S} UTC."]
    waiting = sum(jobs.waiting.values())
    lines.append(f"In the queue: {waiting}." if waiting else "The queue is empty.")
    if not jobs.parked:
        return [*lines, "Nothing is parked."]
    lines.append(
        "Parked: " + ", ".join(f"{count} {kind}" for kind, count in sorted(jobs.parked.items())) + "."
    )
    for one in jobs.longest:
        what = (
            "what time makes due"
            if one.about is None
            else f"{one.kind} of entry {one.sequence}, {one.about.hex}"
        )
        lines.append(
            f"  mbr_{one.member_id.hex}  {what}: tried {one.tries} times since {one.since:%Y-%m-%d %H:%M}, "
            f"next {one.next_try_at:%Y-%m-%d %H:%M}: {one.failure}"
        )
    return [*lines, "To try at once: jifen jobs retry --all"]


def _document(jobs: Jobs) -> dict[str, Any]:
    duty = jobs.duty
    return {
        "duty": None
        if duty is None
        else {
            "is_held": duty.is_held,
            "process": duty.held_by,
            "since": duty.since.isoformat(),
            "held_until": duty.held_until.isoformat(),
        },
        "waiting": jobs.waiting,
        "parked": jobs.parked,
        "longest_parked": [_parked(one) for one in jobs.longest],
    }


def _parked(one: Parked) -> dict[str, Any]:
    return {
        "member_id": f"mbr_{one.member_id.hex}",
        "sequence": one.sequence or None,
        "part": one.part if one.sequence else None,
        "kind": one.kind,
        "about": one.about.hex if one.about else None,
        "since": one.since.isoformat(),
        "tries": one.tries,
        "next_try_at": one.next_try_at.isoformat(),
        "failure_class": one.failure_class,
        "failure": one.failure,
    }
