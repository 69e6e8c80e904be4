"""`jifen program`: the programme as a document: check, plan, publish, fetch, read."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jifen.cli.at_ledger import (
    AsJson,
    Home,
    Language,
    at_ledger,
    local,
    moment_named,
    refused_plainly,
    tell_document_refused,
)
from jifen.cli.outputs import Force, check_outputs, told_if_unwritten
from jifen.cli.show import REFUSED, say, show, show_document

if TYPE_CHECKING:
    from jifen.document.model import ProgramDocument
    from jifen.document.plan import Plan
    from jifen.domain.program.meaning import Program
    from jifen.store.ledger import Ledger
    from jifen.store.revisions import StoredRevision

program_app = typer.Typer(
    help="The programme is a document: validate it, plan what it changes, apply it as a revision, pull what is in force."
    "\n\nDocuments are YAML or JSON: docs/programme.md; editors complete them by docs/reference/programme.schema.json.",
    no_args_is_help=True,
)
File = Annotated[Path, typer.Argument(help="A programme document, YAML or JSON.", metavar="FILE")]


@program_app.command()
def validate(file: File, language: Language = "en", as_json: AsJson = False) -> None:
    """Check a document. Every problem comes with line, place, value and a way out. Needs no database.

    Example: jifen program validate shop.yaml
    """
    document = _load(file, language=language, as_json=as_json)
    from jifen.document.write import document_hash

    show(
        {"is_valid": True, "program": document.program.code, "document_hash": document_hash(document)},
        as_json=as_json,
        text=f"{file} is a programme: {document.program.code}",
    )


@program_app.command("plan")
def plan_revision(file: File, language: Language = "en", home: Home = None, as_json: AsJson = False) -> None:
    """Say what publishing a document would change, in plain words. Status 3 when the books forbid a change.

    Example: jifen program plan shop.yaml
    """
    document = _load(file, language=language, as_json=as_json)

    async def work(ledger: Ledger) -> tuple[int, Plan]:
        from jifen.operations.plan_program import plan_program

        return await plan_program(ledger, document)

    newest, found = at_ledger(work, home=home, as_json=as_json)
    changes = [
        {
            name: getattr(one, name)
            for name in ("path", "kind", "weight", "before", "after", "sentence_en", "sentence_zh")
        }
        | {"sentence": one.sentence(language)}
        for one in found.changes
    ]
    result = {
        "newest_revision": newest,
        "is_empty": found.is_empty,
        "is_refused": found.is_refused,
        "changes": changes,
    }
    after = f"After revision {newest}:" if newest else "The first revision:"
    show(result, as_json=as_json, text=[after, *found.text(language).split("\n")])
    if found.is_refused:
        sys.exit(REFUSED)


@program_app.command()
def apply(
    file: File,
    at: Annotated[
        str | None,
        typer.Option(
            help="When it takes effect, as 2026-12-01T00:00:00+08:00, a minute ahead at least; default: in a minute."
        ),
    ] = None,
    expect: Annotated[
        int | None,
        typer.Option(
            help="The newest revision you planned against; refused when there is a newer one.", min=0
        ),
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Publish a document as the next revision. It never changes afterwards, and none takes effect in the past.

    Example: jifen program apply shop.yaml --at 2026-12-01T00:00:00+08:00
    """
    document = _load(file, language="en", as_json=as_json)
    moment = moment_named(at, option="--at")
    from jifen.document.load import text_of_file

    written = text_of_file(file)

    async def work(ledger: Ledger) -> tuple[StoredRevision, bool]:
        from jifen.operations.publish_program import publish_program

        return await publish_program(
            ledger,
            document,
            effective_at=moment,
            published_by=_myself(),
            expected_revision=expect,
            by=local(),
            text=written,
        )

    revision, is_new = at_ledger(work, home=home, as_json=as_json)
    text = f"Revision {revision.number} takes effect at {revision.effective_at.isoformat()}."
    if not is_new:
        text = f"Nothing to do: revision {revision.number} says the same."
    show({**_document(revision), "is_new": is_new}, as_json=as_json, text=text)


@program_app.command()
def pull(
    revision: Annotated[int | None, typer.Option(help="Default: the newest.", min=1)] = None,
    output: Annotated[Path | None, typer.Option(help="A file to write; default: standard output.")] = None,
    force: Force = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Fetch a published document as it was written, with its comments; as YAML where it came without a text.

    Example: jifen program pull --output shop.yaml
    """
    check_outputs([output] if output else [], option="--output", force=force, as_json=as_json)
    stored, text = at_ledger(lambda ledger: _written(ledger, revision), home=home, as_json=as_json)
    if output is not None:
        from jifen.insight.write_whole import write_whole

        with told_if_unwritten(output, as_json=as_json):
            write_whole(output, lambda stream: stream.write(text.encode()), over=force)
        say(f"Revision {stored.number} is in {output}.")
        text = ""
    if as_json:
        show({**_document(stored), "document": dict(stored.document)}, as_json=True, text="")
    elif text:
        show_document(text)


@program_app.command("show")
def show_program(
    language: Language = "en",
    revision: Annotated[int | None, typer.Option(help="Default: the newest.", min=1)] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Read the programme: its rules as sentences, its tiers, its revisions.

    Example: jifen program show --language zh
    """

    async def work(ledger: Ledger) -> tuple[StoredRevision, Any, list[StoredRevision]]:
        from jifen.operations.read_program import read_revisions, read_timeline

        stored = await _stored(ledger, revision)
        timeline, _ = await read_timeline(ledger, revision=stored.number)
        return (
            stored,
            timeline.programs[timeline.row_of(stored.number)],
            list((await read_revisions(ledger))[0]),
        )

    stored, program, published = at_ledger(work, home=home, as_json=as_json)
    from jifen.present.rules import rule_sentence
    from jifen.present.shown import name_in

    rules = [
        {
            "code": rule.code,
            "name": name_in(rule.names, language),
            "sentence": rule_sentence(rule, program, language),
        }
        for rule in program.rules
    ]
    tiers = [
        {
            "code": one.code,
            "name": name_in(one.names, language),
            "reach": one.reach,
            "multiplier": list(one.multiplier),
        }
        for one in program.ladder.tiers
    ]
    result = {
        **_document(stored),
        "name": name_in(program.names, language),
        "rules": rules,
        "tiers": tiers,
        "revisions": [_document(one) for one in published],
    }
    lines = [
        f"{result['name']} ({program.code}), revision {stored.number}, from {stored.effective_at.isoformat()}",
        "",
    ]
    for rule in rules:
        lines += [f"  {rule['code']}: {rule['name']}", f"    {rule['sentence']}"]
    lines.append("")
    lines += [
        f"  {one['code']}: {one['name']}, from {_reach(program, one['reach'], language)}, "
        f"x {one['multiplier'][0]}/{one['multiplier'][1]}"
        for one in tiers
    ]
    show(result, as_json=as_json, text=lines)


def _reach(program: Program, reach: int, language: str) -> str:
    """What a tier asks for: money, visits, or units as they are shown."""
    from jifen.domain.program.meaning import BY_SPEND, BY_VISITS
    from jifen.present.catalogue import catalogue_of
    from jifen.present.rules import names_of

    names, counts = names_of(program, language), program.ladder.counts
    if counts == BY_SPEND:
        return names.amount(reach)
    if counts == BY_VISITS:
        return catalogue_of(language).say("program.visits", visits=reach)
    currency = next(one for one in program.currencies if one.number == counts)
    return f"{names.units(reach, currency.code)} {names.of('currency', currency.code)}"


def _load(file: Path, *, language: str, as_json: bool) -> ProgramDocument:
    from jifen.document.load import load_program_file
    from jifen.document.problems import DocumentRefused

    with refused_plainly(as_json=as_json):
        try:
            return load_program_file(file)
        except DocumentRefused as refused:
            tell_document_refused(refused, as_json=as_json)
            sys.exit(REFUSED)
    raise AssertionError("told or returned")


async def _written(ledger: Ledger, revision: int | None) -> tuple[StoredRevision, str]:
    from jifen.operations.read_program import read_text

    stored = await _stored(ledger, revision)
    return stored, await read_text(ledger, stored)


async def _stored(ledger: Ledger, revision: int | None) -> StoredRevision:
    from jifen.operations.read_program import read_program, read_revision

    return await read_revision(ledger, revision) if revision is not None else (await read_program(ledger))[0]


def _document(revision: StoredRevision) -> dict[str, Any]:
    return {
        "number": revision.number,
        "effective_at": revision.effective_at.isoformat(),
        "published_at": revision.published_at.isoformat(),
        "published_by": revision.published_by,
        "document_hash": revision.document_hash,
    }


def _myself() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "jifen program apply"
