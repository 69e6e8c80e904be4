"""How an answer is made from what operations return."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from fastapi import Response

from jifen.api.answers import (
    JSON,
    REPLAY_HEADER,
    LineReason,
    ProposedAnswer,
    PurchaseRead,
    ReturnedLine,
    StoredLine,
    StoredPayment,
    StoredReturn,
)
from jifen.api.fields import Answer
from jifen.domain.timeline import Timeline
from jifen.domain.verbs import Why
from jifen.operations.read_purchase import PurchaseView
from jifen.present.catalogue import catalogue_of
from jifen.present.ids import prefixed
from jifen.present.shown import shown_instant
from jifen.store.purchases import RecordedPurchase, Undone, line_document

A = TypeVar("A", bound=Answer)


def answered(value: Answer | dict[str, Any], *, status: int = 200, is_replay: bool = False) -> Response:
    """The answer as JSON: of a model, or of plain values that keep to one."""
    headers = {REPLAY_HEADER: "true"} if is_replay else None
    body = msgspec.json.encode(value, enc_hook=str) if isinstance(value, dict) else value.model_dump_json()
    return Response(body, status_code=status, headers=headers, media_type=JSON)


def told(model: type[Answer], answer: Mapping[str, Any], *, status: int = 200) -> Response:
    """An operation's remembered answer: 200 with a header when it is a replay."""
    is_replay = bool(answer.get("is_replay"))
    return answered(as_model(model, answer), status=200 if is_replay else status, is_replay=is_replay)


def as_model(model: type[A], answer: Mapping[str, Any]) -> A:
    """An operation's remembered answer as its model."""
    return model(**{name: _as_id(name, value) for name, value in answer.items() if name != "is_replay"})


def proposed(answer: Mapping[str, Any]) -> Response:
    """An operation's remembered answer about what waits for a second person."""
    values = {name: answer[name] for name in ("expires_at", "confirm", "may_confirm_at")}
    is_replay = bool(answer.get("is_replay"))
    return answered(
        ProposedAnswer(proposal=prefixed("prp", UUID(answer["proposal_id"])), **values),
        status=200 if is_replay else 202,
        is_replay=is_replay,
    )


def reservation_answer(answer: Mapping[str, Any]) -> dict[str, Any]:
    """An operation's remembered answer about a reservation, as `answers.ReservationAnswer` describes it."""
    lapses_at = answer.get("lapses_at")
    return {
        "reservation_id": prefixed("rsv", UUID(answer["reservation_id"])),
        "member_id": prefixed("mbr", UUID(answer["member_id"])),
        "sequence": answer["sequence"],
        "currency": answer["currency"],
        "units": answer["units"],
        "status": answer["status"],
        "lapses_at": lapses_at and shown_instant(datetime.fromisoformat(lapses_at)),
        "balance_after": answer["balance_after"],
    }


def _as_id(name: str, value: Any) -> Any:
    return UUID(value) if name.endswith("_id") and isinstance(value, str) else value


_WHY = {int(one): one.name.lower() for one in Why}


def tier_code(timeline: Timeline, number: int | None) -> str | None:
    """The code of a tier number."""
    return None if number is None else timeline.tier_codes[number]


def purchase_answer(recorded: RecordedPurchase, timeline: Timeline) -> dict[str, Any]:
    """The answer to a purchase, as `answers.PurchaseAnswer` describes it.

    Plain values: it is made for every purchase, and a model for each of its parts would cost more than deciding it.
    """
    currencies = timeline.newest.currencies
    earned: dict[int, list[dict[str, Any]]] = {}
    if recorded.revision is not None:
        row = timeline.row_of(recorded.revision)
        for result in recorded.reasons:
            rule = timeline.rule_at(row, result.rule)
            reason = {
                "rule": rule.code,
                "desired": result.desired,
                "granted": result.granted,
                "why": _WHY[result.why],
            }
            earned.setdefault(rule.currency, []).append(reason)
    return {
        "purchase_id": recorded.purchase_id and prefixed("pur", recorded.purchase_id),
        "member_id": recorded.member_id and prefixed("mbr", recorded.member_id),
        "source": recorded.source,
        "business_no": recorded.business_no,
        "sequence": recorded.sequence,
        "revision": recorded.revision,
        "occurred_at": shown_instant(recorded.occurred_at),
        "recorded_at": shown_instant(recorded.recorded_at),
        "amount_minor": recorded.amount_minor,
        "tier_before": tier_code(timeline, recorded.tier_before),
        "tier_after": tier_code(timeline, recorded.tier_after),
        "balances": [
            {"currency": currencies[number].code, "balance": balance}
            for number, balance in enumerate(recorded.balances_after)
        ],
        "earned": [
            {
                "currency": currencies[number].code,
                "units": sum(reason["granted"] for reason in reasons),
                "reasons": reasons,
            }
            for number, reasons in sorted(earned.items())
        ],
        "expired": [
            {"currency": currencies[number].code, "units": units} for number, units in recorded.expired
        ],
        "undone": undone_answer(recorded.undone),
    }


def undone_answer(undone: Undone | None) -> dict[str, Any] | None:
    """What has come back of a purchase, as `answers.Undone` describes it."""
    if undone is None:
        return None
    key = "came_back.whole" if undone.is_void else "came_back.part"
    return {
        "amount_minor": undone.amount_minor,
        "is_void": undone.is_void,
        "recorded_at": shown_instant(undone.recorded_at),
        "detail": catalogue_of("en").say(key),
        "message_zh": catalogue_of("zh").say(key),
    }


def purchase_read(view: PurchaseView, reasons: list[LineReason]) -> PurchaseRead:
    """A purchase with all that is known of it."""
    told = view.purchase
    if view.recorded is not None:
        known = purchase_answer(view.recorded, view.timeline)
    else:
        known = {
            "purchase_id": None,
            "member_id": None,
            "source": told.source,
            "business_no": told.business_no,
            "sequence": None,
            "revision": None,
            "occurred_at": told.occurred_at,
            "recorded_at": told.occurred_at,
            "amount_minor": told.amount_minor,
            "tier_before": None,
            "tier_after": None,
            "balances": [],
            "earned": [],
            "expired": [],
        }
    return PurchaseRead(
        **known,
        money=told.money,
        store=told.store,
        till=told.till,
        cashier=told.cashier,
        channel=told.channel,
        payments=[StoredPayment(method=one.method, amount_minor=one.amount_minor) for one in told.payments],
        tags=list(told.tags),
        lines=[
            StoredLine(**line_document(line), returned_milli=view.returned.get(line.number, 0))
            for line in told.lines
        ],
        returns=[
            StoredReturn(
                **{name: back[name] for name in _RETURN},
                lines=[
                    ReturnedLine(number=number, quantity_milli=quantity) for number, quantity in back["lines"]
                ],
            )
            for back in view.returns
        ],
        reasons=reasons,
    )


_RETURN = ("return_id", "sequence", "is_void", "amount_minor", "occurred_at", "recorded_at", "note")
