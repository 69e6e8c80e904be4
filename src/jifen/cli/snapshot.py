"""`jifen snapshot`: the ledger as Parquet files, as of one instant; and the proof that they are whole."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from jifen.cli.show import FAILED, REFUSED, language_spoken, say, say_in_language, show, show_data

if TYPE_CHECKING:
    from jifen.insight.snapshot.manifest import Manifest
    from jifen.insight.snapshot.verifying import Verified
    from jifen.jobs.snapshot import Taken

DEFAULT = "take"
# Where the bar stands when a table begins to be read, in hundredths; the rest is sorting and writing.
BEGINS = {
    "members": 0,
    "lots": 3,
    "purchases": 10,
    "returns": 35,
    "entries": 36,
    "postings": 38,
    "writing": 50,
}


class TakesUnlessTold(TyperGroup):
    """`jifen snapshot FOLDER` is `jifen snapshot take FOLDER`."""

    default_command = DEFAULT

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the default command before what names no other."""
        if not args or (args[0] not in self.commands and args[0] not in ("--help", "--install-completion")):
            args = [self.default_command, *args]
        return super().parse_args(ctx, args)


snapshot_app = typer.Typer(
    name="snapshot",
    cls=TakesUnlessTold,
    help="The ledger as Parquet files, for looking back: `jifen snapshot FOLDER` is `jifen snapshot take FOLDER`.",
)

AsJson = Annotated[bool, typer.Option("--json", help="The result as data.")]


@snapshot_app.command(DEFAULT)
def take(
    folder: Annotated[
        Path | None,
        typer.Argument(
            help="Where; made when it is not there. Default: `snapshot` in Jifen's own folder.",
            show_default=False,
        ),
    ] = None,
    buckets: Annotated[
        int | None,
        typer.Option(
            help="Buckets of a new snapshot (16 unless told): one for each 5 million lines.",
            min=1,
            max=512,
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
    home: Annotated[Path | None, typer.Option(help="Data folder, when it is not Jifen's own.")] = None,
) -> None:
    """Bring the snapshot in a folder up to now; the first run makes it. Tills are not held up.

    Only what came since the last run is read of the journal. A run that is killed leaves the snapshot before as it stood.
    Exit status 3 when refused (the folder holds something else, another database's snapshot, or another run is at it), 1 when
    it failed (the disk is full, a file of the snapshot is damaged).

    Example: jifen snapshot /backup/jifen-snapshot --json
    """
    from jifen.cli.at_ledger import the_database
    from jifen.embedded import home_folder

    to = folder or (home or home_folder()) / "snapshot"
    with told_refusals(as_json=as_json), the_database(home=home, as_json=as_json) as database:
        from jifen.cli.progress import percent_bar
        from jifen.jobs.snapshot import take_snapshot

        with percent_bar("Snapshot") as told:
            taken = asyncio.run(take_snapshot(database.app, to, buckets=buckets, say=_told(told)))
        show(_taken_document(to, taken), as_json=as_json, text=_taken_text(to, taken))


@snapshot_app.command("verify")
def verify(
    folder: Annotated[Path, typer.Argument(help="The snapshot.")],
    as_json: AsJson = False,
) -> None:
    """Prove a snapshot from its folder alone: checksums, counts, sums, order, columns, and that its books agree.

    No database is asked. Exit status 0 when it is whole, 1 when something is not so (each thing is named), 3 when there is no
    snapshot to prove.

    Example: jifen snapshot verify /backup/jifen-snapshot
    """
    from jifen.cli.progress import percent_bar
    from jifen.insight.snapshot.verifying import verify_snapshot

    with told_refusals(as_json=as_json):
        with percent_bar("Verify") as told:
            verified = verify_snapshot(folder, say=lambda what, n, of: told(what, 100 * n // max(of, 1)))
        show(_verified_document(folder, verified), as_json=as_json, text=_verified_text(folder, verified))
        if not verified.is_whole:
            sys.exit(FAILED)


def _told(told: Callable[[str, int], None]) -> Callable[[str, int, int], None]:
    def say_so(what: str, done: int, of: int) -> None:
        begins = BEGINS[what]
        share = (100 - begins) * done // of if of else 0
        told(f"{what} {done:,}" + (f" of {of:,}" if of else ""), begins + share)

    return say_so


@contextmanager
def told_refusals(*, as_json: bool) -> Iterator[None]:
    """A refused snapshot as a sentence, or as its code and sentences in both languages, and the exit status."""
    from jifen.insight.snapshot.refusals import SnapshotRefused
    from jifen.present.refusals import refusal_message

    try:
        yield
    except SnapshotRefused as refused:
        if as_json:
            document = {
                "code": refused.code, "detail": refused.detail, "message": refusal_message(refused.code, language_spoken()),
                "message_zh": refusal_message(refused.code, "zh"),
            }  # fmt: skip
            show_data(document)
        else:
            say(f"{'failed' if refused.is_broken else 'refused'}: {refused.detail} [{refused.code}]")
            say_in_language(refused.code)
        sys.exit(FAILED if refused.is_broken else REFUSED)


def _manifest_document(folder: Path, manifest: Manifest) -> dict[str, Any]:
    return {
        "folder": str(folder),
        "instant": manifest.instant.isoformat(),
        "taken_at": manifest.taken_at.isoformat(),
        "below_xid": manifest.below_xid,
        "newest_revision": manifest.newest_revision,
        "buckets": manifest.buckets,
        "runs": manifest.runs,
        "files": len(manifest.files),
        "rows": {name: total.rows for name, total in manifest.totals.items()},
    }


def _taken_document(folder: Path, taken: Taken) -> dict[str, Any]:
    return {
        **_manifest_document(folder, taken.manifest),
        "new": taken.new,
        "bytes": taken.bytes,
        "written_bytes": taken.written_bytes,
        "seconds_reading": taken.seconds_reading,
        "seconds": taken.seconds,
    }


def _new(new: dict[str, int], table: str) -> str:
    return f"{new[table]:,}" if table in new else ""


def _taken_text(folder: Path, taken: Taken) -> list[str]:
    rows = {name: total.rows for name, total in taken.manifest.totals.items()}
    lines = [f"{folder}: as of {taken.manifest.instant:%Y-%m-%d %H:%M:%S} UTC", ""]
    lines.append(f"  {'':<12} {'there':>14} {'came new':>14}")
    # Lots are written anew each run: what came new of them is told by the entries.
    lines += [f"  {name:<12} {count:>14,} {_new(taken.new, name):>14}" for name, count in rows.items()]
    lines += [
        "",
        f"  {len(taken.manifest.files):,} files, {taken.bytes / 1e6:,.1f} MB, of which {taken.written_bytes / 1e6:,.1f} MB new",
        f"  {taken.seconds:,.1f} seconds; the database was read for {taken.seconds_reading:,.1f} of them",
    ]
    return lines


def _verified_document(folder: Path, verified: Verified) -> dict[str, Any]:
    return {
        **_manifest_document(folder, verified.manifest),
        "whole": verified.is_whole,
        "bytes": verified.bytes,
        "findings": [{"check": f.check, "where": f.where, "what": f.what} for f in verified.findings],
    }


def _verified_text(folder: Path, verified: Verified) -> list[str]:
    lines = [f"{finding.check:<9} {finding.where}: {finding.what}" for finding in verified.findings]
    told = f"{verified.files:,} files, {verified.rows:,} rows, {verified.bytes / 1e6:,.1f} MB"
    if verified.is_whole:
        return [f"{folder} is whole: {told}; as of {verified.manifest.instant:%Y-%m-%d %H:%M:%S} UTC"]
    return [*lines, f"{folder} is DAMAGED: {told}. Copy it again as a whole, or take a new snapshot."]
