"""`jifen purchase`: show a purchase, record purchases from a file."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jifen.cli.at_ledger import AsJson, Home, Language, at_ledger, purchase_named, refusal_document
from jifen.cli.show import FAILED, REFUSED, language_spoken, say, scales_of, show

if TYPE_CHECKING:
    from jifen.operations.record_purchases import PurchaseRequest
    from jifen.store.ledger import Ledger

purchase_app = typer.Typer(help="Show a purchase, or record purchases from a file.", no_args_is_help=True)
BATCH = 256


@purchase_app.command("show")
def show_purchase(
    receipt: Annotated[str, typer.Argument(help="pur_..., or SOURCE/NUMBER.", metavar="RECEIPT")],
    language: Language = "en",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Show a purchase: its lines, what each earned by which rule, and what came back.

    Example: jifen purchase show pos/20261121-0001
    """
    which = purchase_named(receipt)
    if which is None:
        raise typer.BadParameter("name it by pur_... or SOURCE/NUMBER", param_hint="RECEIPT")

    async def work(ledger: Ledger) -> Any:
        from jifen.operations.read_purchase import read_purchase

        return await read_purchase(ledger, which)

    view = at_ledger(work, home=home, as_json=as_json)
    from jifen.api.render import purchase_read
    from jifen.api.till import reasons_of
    from jifen.present.purchases import purchase_lines

    result = json.loads(purchase_read(view, reasons_of(view)).model_dump_json())
    lines = purchase_lines(result, scales_of(view.timeline), language_spoken())
    show(result, as_json=as_json, text=lines)


@purchase_app.command()
def record(
    file: Annotated[
        Path,
        typer.Argument(help="JSON: a purchase as in POST /v1/purchases, or a list; - is standard input."),
    ],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Record purchases from a JSON file, each on its own. Run again it adds nothing twice. Status 3 when one was refused.

    Example: jifen purchase record receipt.json
    """
    from jifen.api.strict_json import parsed_json
    from jifen.domain.refusals import Refusal
    from jifen.present.refusals import way_out

    try:
        raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        values = parsed_json(raw, alone="")
    except OSError as failure:
        say(f"{file} cannot be read: {failure.strerror}")
        sys.exit(FAILED)
    except Refusal as refusal:
        say(f"{file}: {refusal}")
        sys.exit(REFUSED)
    asked = [_parsed(value) for value in (values if isinstance(values, list) else [values])]
    answers = at_ledger(lambda ledger: _record(ledger, asked), home=home, as_json=as_json)
    counts = {
        status: sum(one["status"] == status for one in answers) for status in ("recorded", "known", "refused")
    }
    lines = [
        f"purchase {at} ({one.get('source', '?')}/{one.get('business_no', '?')}) is refused: {one['refusal']['detail']} "
        f"({one['refusal']['pointer']}) [{one['refusal']['code']}]"
        for at, one in enumerate(answers, start=1)
        if one["status"] == "refused"
    ]
    codes = {one["refusal"]["code"] for one in answers if one["status"] == "refused"}
    lines += [further for code in sorted(codes) if (further := way_out(code, language_spoken()))]
    lines.append(
        f"{counts['recorded']} recorded, {counts['known']} known already, {counts['refused']} refused"
    )
    show({**counts, "answers": answers}, as_json=as_json, text=lines)
    if counts["refused"]:
        sys.exit(REFUSED)


def _parsed(value: Any) -> Any:
    """A request to record, or the refusal."""
    from pydantic import ValidationError

    from jifen.api.bodies import PurchaseBody
    from jifen.api.errors import field_wrong
    from jifen.api.requests import hash_of
    from jifen.domain.refusals import Refusal
    from jifen.operations.record_purchases import PurchaseRequest

    if isinstance(value, Refusal):
        return value
    try:
        body = PurchaseBody.model_validate(value)
        return PurchaseRequest(
            purchase=body.purchase(), whose=body.whose(), body_hash=hash_of(body), actor="cli"
        )
    except ValidationError as error:
        return field_wrong([dict(one) for one in error.errors(include_url=False)])
    except Refusal as refusal:
        return refusal


async def _record(ledger: Ledger, asked: list[Any]) -> list[dict[str, Any]]:
    from jifen.api.errors import pointer_in_purchase
    from jifen.api.render import purchase_answer
    from jifen.domain.refusals import Refusal
    from jifen.operations.record_purchases import record_purchases

    ready: list[PurchaseRequest] = [one for one in asked if not isinstance(one, Refusal)]
    answers: list[Any] = []
    for at in range(0, len(ready), BATCH):
        answers += await record_purchases(ledger, ready[at : at + BATCH])
    coming = iter(answers)
    told = []
    for one in asked:
        answer = one if isinstance(one, Refusal) else next(coming)
        purchase = None if isinstance(one, Refusal) else one.purchase
        named = {"source": purchase.source, "business_no": purchase.business_no} if purchase else {}
        if isinstance(answer, Refusal):
            answer.pointer = pointer_in_purchase(answer)
            told.append({**named, "status": "refused", "refusal": refusal_document(answer)})
        else:
            status = "known" if answer.is_replay else "recorded"
            told.append({**named, "status": status, "purchase": purchase_answer(answer, ledger.compiled)})
    return told
