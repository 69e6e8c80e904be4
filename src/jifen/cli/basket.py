"""`jifen basket`: price a basket from a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jifen.cli.at_ledger import AsJson, Home, at_ledger
from jifen.cli.show import FAILED, language_spoken, say, show

if TYPE_CHECKING:
    from jifen.store.ledger import Ledger

basket_app = typer.Typer(help="Price a basket before it is paid.", no_args_is_help=True)


@basket_app.callback()
def _group() -> None:
    """Price a basket before it is paid."""


@basket_app.command("price")
def price_basket(
    file: Annotated[
        Path, typer.Argument(help="JSON: a basket as in POST /v1/baskets:price; - is standard input.")
    ],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Show what the programme takes off a basket, line by line, and the points to come. Nothing changes.

    Example: jifen basket price basket.json
    """
    from pydantic import ValidationError

    from jifen.api.baskets import BasketBody, basket_answer, in_basket
    from jifen.api.errors import field_wrong
    from jifen.api.render import purchase_answer
    from jifen.api.strict_json import parsed_json
    from jifen.domain.refusals import FieldWrong
    from jifen.present.baskets import basket_lines

    try:
        raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as failure:
        say(f"{file} cannot be read: {failure.strerror}")
        sys.exit(FAILED)

    async def work(ledger: Ledger) -> tuple[Any, Any]:
        from jifen.operations.price_basket import price
        from jifen.operations.quote_purchase import quote_purchases

        try:
            body = BasketBody.model_validate(parsed_json(raw, alone=""))
        except ValidationError as error:
            raise field_wrong([dict(one) for one in error.errors(include_url=False)]) from None
        if body.member is not None and body.member.code is not None:
            raise FieldWrong(
                "a code is shown at a till: name the member by id, card or external", pointer="/member/code"
            )
        whose = body.member.whose() if body.member else None
        try:
            found = await price(ledger, body.basket(), whose, at=body.occurred_at)
        except FieldWrong as refusal:
            raise in_basket(refusal) from None
        (points,) = await quote_purchases(ledger, [(found.sold, found.member_id)])
        if isinstance(points, Exception):
            raise points
        return found, basket_answer(found, purchase_answer(points, ledger.compiled))

    found, told = at_ledger(work, home=home, as_json=as_json)
    called = {line.number: line.name or line.sku or "" for line in found.basket.lines}
    show(told, as_json=as_json, text=basket_lines(told, called, found.program, language_spoken()))
