"""`jifen question`: what members ask and complain of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jifen.cli.at_ledger import AsJson, Home, Language, Who, at_ledger, in_form, local, member_named
from jifen.cli.show import show

if TYPE_CHECKING:
    from uuid import UUID

    from jifen.operations.read_questions import QuestionView
    from jifen.store.ledger import Ledger
    from jifen.store.once import Once
    from jifen.store.questions import Question

question_app = typer.Typer(
    help="What members ask and complain of: list, show, ask, answer, appeal, close.\n\nA question is due in ten days. Against an "
    "answer the member may appeal for a month, and somebody else answers then. What was said is erased with the person.",
    no_args_is_help=True,
)
Which = Annotated[str, typer.Argument(help="The question: qst_...", metavar="QUESTION")]
Text = Annotated[str, typer.Option("--text", help="What is said, in a line.")]


@question_app.command("list")
def list_all(
    status: Annotated[
        str | None, typer.Option(help="open, answered, appealed or closed.", show_default=False)
    ] = None,
    kind: Annotated[
        str | None, typer.Option(help="What they ask, such as units_missing.", show_default=False)
    ] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Whose answer was due before now.")] = False,
    limit: Annotated[int, typer.Option(help="How many at most.", min=1, max=500)] = 50,
    language: Language = "en",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """List questions, newest first.

    Example: jifen question list --status open
    """
    from jifen.domain.questions import QuestionKind, QuestionStatus
    from jifen.store.questions import QuestionQuery

    query = QuestionQuery(
        status=_one_of(QuestionStatus, status, "--status"),
        kind=_one_of(QuestionKind, kind, "--kind"),
        is_overdue=overdue,
    )

    async def work(ledger: Ledger) -> tuple[list[Question], UUID | None]:
        from jifen.operations.read_questions import list_questions

        return await list_questions(ledger, query, before=None, limit=limit)

    found, _ = at_ledger(work, home=home, as_json=as_json)
    show(
        {"data": [_document(one, language) for one in found]},
        as_json=as_json,
        text=[_line(one, language) for one in found] or "Nobody asks that.",
    )


@question_app.command("show")
def show_one(
    member: Who, question: Which, language: Language = "en", home: Home = None, as_json: AsJson = False
) -> None:
    """Show a question with its trail and what was said.

    Example: jifen question show card:6200001 qst_01a200873b877db499c27d29c0902c7e
    """
    question_id = _question_named(question)

    async def work(ledger: Ledger) -> QuestionView:
        from jifen.operations.find_member import find_member
        from jifen.operations.read_questions import read_question

        return await read_question(ledger, await find_member(ledger, member_named(member)), question_id)

    view = at_ledger(work, home=home, as_json=as_json)
    from jifen.present.questions import step_said

    trail = [
        {
            "number": step.number,
            "move": str(step.move),
            "step_said": step_said(step.move, step.outcome, step.entry, language),
            "principal_kind": step.principal_kind,
            "principal": step.principal,
            "at": step.at.isoformat(),
            "outcome": str(step.outcome) if step.outcome else None,
            "entry": step.entry,
            "said": said,
        }
        for step, said in view.trail
    ]
    show(
        {**_document(view.question, language), "trail": trail},
        as_json=as_json,
        text=[
            _line(view.question, language),
            *(
                f"  {step.at:%Y-%m-%d %H:%MZ}  {step.principal}: {told['step_said']}"
                + (f": {said}" if said else "")
                for (step, said), told in zip(view.trail, trail, strict=True)
            ),
        ],
    )


@question_app.command()
def ask(
    member: Who,
    kind: Annotated[
        str, typer.Option(help="What is asked: units_missing, units_wrong, spending, return ...")
    ],
    text: Text,
    entry: Annotated[
        int | None, typer.Option(help="The entry that it is about.", min=1, show_default=False)
    ] = None,
    part: Annotated[
        int | None, typer.Option(help="The posting of that entry.", min=0, show_default=False)
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Ask for a member.

    Example: jifen question ask card:6200001 --kind units_missing --entry 12 --text "The tea is not there"
    """
    from jifen.domain.questions import QuestionKind
    from jifen.domain.texts import NOTE

    what, said = _one_of(QuestionKind, kind, "--kind"), in_form(text, NOTE, hint="--text")
    assert what is not None, "an option that has to be there"
    if part is not None and entry is None:
        raise typer.BadParameter("a part is of an entry: name it by --entry", param_hint="--part")

    async def work(ledger: Ledger, member_id: UUID, once: Once) -> dict[str, Any]:
        from jifen.operations.ask_question import ask_question

        return await ask_question(
            ledger, member_id, what, said, sequence=entry, part=part, request=once, principal=local()
        )

    _do(member, work, home=home, as_json=as_json)


@question_app.command()
def answer(
    member: Who,
    question: Which,
    outcome: Annotated[str, typer.Option(help="corrected, explained or refused.")],
    text: Text,
    entry: Annotated[
        int | None,
        typer.Option(
            help="With corrected: the adjustment or reversal that corrects it.", min=1, show_default=False
        ),
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Answer a question. What was wrong is corrected first, and named here.

    Example: jifen question answer card:6200001 qst_01a2... --outcome corrected --entry 13 --text "Given now"
    """
    from jifen.domain.questions import Outcome
    from jifen.domain.texts import NOTE

    question_id, said = _question_named(question), in_form(text, NOTE, hint="--text")
    comes_to = _one_of(Outcome, outcome, "--outcome")
    assert comes_to is not None, "an option that has to be there"

    async def work(ledger: Ledger, member_id: UUID, once: Once) -> dict[str, Any]:
        from jifen.operations.answer_question import answer_question

        return await answer_question(
            ledger,
            member_id,
            question_id,
            said,
            outcome=comes_to,
            entry=entry,
            request=once,
            principal=local(),
        )

    _do(member, work, home=home, as_json=as_json)


@question_app.command()
def appeal(member: Who, question: Which, text: Text, home: Home = None, as_json: AsJson = False) -> None:
    """Appeal for a member: somebody who has not answered looks at it again.

    Example: jifen question appeal card:6200001 qst_01a200873b877db499c27d29c0902c7e --text "That was another day"
    """
    from jifen.domain.texts import NOTE

    question_id, said = _question_named(question), in_form(text, NOTE, hint="--text")

    async def work(ledger: Ledger, member_id: UUID, once: Once) -> dict[str, Any]:
        from jifen.operations.answer_question import appeal_question

        return await appeal_question(ledger, member_id, question_id, said, request=once, principal=local())

    _do(member, work, home=home, as_json=as_json)


@question_app.command()
def close(member: Who, question: Which, home: Home = None, as_json: AsJson = False) -> None:
    """Close a question that was answered.

    Example: jifen question close card:6200001 qst_01a200873b877db499c27d29c0902c7e
    """
    question_id = _question_named(question)

    async def work(ledger: Ledger, member_id: UUID, once: Once) -> dict[str, Any]:
        from jifen.operations.answer_question import close_question

        return await close_question(ledger, member_id, question_id, request=once, principal=local())

    _do(member, work, home=home, as_json=as_json)


def _do(
    member: str,
    work: Callable[[Ledger, UUID, Once], Awaitable[dict[str, Any]]],
    *,
    home: Any,
    as_json: bool,
) -> None:
    """Do something to a question of a member, and say where it stands."""

    async def done(ledger: Ledger) -> dict[str, Any]:
        from uuid import uuid4

        from jifen.operations.find_member import find_member
        from jifen.store.once import Once

        once = Once(key=f"cli:question:{uuid4().hex}", body_hash=b"")
        return await work(ledger, await find_member(ledger, member_named(member)), once)

    told = at_ledger(done, home=home, as_json=as_json)
    from uuid import UUID

    question = f"qst_{UUID(told['question_id']).hex}"
    due = f"; an answer is due by {told['due_at'][:10]}" if told["due_at"] else ""
    show(
        {"question_id": question, "status": told["status"], "due_at": told["due_at"]},
        as_json=as_json,
        text=f"{question} is {told['status']}{due}.",
    )


def _one_of(words: Any, text: str | None, option: str) -> Any:
    if text is None:
        return None
    if text not in list(words):
        raise typer.BadParameter(f"one of {', '.join(words)}", param_hint=option)
    return words(text)


def _question_named(text: str) -> UUID:
    from jifen.present.ids import unprefixed

    found = unprefixed("qst", text)
    if found is None:
        raise typer.BadParameter(
            "a question is named qst_ and 32 hexadecimal digits: jifen question list", param_hint="QUESTION"
        )
    return found


def _line(one: Question, language: str) -> str:
    from jifen.present.questions import kind_said, status_said

    about = f"  entry {one.sequence}" if one.sequence is not None else ""
    due = f"  due {one.due_at:%Y-%m-%d}" if one.due_at else ""
    return (
        f"qst_{one.question_id.hex}  mbr_{one.member_id.hex}  {one.asked_at:%Y-%m-%d}  {kind_said(one.kind, language)}{about}  "
        f"{status_said(one.status, one.outcome, language)}{due}"
    )


def _document(one: Question, language: str) -> dict[str, Any]:
    from jifen.present.questions import kind_said, status_said

    return {
        "question_id": f"qst_{one.question_id.hex}",
        "member_id": f"mbr_{one.member_id.hex}",
        "kind": str(one.kind),
        "kind_said": kind_said(one.kind, language),
        "status": str(one.status),
        "status_said": status_said(one.status, one.outcome, language),
        "sequence": one.sequence,
        "part": one.part,
        "asked_at": one.asked_at.isoformat(),
        "due_at": one.due_at.isoformat() if one.due_at else None,
        "outcome": str(one.outcome) if one.outcome else None,
    }
