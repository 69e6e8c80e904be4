"""`jifen bench`: speed as ratios to PostgreSQL's own measures, side by side on this machine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from jifen.cli.show import FAILED, REFUSED, say, show


def bench(
    groups: Annotated[
        list[str] | None,
        typer.Argument(help="ledger, read, import, contention, growth, large, backtest; default: all."),
    ] = None,
    members: Annotated[int, typer.Option(help="How many members there are.", min=100)] = 1_000_000,
    old_members: Annotated[
        int,
        typer.Option(help="How many of three years besides: those who buy, spend and ask.", min=100),
    ] = 2_000,
    postings: Annotated[
        int, typer.Option(help="How many postings there are in the measure of growth.", min=0)
    ] = 20_000_000,
    lots: Annotated[int, typer.Option(help="How many open lots the very large account has.", min=1)] = 40_000,
    lines: Annotated[
        int, typer.Option(help="How many lines the back-test's large history has.", min=1_000)
    ] = 100_000_000,
    households: Annotated[
        int | None, typer.Option(help="Only so many households in the back-test's demo.", min=1)
    ] = None,
    keep: Annotated[
        Path | None,
        typer.Option(
            help="Folder where the back-test's snapshots stay, and are found again by the same Jifen.",
            show_default=False,
        ),
    ] = None,
    seconds: Annotated[int, typer.Option(help="How long each measure runs.", min=1)] = 8,
    rounds: Annotated[
        int, typer.Option(help="Rounds of PostgreSQL's own measure and ours, in turn.", min=1)
    ] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="The figures as data.")] = False,
) -> None:
    """Measure the write path, reads, import, contention, growth, each beside pgbench or COPY, and the back-test.

    It starts a PostgreSQL of its own in a temporary folder with the product's settings, and refuses to report when one
    that keeps data safe is off. Nothing leaves this machine.

    Example: jifen bench ledger --members 100000 --rounds 2 --json
    """
    from jifen.bench.groups import GROUPS, Size
    from jifen.bench.kept import KeptOtherwise, check_kept
    from jifen.bench.machine import DurabilityOff

    unknown = [name for name in groups or [] if name not in GROUPS]
    if unknown:
        raise typer.BadParameter(f"{unknown[0]!r} is none of {', '.join(GROUPS)}", param_hint="GROUPS")
    size = Size(
        members=members, old_members=old_members, postings=postings, lots=lots, lines=lines, seconds=seconds, rounds=rounds,
        households=households, keep=keep,
    )  # fmt: skip
    figures: list[dict[str, Any]] = []
    try:
        if keep is not None and "backtest" in (groups or GROUPS):
            check_kept(keep, households=households)
        for name in groups or list(GROUPS):
            say(f"{name} ...")
            for figure in GROUPS[name](size, lambda what: say(f"  {what}")):
                figures.append(figure.as_document())
                say("  " + _line(figures[-1]))
    except (DurabilityOff, KeptOtherwise) as refused:
        say(str(refused))
        sys.exit(REFUSED)
    show({"figures": figures}, as_json=as_json, text=[_line(figure) for figure in figures])
    if any(figure["holds"] is False for figure in figures):
        sys.exit(FAILED)


def _line(figure: dict[str, Any]) -> str:
    ratio = "" if figure["ratio"] is None else f"ratio {figure['ratio']:.3f}"
    if figure["goal"] == "told":
        judged = "no goal"
    else:
        verdict = {True: "holds", False: "missed", None: "too noisy to judge"}[figure["holds"]]
        judged = f"goal {figure['goal']}: {verdict}"
    return f"{figure['name']:<24} {figure['value']:>12,.1f} {figure['unit']:<20} {ratio:<12} {judged}"
