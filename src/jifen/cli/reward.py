"""`jifen reward`: what units buy, taken for a member, picked up, called off and taken back; and stocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from jifen.cli.at_ledger import AsJson, Home, Language, at_ledger, local, member_named, once_for
from jifen.cli.show import language_spoken, show

if TYPE_CHECKING:
    from uuid import UUID

    from jifen.store.ledger import Ledger

reward_app = typer.Typer(
    help="See the rewards of the programme, redeem them for members, hand them over, and keep their stocks.",
    no_args_is_help=True,
)
Code = Annotated[str, typer.Argument(help="The reward of the programme.", metavar="REWARD")]
Who = Annotated[str, typer.Argument(help="card:NUMBER, KIND:VALUE or mbr_ID.", metavar="MEMBER")]
Which = Annotated[
    str, typer.Argument(help="red_ID, or the code by which it is picked up.", metavar="REDEMPTION")
]
Store = Annotated[str | None, typer.Option(help="The store.")]


@reward_app.command("list")
def list_(
    days: Annotated[int, typer.Option(help="Use is counted of so many days.", min=1, max=400)] = 30,
    language: Language = "en",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """The rewards of the programme in force, what is left of each, and how it was used.

    Example: jifen reward list
    """

    async def work(ledger: Ledger) -> Any:
        from jifen.operations.read_rewards import read_catalogue

        return await read_catalogue(ledger, days=days)

    found = at_ledger(work, home=home, as_json=as_json)
    from jifen.present.rewards import reward_sentence

    rows = [
        {
            "reward": one.reward.code,
            "sentence": reward_sentence(one.reward, found.program, language_spoken()),
            "left": one.left,
            "stores": {stand.store: stand.left for stand in one.stands if stand.store},
            "is_off": one.is_off,
            "handed_over": one.used.pieces,
            "waiting": one.used.waiting,
        }
        for one in found.data
    ]
    lines = [
        f"{row['reward']}  {row['sentence']}  left: {'-' if row['left'] is None else row['left']}, "
        f"waiting: {row['waiting']}, {days} days: {row['handed_over']}{'  OFF' if row['is_off'] else ''}"
        for row in rows
    ]
    show({"data": rows}, as_json=as_json, text=lines or "The programme has no rewards.")


@reward_app.command(context_settings={"ignore_unknown_options": True})  # -3 is a number
def stock(
    reward: Code,
    pieces: Annotated[int, typer.Argument(help="More, or fewer (-3); with --count so many are there.")],
    count: Annotated[bool, typer.Option("--count", help="They were counted.")] = False,
    reason: Annotated[str, typer.Option(help="delivered, damaged, sent_back or moved.")] = "delivered",
    store: Store = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Change the stock of a reward. Status 3 when so many are not there.

    Example: jifen reward stock mug 50
    """
    from jifen.domain.rewards import StockReason

    known = [one.value for one in StockReason]
    if reason not in known:
        raise typer.BadParameter(f"one of {', '.join(known)}", param_hint="--reason")

    async def work(ledger: Ledger) -> dict[str, Any]:
        from jifen.operations.change_stock import change_stock

        return await change_stock(
            ledger,
            reward,
            pieces=pieces,
            is_count=count,
            reason=StockReason.COUNTED if count else StockReason(reason),
            store=store,
            request=once_for("stock"),
            principal=local(),
        )

    told = at_ledger(work, home=home, as_json=as_json)
    told.pop("is_replay")
    at = f" at {store}" if store else ""
    show(told, as_json=as_json, text=f"{reward}{at}: {told['change']:+d}, {told['left']} left.")


@reward_app.command()
def redeem(
    member: Who,
    reward: Code,
    pieces: Annotated[int, typer.Option(help="How many.", min=1)] = 1,
    keep: Annotated[bool, typer.Option("--keep", help="It waits to be picked up by its code.")] = False,
    store: Store = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Redeem a reward for a member. Status 3 when he does not get it: the answer says why.

    Example: jifen reward redeem card:6200001 mug --keep
    """

    async def work(ledger: Ledger) -> dict[str, Any]:
        from jifen.operations.find_member import find_member
        from jifen.operations.redeem_reward import redeem_reward

        return await redeem_reward(
            ledger,
            await find_member(ledger, member_named(member)),
            reward=reward,
            pieces=pieces,
            is_kept=keep,
            store=store,
            request=once_for("redeem"),
            channel="cli",
            actor="cli",
        )

    told = _told(at_ledger(work, home=home, as_json=as_json))
    picked = f", to be picked up by {told['code']} until {told['until_at']}" if told["code"] else ""
    show(
        told,
        as_json=as_json,
        text=f"{told['redemption_id']}: {told['status']}, {told['units']} spent or held{picked}.",
    )


@reward_app.command("hand-over")
def hand_over(which: Which, store: Store = None, home: Home = None, as_json: AsJson = False) -> None:
    """Hand over what waits, by its id or the code that the member shows.

    Example: jifen reward hand-over 4821937563
    """
    _end(which, is_handed_over=True, store=store, home=home, as_json=as_json)


@reward_app.command()
def cancel(which: Which, home: Home = None, as_json: AsJson = False) -> None:
    """Call off what waits: its units can be used again.

    Example: jifen reward cancel red_01a200873b877db499c27d29c0902c7e
    """
    _end(which, is_handed_over=False, store=None, home=home, as_json=as_json)


@reward_app.command("take-back")
def take_back(
    which: Which,
    note: Annotated[str, typer.Option(help="Why; it stands in the statement.")],
    broken: Annotated[bool, typer.Option("--broken", help="It is in no stock again.")] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Take back what was handed over: the very units that paid for it come back.

    Example: jifen reward take-back red_01a200873b877db499c27d29c0902c7e --note "Broken" --broken
    """

    async def work(ledger: Ledger) -> dict[str, Any]:
        from jifen.operations.reverse_entry import take_back_reward

        redemption_id = await _named(ledger, which)
        done = await take_back_reward(
            ledger,
            redemption_id,
            note=note,
            request=once_for("take-back"),
            principal=local(),
            actor="cli",
            is_in_stock=not broken,
        )
        (moved,) = done["moved"]
        return {
            "redemption_id": str(redemption_id),
            "member_id": done["member_id"],
            "sequence": done["sequence"],
            "status": "returned",
            "units": moved["units"],
            "balance_after": moved["balance_after"],
        }

    told = _told(at_ledger(work, home=home, as_json=as_json))
    show(told, as_json=as_json, text=f"{told['redemption_id']}: returned, {told['units']} came back.")


def _end(which: str, *, is_handed_over: bool, store: str | None, home: Home, as_json: bool) -> None:
    async def work(ledger: Ledger) -> dict[str, Any]:
        from jifen.operations.end_redemption import end_redemption

        return await end_redemption(
            ledger,
            await _named(ledger, which),
            is_handed_over=is_handed_over,
            store=store,
            request=once_for("redemption"),
            principal=local(),
            channel="cli",
        )

    told = _told(at_ledger(work, home=home, as_json=as_json))
    show(told, as_json=as_json, text=f"{told['redemption_id']}: {told['status'].replace('_', ' ')}.")


async def _named(ledger: Ledger, which: str) -> UUID:
    from jifen.operations.end_redemption import redemption_waiting
    from jifen.present.ids import unprefixed

    found = unprefixed("red", which)
    return found if found is not None else await redemption_waiting(ledger, which)


def _told(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer as it is shown: with its ids as they are told."""
    from uuid import UUID

    from jifen.present.ids import prefixed

    told = {name: value for name, value in answer.items() if name != "is_replay"}
    return {
        **told,
        "redemption_id": prefixed("red", UUID(told["redemption_id"])),
        "member_id": prefixed("mbr", UUID(told["member_id"])),
    }
