"""`jifen audit`: who did what, and whether anybody rewrote it."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from jifen.cli.at_ledger import AsJson, Home, Language, at_ledger, local, moment_named
from jifen.cli.outputs import Force, check_outputs, told_if_unwritten
from jifen.cli.show import FAILED, say, show

if TYPE_CHECKING:
    from uuid import UUID

    from jifen.domain.audit import AuditRow
    from jifen.operations.read_audit import AuditVerdict
    from jifen.store.audit import AuditQuery
    from jifen.store.ledger import Ledger

audit_app = typer.Typer(
    help="Who did what outside the journal, and who looked at persons: list, export, verify.\n\nRows are only ever added, and "
    "sealed within seconds: each seal holds the hashes of its rows and of the seal before it.",
    no_args_is_help=True,
)
AboutOption = Annotated[
    str | None,
    typer.Option(
        "--about", help="What it was about, by its id: key_..., rev_12, mbr_..., per_...", show_default=False
    ),
]
PrincipalOption = Annotated[
    str | None, typer.Option("--principal", help="Who acted: a name, or the id of a key.", show_default=False)
]
DeedOption = Annotated[
    str | None, typer.Option("--deed", help="What was done, such as key.made.", show_default=False)
]
Since = Annotated[
    str | None, typer.Option(help="From that moment on, as 2026-11-01T00:00:00Z.", show_default=False)
]
Until = Annotated[
    str | None, typer.Option(help="Before that moment, as 2026-12-01T00:00:00Z.", show_default=False)
]


@audit_app.command("list")
def list_all(
    about: AboutOption = None,
    principal: PrincipalOption = None,
    deed: DeedOption = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, typer.Option(help="How many at most.", min=1, max=500)] = 50,
    before: Annotated[
        str | None, typer.Option(help="Go on after the last row of a list: its adt_...", show_default=False)
    ] = None,
    language: Language = "en",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """List what was done, newest first.

    Example: jifen audit list --deed key.revoked --since 2026-11-01T00:00:00Z
    """
    from jifen.present.audit import act_said, audit_document
    from jifen.present.ids import unprefixed

    query = _query(about, principal, deed, since, until)
    after = unprefixed("adt", before) if before else None
    if before and after is None:
        raise typer.BadParameter("a row is named adt_ and 32 hexadecimal digits", param_hint="--before")

    async def work(ledger: Ledger) -> tuple[list[AuditRow], UUID | None]:
        from jifen.operations.read_audit import look_into_audit

        return await look_into_audit(ledger, query, before=after, limit=limit)

    rows, further = at_ledger(work, home=home, as_json=as_json)
    lines = [_line(row, act_said(row, language)) for row in rows]
    if further:
        lines.append(f"There is more: --before adt_{further.hex}")
    show(
        {
            "data": [{**audit_document(row), "sentence": act_said(row, language)} for row in rows],
            "next_cursor": f"adt_{further.hex}" if further else None,
        },
        as_json=as_json,
        text=lines or "Nothing of that was done.",
    )


@audit_app.command()
def export(
    output: Annotated[
        Path | None, typer.Option(help="A file to write; default: standard output.", show_default=False)
    ] = None,
    about: AboutOption = None,
    principal: PrincipalOption = None,
    deed: DeedOption = None,
    since: Since = None,
    until: Until = None,
    force: Force = False,
    home: Home = None,
    as_json: Annotated[bool, typer.Option("--json", help="A line of JSON an act, instead of CSV.")] = False,
) -> None:
    """Write down every act, oldest first, as CSV or lines of JSON. That it was exported stands in the audit too.

    Example: jifen audit export --output audit.csv
    """
    from jifen.present.audit import COLUMNS, audit_document

    check_outputs([output] if output else [], option="--output", force=force, as_json=as_json)
    query = _query(about, principal, deed, since, until)
    with _opened(output, as_json=as_json) as file:
        table = csv.writer(file)
        if not as_json:
            table.writerow(COLUMNS)

        def take(row: AuditRow) -> None:
            document = audit_document(row)
            if as_json:
                file.write(json.dumps(document, ensure_ascii=False) + "\n")
            else:
                table.writerow([_cell(document[name]) for name in COLUMNS])

        async def work(ledger: Ledger) -> int:
            from jifen.operations.read_audit import export_audit

            return await export_audit(ledger, query, take, principal=local())

        count = at_ledger(work, home=home, as_json=as_json)
    if output:
        say(f"{count} acts stand in {output}.")


@audit_app.command()
def verify(
    expect: Annotated[
        str | None,
        typer.Option(
            help="The hash of a seal that you keep elsewhere, as this command told it: it has to be in the chain still.",
            show_default=False,
        ),
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Prove that no sealed row was changed, deleted or slipped in. Status 1 when one was.

    Whoever owns the database could rewrite rows and every seal after them: keep the newest seal's hash elsewhere (the log has
    each), and hold the chain to it with --expect.

    Example: jifen audit verify --expect 5f1c...
    """
    expected = _hash_named(expect)

    async def work(ledger: Ledger) -> AuditVerdict:
        from jifen.operations.read_audit import verify_audit

        return await verify_audit(ledger, expect=expected)

    found = at_ledger(work, home=home, as_json=as_json)
    newest = found.newest
    lines = [f"{found.rows} rows, {found.sealed} of them sealed; the rest is sealed by whoever serves."]
    if newest:
        lines.append(
            f"The newest seal is {newest.number} of {newest.sealed_at:%Y-%m-%d %H:%M:%SZ}: {newest.hash.hex()}"
        )
    for finding in found.findings:
        lines.append(f"Not kept: {finding.check}")
        lines += [
            "  " + ", ".join(f"{key} {value}" for key, value in one.items()) for one in finding.offenders
        ]
    if found.is_expected is False:
        lines.append(
            "The seal that you expect is not in the chain: it was rewritten, or is of another database."
        )
    lines.append("The audit is as it was sealed." if found.is_kept else "The audit was tampered with.")
    show(
        {
            "is_kept": found.is_kept,
            "rows": found.rows,
            "sealed": found.sealed,
            "newest_seal": {
                "number": newest.number,
                "hash": newest.hash.hex(),
                "sealed_at": newest.sealed_at.isoformat(),
            }
            if newest
            else None,
            "is_expected": found.is_expected,
            "broken": [{"check": one.check, "offenders": list(one.offenders)} for one in found.findings],
        },
        as_json=as_json,
        text=lines,
    )
    if not found.is_kept:
        sys.exit(FAILED)


def _query(
    about: str | None, principal: str | None, deed: str | None, since: str | None, until: str | None
) -> AuditQuery:
    from difflib import get_close_matches

    from jifen.domain.audit import Deed
    from jifen.store.audit import AuditQuery

    if deed is not None and deed not in set(Deed):
        near = get_close_matches(deed, [str(one) for one in Deed], n=1)
        meant = f"did you mean {near[0]}?" if near else "one of " + ", ".join(Deed)
        raise typer.BadParameter(f"there is no deed {deed}: {meant}", param_hint="--deed")
    return AuditQuery(
        about=about,
        principal=principal,
        deed=deed,
        since=moment_named(since, option="--since"),
        until=moment_named(until, option="--until"),
    )


def _hash_named(text: str | None) -> bytes | None:
    if text is None:
        return None
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != 32:
        raise typer.BadParameter("the hash of a seal has 64 hexadecimal digits", param_hint="--expect")
    return found


@contextmanager
def _opened(output: Path | None, *, as_json: bool) -> Iterator[TextIO]:
    if output is None:
        yield sys.stdout
        return
    with told_if_unwritten(output, as_json=as_json), output.open("w", encoding="utf-8", newline="") as file:
        yield file


def _cell(value: Any) -> str | int | None:
    """A value as a spreadsheet takes it, which would compute what begins like a formula."""
    from jifen.domain.texts import inert

    if value is None or isinstance(value, int):
        return value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return inert(text)


def _line(row: AuditRow, sentence: str) -> str:
    more = [
        *([", ".join(row.about[:3]) + (" ..." if len(row.about) > 3 else "")] if row.about else []),
        *([f"from {row.came_from}"] if row.came_from else []),
    ]
    return f"{row.happened_at:%Y-%m-%d %H:%M:%SZ}  {row.principal_kind:<8} {row.principal:<16} {sentence}  {'  '.join(more)}"
