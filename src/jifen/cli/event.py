"""`jifen event`: what happens to members beside purchases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from jifen.cli.at_ledger import AsJson, Home, at_ledger, in_form, local, member_named, moment_named
from jifen.cli.show import show

if TYPE_CHECKING:
    from jifen.store.ledger import Ledger

event_app = typer.Typer(help="Events of members: a check-in, a survey, a run.", no_args_is_help=True)


@event_app.command()
def record(
    event: str,
    member: Annotated[str, typer.Option(help="card:NUMBER, external:ID or mbr_ID.")],
    number: Annotated[
        str, typer.Option("--no", help="Its number at its source: the same again is done once.")
    ],
    source: Annotated[str, typer.Option(help="Who tells of it.")] = "cli",
    at: Annotated[
        str | None, typer.Option(help="When it occurred, with its zone; now where left out.")
    ] = None,
    attribute: Annotated[list[str] | None, typer.Option(help="CODE=VALUE, as often as needed.")] = None,
    store: Annotated[str | None, typer.Option(help="The store's code.")] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Record an event of a member, as the programme declares it.

    Example: jifen event record run --member card:6200001 --no run-17 --attribute distance_m=5200
    """
    from datetime import UTC, datetime

    from jifen.domain.occasions import Event
    from jifen.domain.texts import CODE, KEY

    told = Event(
        code=event,
        source=in_form(source, CODE, hint="--source"),
        business_no=in_form(number, KEY, hint="--no"),
        occurred_at=moment_named(at, option="--at") or datetime.now(UTC),
        attributes=dict(_attribute(one) for one in attribute or ()),
        store=None if store is None else in_form(store, CODE, hint="--store"),
    )
    whose = member_named(member)

    async def work(ledger: Ledger) -> dict[str, Any]:
        from jifen.domain.refusals import Refusal
        from jifen.operations.record_events import EventRequest, record_events

        (answer,) = await record_events(
            ledger, [EventRequest(event=told, whose=whose, actor=local().actor())]
        )
        if isinstance(answer, Refusal):
            raise answer
        return answer

    answer = at_ledger(work, home=home, as_json=as_json)
    shown = {
        **{name: value for name, value in answer.items() if name not in ("entry_id", "member_id")},
        "entry_id": f"ent_{answer['entry_id'].replace('-', '')}",
        "member_id": f"mbr_{answer['member_id'].replace('-', '')}",
    }
    lines = [
        f"+{one['units']} {one['currency']} ({', '.join(reason['rule'] for reason in one['reasons'])})"
        for one in answer["earned"]
    ]
    before = " (it was there already)" if answer["is_replay"] else ""
    show(
        shown,
        as_json=as_json,
        text=[f"{event} of {shown['member_id']}, entry {answer['sequence']}{before}", *lines],
    )


def _attribute(text: str) -> tuple[str, str | int]:
    code, sign, value = text.partition("=")
    if not sign:
        raise typer.BadParameter(f"{text!r} is no CODE=VALUE", param_hint="--attribute")
    return code, int(value) if value.isascii() and value.isdigit() and len(value) <= 18 else value
