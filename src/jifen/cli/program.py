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
from jifen.cli.show import FAILED, REFUSED, language_spoken, say, show, show_data, show_document

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jifen.document.model import ProgramDocument
    from jifen.document.run_trials import TrialResult
    from jifen.domain.program.meaning import Program
    from jifen.operations.plan_program import Planned
    from jifen.store.ledger import Ledger
    from jifen.store.revisions import StoredRevision

    Place = Callable[[int], tuple[str, int]]  # of a test by its position: file and line

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
    """Say what publishing a document would change, whom it touches, what is odd about it, and whether its tests hold.

    Status 3 when the books forbid a change, 1 when a test fails.

    Example: jifen program plan shop.yaml
    """
    document, place = _load_with_places(file, language=language, as_json=as_json)

    async def work(ledger: Ledger) -> Planned:
        from jifen.operations.plan_program import plan_program

        return await plan_program(ledger, document)

    planned = at_ledger(work, home=home, as_json=as_json)
    newest, found = planned.newest_revision, planned.plan
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
        "is_refused": planned.is_refused,
        "changes": changes,
        "findings": [
            {"code": one.code, "path": one.path, "sentence": one.said.in_language(language)}
            for one in planned.oddities
        ],
        "touches": None
        if planned.touches is None
        else [
            {
                "code": one.code,
                "path": one.path,
                "members": one.members,
                "units": one.units,
                "sentence": one.said.in_language(language),
            }
            for one in planned.touches
        ],
        "tests": _results(planned.tests, language, place),
    }
    after = f"After revision {newest}:" if newest else "The first revision:"
    lines = [after, *found.text(language).split("\n"), *_found(planned, language)]
    lines += [line for one in planned.tests_failed for line in _test_lines(one, language, place)]
    if planned.tests:
        lines.append(_summed(planned.tests, language))
    show(result, as_json=as_json, text=lines)
    if found.is_refused:
        sys.exit(REFUSED)
    if planned.tests_failed:
        sys.exit(FAILED)


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

    Its tests are run before, and status 1 says that one fails: nothing is published. A document that differs from the newest
    revision in its tests alone is that revision, which then carries these.

    Example: jifen program apply shop.yaml --at 2026-12-01T00:00:00+08:00
    """
    document, place = _load_with_places(file, language="en", as_json=as_json)
    _tell_failed(document, place, as_json=as_json)
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
        text = f"Nothing to do: revision {revision.number} says the same. It carries {len(revision.tests)} tests."
    show({**_document(revision), "is_new": is_new}, as_json=as_json, text=text)


@program_app.command("test")
def run_tests(file: File, language: Language = "en", as_json: AsJson = False) -> None:
    """Run the tests that a document carries. Each that fails says what was expected, what came, and why. Status 1 when one fails.

    Needs no database: each test makes up its member, and rules decide as they do in the ledger.

    Example: jifen program test shop.yaml
    """
    document, place = _load_with_places(file, language=language, as_json=as_json)
    from jifen.document.run_trials import run_trials

    results = run_trials(document)
    lines = [line for one in results for line in _test_lines(one, language, place)]
    show(_results(results, language, place), as_json=as_json, text=[*lines, _summed(results, language)])
    if any(not one.has_passed for one in results):
        sys.exit(FAILED)


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
        show({**_document(stored), "document": stored.whole_document}, as_json=True, text="")
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
    from jifen.present.exchanges import exchange_sentence
    from jifen.present.offers import offer_sentence
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
    exchanges = [
        {
            "code": one.code,
            "name": name_in(one.names, language),
            "sentence": exchange_sentence(one, program, language),
        }
        for one in program.exchanges
    ]
    offers = [
        {
            "code": one.code,
            "name": name_in(one.names, language),
            "sentence": offer_sentence(one, program, language),
        }
        for one in program.offers
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
        "exchanges": exchanges,
        "offers": offers,
        "tiers": tiers,
        "revisions": [_document(one) for one in published],
    }
    lines = [
        f"{result['name']} ({program.code}), revision {stored.number}, from {stored.effective_at.isoformat()}",
        "",
    ]
    for rule in [*rules, *exchanges, *offers]:
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


def _load_with_places(file: Path, *, language: str, as_json: bool) -> tuple[ProgramDocument, Place]:
    from jifen.document.load import load_with_places
    from jifen.document.problems import DocumentRefused

    with refused_plainly(as_json=as_json):
        try:
            document, read = load_with_places(file)
            return document, lambda at: (str(file), read.place(("tests", at))[0])
        except DocumentRefused as refused:
            tell_document_refused(refused, as_json=as_json)
            sys.exit(REFUSED)
    raise AssertionError("told or returned")


def _tell_failed(document: ProgramDocument, place: Place, *, as_json: bool) -> None:
    """Say which tests of a document fail, and end with status 1; the ledger would refuse it too, and without their lines."""
    from jifen.document.run_trials import run_trials

    failed = [one for one in run_trials(document) if not one.has_passed]
    if not failed:
        return
    spoken = language_spoken()
    if as_json:
        show_data({"code": "document_tests_failed", "tests": _results(failed, spoken, place)["data"]})
    else:
        for line in [line for one in failed for line in _test_lines(one, spoken, place)]:
            say(line)
    sys.exit(FAILED)


def _results(results: Sequence[TrialResult], language: str, place: Place) -> dict[str, Any]:
    """The results of tests as data, each with its line."""
    told = [one.as_values(language) | {"line": place(one.at)[1]} for one in results]
    failed = sum(not one.has_passed for one in results)
    return {"passed": len(told) - failed, "failed": failed, "data": told}


def _summed(results: Sequence[TrialResult], language: str) -> str:
    from jifen.present.catalogue import catalogue_of

    failed = sum(not one.has_passed for one in results)
    return catalogue_of(language).say("trial.summed", passed=len(results) - failed, failed=failed)


def _test_lines(result: TrialResult, language: str, place: Place) -> list[str]:
    """A test as a terminal shows it: where it stands, and where it fails what differs, and what happened and why."""
    from jifen.present.catalogue import catalogue_of
    from jifen.present.shown import name_in

    words = catalogue_of(language)
    name = name_in(result.trial.names, language) or result.trial.code
    file, line = place(result.at)
    if result.has_passed:
        return [words.say("trial.passed", name=name)]
    head = f"{file}:{line}: {words.say('trial.failed', name=name)}"
    differs = [f"  ! {one.said.in_language(language)}" for one in result.differs]
    return [head, *differs, *(f"    {one.in_language(language)}" for one in result.explained)]


def _found(planned: Planned, language: str) -> list[str]:
    """Whom a plan touches and what is odd about it, as lines of a terminal."""
    from jifen.present.catalogue import catalogue_of

    lines = [f"  {one.said.in_language(language)}" for one in planned.touches or ()]
    if planned.touches is None:
        lines.append(f"  {catalogue_of(language).say('touches.not_counted')}")
    return lines + [f"? {one.said.in_language(language)}" for one in planned.oddities]


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
