"""Exchange units of one currency for units of others, as the programme has it: looked at before, made as often as is asked.

What runs by itself (`at_once`) is no request: the turn makes it where a balance reaches it (`domain/moments.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from jifen.domain import fold
from jifen.domain.decide import decide_legs
from jifen.domain.events import EXCHANGES_AT_ONCE, legs_of_exchange
from jifen.domain.refusals import FieldWrong
from jifen.domain.refusals_of_programs import ExchangeUnknown
from jifen.store.once import Once
from jifen.store.taken import exchange_row
from jifen.store.turn import Keyed, Turn, Wants, one

if TYPE_CHECKING:
    from jifen.store.ledger import Ledger


class _Exchange(Keyed, frozen=True, kw_only=True):
    member_id: UUID
    exchange: str
    times: int
    store: str | None
    channel: str | None
    actor: str | None

    @property
    def wants(self) -> Wants:
        return Wants(members=(self.member_id,))

    async def take(self, turn: Turn) -> dict[str, Any]:
        member = turn.spender(self.member_id)
        row = turn.timeline.row_at(turn.now)
        program = turn.timeline.programs[row]
        exchange = next((one for one in program.exchanges if one.code == self.exchange), None)
        if exchange is None:
            known = ", ".join(one.code for one in program.exchanges) or "none"
            raise ExchangeUnknown(
                f"{self.exchange!r} is none of the programme's exchanges: {known}",
                pointer="/exchange",
                value=self.exchange,
            )

        decision = decide_legs(
            turn.timeline, member, fold.EXCHANGE, legs_of_exchange(exchange, self.times), now=turn.now,
            value=exchange.number, row=row,
        )  # fmt: skip

        entry_id = turn.put_entry(
            decision,
            exchange_row(exchange, self.times),
            actor=self.actor,
            store=self.store,
            channel=self.channel,
        )
        codes = {currency.number: currency.code for currency in program.currencies}
        return {
            "entry_id": str(entry_id),
            "member_id": str(self.member_id),
            "sequence": decision.sequence,
            "exchange": exchange.code,
            "times": self.times,
            "taken": {
                "currency": codes[exchange.currency],
                "units": exchange.units * self.times,
                "balance_after": decision.after.balance(exchange.currency),
            },
            "given": [
                {
                    "currency": codes[given.currency],
                    "units": given.units * self.times,
                    "balance_after": decision.after.balance(given.currency),
                }
                for given in exchange.gives
            ],
        }


async def exchange_units(
    ledger: Ledger,
    member_id: UUID,
    *,
    exchange: str,
    times: int,
    request: Once,
    store: str | None = None,
    channel: str | None = None,
    actor: str | None = None,
) -> dict[str, Any]:
    """What was taken and given, and the balances after.

    Refuses
        ExchangeUnknown   the programme in force has none of that code
        PointsMissing     fewer units are available than it takes
        FieldWrong        not at all, or more often than one entry makes it
        MemberUnknown, MemberClosed, MemberFrozen
    """
    if not 1 <= times <= EXCHANGES_AT_ONCE:
        raise FieldWrong(
            f"an exchange is made from 1 to {EXCHANGES_AT_ONCE} times", pointer="/times", value=times
        )
    asked = _Exchange(
        once=request,
        member_id=member_id,
        exchange=exchange,
        times=times,
        store=store,
        channel=channel,
        actor=actor,
    )
    answer: dict[str, Any] = await one(ledger, asked)
    return answer
