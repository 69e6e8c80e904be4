"""`jifen proposal`: what waits for a second person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from jifen.cli.at_ledger import AsJson, Home, Language, at_ledger, local
from jifen.cli.show import language_spoken, show

if TYPE_CHECKING:
    from uuid import UUID

    from jifen.domain.proposals import FourEyes
    from jifen.store.ledger import Ledger
    from jifen.store.proposals import Proposal

proposal_app = typer.Typer(
    help="Read, approve and refuse what waits for a second person.\n\nWho runs these commands is bound by no second person: what "
    "he approves happens, and the trail says that it was done at the machine.",
    no_args_is_help=True,
)
Which = Annotated[
    str, typer.Argument(help="The proposal's id, as `jifen proposal list` shows it.", metavar="PROPOSAL")
]
LIST_MAX = 200


@proposal_app.command("list")
def list_all(
    state: Annotated[
        str, typer.Option(help="waiting, approved, refused, withdrawn, expired, or all.")
    ] = "waiting",
    home: Home = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """List the newest 200 proposals that wait, or that stand otherwise.

    Example: jifen proposal list --language zh
    """
    from jifen.domain.proposals import ProposalState

    if state != "all" and state not in {str(one) for one in ProposalState}:
        raise typer.BadParameter(f"choose {', '.join(ProposalState)} or all", param_hint="--state")

    async def work(ledger: Ledger) -> Any:
        from jifen.operations.handle_proposals import list_proposals

        asked = None if state == "all" else ProposalState(state)
        return await list_proposals(ledger, state=asked, before=None, limit=LIST_MAX)

    from jifen.present.catalogue import catalogue_of
    from jifen.present.proposals import proposal_line, proposal_shown

    proposals = at_ledger(work, home=home, as_json=as_json)
    spoken = language_spoken()
    show(
        {"proposals": [proposal_shown(one, spoken, with_body=False) for one in proposals]},
        as_json=as_json,
        text=[proposal_line(one, spoken) for one in proposals] or catalogue_of(spoken).say("proposal.none"),
    )


@proposal_app.command("show")
def show_one(which: Which, home: Home = None, language: Language = "en", as_json: AsJson = False) -> None:
    """Show a proposal with every step on its way; `--json` also tells all that is to be done.

    Example: jifen proposal show prp_01a200873b877db499c27d29c0902c7e
    """

    async def work(ledger: Ledger) -> Proposal:
        from jifen.operations.handle_proposals import read_proposal

        return await read_proposal(ledger, _named(which))

    _show(at_ledger(work, home=home, as_json=as_json), as_json=as_json)


@proposal_app.command()
def approve(which: Which, home: Home = None, language: Language = "en", as_json: AsJson = False) -> None:
    """Approve a proposal: it happens now, once.

    Example: jifen proposal approve prp_01a200873b877db499c27d29c0902c7e
    """

    async def work(ledger: Ledger) -> Proposal:
        from jifen.domain.principal import LOCAL
        from jifen.jobs.proposals import do_proposal
        from jifen.operations.handle_proposals import approve_proposal

        return await approve_proposal(ledger, LOCAL, _named(which), confirm=None, effect=do_proposal)

    _show(at_ledger(work, home=home, as_json=as_json), as_json=as_json)


@proposal_app.command()
def refuse(
    which: Which,
    reason: Annotated[str, typer.Option(help="Why; its proposer reads it.")],
    home: Home = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """Refuse a proposal. Nothing happens.

    Example: jifen proposal refuse prp_01a200873b877db499c27d29c0902c7e --reason "ask me first"
    """

    async def work(ledger: Ledger) -> Proposal:
        from jifen.domain.principal import LOCAL
        from jifen.operations.handle_proposals import refuse_proposal

        return await refuse_proposal(ledger, LOCAL, _named(which), reason=reason)

    _show(at_ledger(work, home=home, as_json=as_json), as_json=as_json)


@proposal_app.command()
def rules(
    erasure: Annotated[
        bool | None,
        typer.Option(help="Whether erasing persons waits for a second operator.", show_default=False),
    ] = None,
    merge: Annotated[
        bool | None, typer.Option(help="Whether merging members does.", show_default=False)
    ] = None,
    reveals_a_day: Annotated[
        int | None,
        typer.Option(
            help="So many persons within 24 hours an operator sees in full alone; 0: any number.",
            show_default=False,
        ),
    ] = None,
    home: Home = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """Show, or set, what of members an operator does not do alone. Who asked for less must sit at the machine.

    Example: jifen proposal rules --no-merge --reveals-a-day 200
    """

    async def work(ledger: Ledger) -> FourEyes:
        from jifen.operations.handle_proposals import change_four_eyes

        return await change_four_eyes(
            ledger, erasure=erasure, merge=merge, reveals_a_day=reveals_a_day, principal=local()
        )

    from jifen.present.catalogue import catalogue_of

    found = at_ledger(work, home=home, as_json=as_json)
    words = catalogue_of(language_spoken())
    lines = [
        words.say(f"proposal.rules.{name}_{'waits' if waits else 'alone'}")
        for name, waits in (("erasure", found.erasure), ("merge", found.merge))
    ]
    if found.reveals_a_day is None:
        lines.append(words.say("proposal.rules.reveals_any"))
    else:
        lines.append(words.say("proposal.rules.reveals", count=found.reveals_a_day))
    told = {"erasure": found.erasure, "merge": found.merge, "reveals_a_day": found.reveals_a_day}
    show(told, as_json=as_json, text=lines)


def _named(which: str) -> UUID:
    from jifen.present.ids import unprefixed
    from jifen.present.proposals import PROPOSAL_PREFIX

    found = unprefixed(PROPOSAL_PREFIX, which)
    if found is None:
        raise typer.BadParameter("an id is prp_ and 32 hexadecimal digits", param_hint="PROPOSAL")
    return found


def _show(proposal: Proposal, *, as_json: bool) -> None:
    from jifen.present.catalogue import catalogue_of
    from jifen.present.proposals import proposal_line, proposal_shown

    spoken = language_spoken()
    shown = proposal_shown(proposal, spoken)
    lines = [proposal_line(proposal, spoken)]
    lines += [
        f"  {step['at'][:19]}Z  {step['what']:<9}  {step['by']}{'  ' + step['said'] if step['said'] else ''}"
        for step in shown["trail"]
    ]
    if shown["confirm"] and shown["state"] == "waiting":
        words = catalogue_of(spoken)
        lines.append(
            words.say("proposal.confirm", at=shown["may_confirm_at"][:19] + "Z", word=shown["confirm"])
        )
    show(shown, as_json=as_json, text=lines)
