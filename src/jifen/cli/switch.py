"""`jifen switch`: stop a rule or a store at once, and let it go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from jifen.cli.at_ledger import AsJson, Home, at_ledger, local
from jifen.cli.show import show

if TYPE_CHECKING:
    from jifen.operations.turn_switches import SwitchesListed
    from jifen.store.ledger import Ledger

switch_app = typer.Typer(
    help="Stop a rule or a store at once, without a revision, and let it go on.", no_args_is_help=True
)
Rule = Annotated[str | None, typer.Option("--rule", help="The code of a rule.")]
Store = Annotated[str | None, typer.Option("--store", help="The code of a store.")]
Reward = Annotated[str | None, typer.Option("--reward", help="The code of a reward.")]


@switch_app.command()
def off(
    rule: Rule = None, store: Store = None, reward: Reward = None, home: Home = None, as_json: AsJson = False
) -> None:
    """From now on a rule gives nothing, a store books no sale of a member, or nobody gets a reward, in every process.

    What stands in the books stays.

    Example: jifen switch off --rule tuesday-double
    """
    _turn(rule, store, reward, is_off=True, home=home, as_json=as_json)


@switch_app.command()
def on(
    rule: Rule = None, store: Store = None, reward: Reward = None, home: Home = None, as_json: AsJson = False
) -> None:
    """Let a rule give again, or a store book. What came in between stays as it was booked.

    Example: jifen switch on --rule tuesday-double
    """
    _turn(rule, store, reward, is_off=False, home=home, as_json=as_json)


@switch_app.command("list")
def list_(
    before: Annotated[
        int | None, typer.Option(help="Turns before the one with this number: next_cursor of --json.", min=1)
    ] = None,
    limit: Annotated[int, typer.Option(help="So many at most.", min=1, max=200)] = 50,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Turns of switches, newest first.

    Example: jifen switch list --limit 20
    """

    async def work(ledger: Ledger) -> SwitchesListed:
        from jifen.operations.turn_switches import list_switches

        return await list_switches(ledger, before=before, limit=limit)

    found = at_ledger(work, home=home, as_json=as_json)
    turns = found.turns
    show(
        {
            "data": [
                {
                    "kind": str(one.kind),
                    "code": one.code,
                    "is_off": one.is_off,
                    "switched_at": one.switched_at.isoformat(),
                    "switched_by": one.switched_by,
                }
                for one in turns
            ],
            "next_cursor": found.next_before,
        },
        as_json=as_json,
        text=[
            f"{one.switched_at:%Y-%m-%d %H:%M:%SZ}  {one.kind} {one.code}  {'off' if one.is_off else 'on'}  by {one.switched_by}"
            for one in turns
        ]
        or "Nothing was ever switched off.",
    )


def _turn(
    rule: str | None, store: str | None, reward: str | None, *, is_off: bool, home: Home, as_json: AsJson
) -> None:
    from jifen.domain.switches import SwitchKind

    named = [
        (kind, code)
        for kind, code in ((SwitchKind.RULE, rule), (SwitchKind.STORE, store), (SwitchKind.REWARD, reward))
        if code is not None
    ]
    if len(named) != 1:
        raise typer.BadParameter("name one thing: --rule, --store or --reward CODE", param_hint="--rule")
    ((kind, code),) = named

    async def work(ledger: Ledger) -> dict[str, Any]:
        from jifen.operations.turn_switches import turn_switch
        from jifen.store.ids import new_id
        from jifen.store.once import Once

        once = Once(key=f"cli:switch:{new_id().hex}", body_hash=b"")
        return await turn_switch(ledger, kind, code, is_off=is_off, request=once, principal=local())

    answer = at_ledger(work, home=home, as_json=as_json)
    stands = "off" if is_off else "on"
    said = (
        f"{kind} {code} is {stands} from now on."
        if answer["is_changed"]
        else f"{kind} {code} was {stands} already."
    )
    show(
        {name: answer[name] for name in ("kind", "code", "is_off", "is_changed")}, as_json=as_json, text=said
    )
