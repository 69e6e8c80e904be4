"""From a refusal to an answer: one table from code to status, and the one form of every "no" (RFC 9457)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import asyncpg
import msgspec
from starlette.requests import Request
from starlette.responses import Response

from jifen.api.languages import language_of
from jifen.document.problems import DocumentProblem, DocumentRefused
from jifen.domain import file_refusals as of_files
from jifen.domain import household_refusals as house
from jifen.domain import refusals as no
from jifen.domain import refusals_of_people as people_no
from jifen.domain import refusals_of_programs as of_programs
from jifen.domain import refusals_of_rewards as of_rewards
from jifen.domain.compensations import CompensationOver, CompensationUnknown
from jifen.domain.dates import refusals as of_dates
from jifen.domain.occasions import EventUnknown, LimitUsedUp
from jifen.domain.purchase import BELOW_ZERO
from jifen.domain.refusals import Refusal
from jifen.domain.refusals_of_programs import DocumentTooHeavy, ExchangeUnknown
from jifen.domain.segments import SegmentExists, SegmentFound, SegmentInUse, SegmentUnknown
from jifen.domain.switches import StoreSwitchedOff
from jifen.present.refusals import refusal_message

PROBLEM_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:jifen:refusal:"
RETRY_AFTER_SECONDS = 1
DOCUMENT_PROBLEMS_MAX = 100


class AtTheEdge(Refusal):
    """The request never reached the ledger."""

    code = "at_the_edge"


class BodyTooLarge(AtTheEdge):
    """The body is larger than 4 MiB."""

    code = "body_too_large"


class UploadTooLarge(AtTheEdge):
    """The file is larger than 2 GiB: send it in parts."""

    code = "upload_too_large"


class BodyCutShort(AtTheEdge):
    """The line broke before the whole body had come; nothing was done."""

    code = "body_cut_short"
    message_zh = "请求体未传完连接即中断，未做任何更改。"


class MediaTypeWrong(AtTheEdge):
    """A body is sent as application/json."""

    code = "media_type_wrong"


class RouteUnknown(AtTheEdge):
    """There is nothing at this address."""

    code = "route_unknown"


class MethodWrong(AtTheEdge):
    """This address does not take that method."""

    code = "method_wrong"


class TooManyRequests(AtTheEdge):
    """More is asked than the limit lets through: wait as long as Retry-After says."""

    code = "too_many_requests"


class Busy(AtTheEdge):
    """It could not be done just now and nothing was changed; try again in a moment with the same key."""

    code = "busy"


class Defect(AtTheEdge):
    """Something is wrong in the software; it was written down."""

    code = "defect"


STATUS: dict[type[Refusal], int] = {
    Refusal: 422,
    no.Malformed: 422,
    no.FieldWrong: 422,
    no.SumsDiffer: 422,
    no.CheckDigitWrong: 422,
    no.IdempotencyKeyMissing: 422,
    # Unknown: 404 where the address names it, 422 where the body does (see `status_of`).
    no.Unknown: 404,
    no.MemberUnknown: 404,
    no.StoreUnknown: 404,
    no.PurchaseUnknown: 404,
    no.LineUnknown: 404,
    no.ReservationUnknown: 404,
    no.CurrencyUnknown: 404,
    no.EntryUnknown: 404,
    no.LotUnknown: 404,
    no.RevisionUnknown: 404,
    no.BacktestUnknown: 404,
    no.OperatorUnknown: 404,
    no.SessionUnknown: 404,
    no.ProposalUnknown: 404,
    no.Conflict: 409,
    no.KeyReused: 409,
    no.KeyTaken: 409,
    no.VaultClosed: 503,
    no.PersonUnknown: 404,
    no.DeviceUnknown: 404,
    no.FlagUnknown: 404,
    no.QuestionUnknown: 404,
    of_files.ImportUnknown: 404,
    of_files.ExportUnknown: 404,
    no.CodeUsed: 409,
    no.QuestionOver: 409,
    no.MemberClosed: 409,
    no.MemberFrozen: 409,
    no.PurchaseClaimed: 409,
    no.ReservationOver: 409,
    no.EntryReversed: 409,
    no.OpeningDiffers: 409,
    no.EntryNotReversible: 409,
    no.UnitsReserved: 409,
    no.ProgramMissing: 409,
    no.RevisionStale: 409,
    no.BacktestUnfinished: 409,
    of_files.ImportBusy: 409,
    of_files.ImportOver: 409,
    of_files.ExportUnfinished: 409,
    no.LoginTaken: 409,
    no.LastOwner: 409,
    no.ProposalOver: 409,
    no.ProposalTooEarly: 409,
    no.NotAllowed: 422,
    no.PointsMissing: 422,
    no.ReturnExceedsPurchase: 422,
    no.TimeOutOfBounds: 422,
    no.CodeNotSent: 424,
    no.CodeWrong: 422,
    no.GiftToSelf: 422,
    no.MergeIntoSelf: 422,
    no.EffectiveInThePast: 422,
    no.ProgramRefused: 422,
    of_programs.DocumentTestsFailed: 422,
    of_programs.TemplateUnknown: 404,
    no.BacktestRefused: 422,
    of_files.FileUnusable: 422,
    DocumentTooHeavy: 422,
    of_files.NoRoom: 507,
    no.NotPermitted: 403,
    no.StoreNotPermitted: 403,
    StoreSwitchedOff: 409,
    SegmentUnknown: 404,
    SegmentExists: 409,
    SegmentInUse: 409,
    SegmentFound: 409,
    CompensationUnknown: 404,
    CompensationOver: 409,
    EventUnknown: 404,
    ExchangeUnknown: 404,
    of_rewards.RewardUnknown: 404,
    of_rewards.RedemptionUnknown: 404,
    of_rewards.RewardLimitUsedUp: 409,
    of_rewards.RewardNotNow: 422,
    of_rewards.RewardNotHere: 422,
    of_rewards.TierMissing: 422,
    of_rewards.RewardConditionUnmet: 422,
    of_rewards.RewardNotKept: 422,
    of_rewards.StockNotCounted: 422,
    of_rewards.RewardSwitchedOff: 409,
    of_rewards.SoldOut: 409,
    of_rewards.RewardPriceDiffers: 409,
    of_rewards.RedemptionOver: 409,
    of_rewards.StockTooLow: 409,
    LimitUsedUp: 409,
    of_dates.FestivalUnknown: 404,
    of_dates.CountryUnknown: 404,
    of_dates.YearNotCounted: 422,
    of_dates.DaysNotPublished: 422,
    no.SecondPersonNeeded: 403,
    no.OwnProposal: 403,
    no.CsrfRefused: 403,
    no.CodeNeeded: 403,
    no.NotAuthenticated: 401,
    no.KeyExpired: 401,
    no.SignInRefused: 401,
    no.CodeRequired: 401,
    no.SessionOver: 401,
    no.SessionIdle: 401,
    no.OneTimeCodeWrong: 401,
    no.InvitationRefused: 401,
    house.HouseholdInvitationWrong: 422,
    house.HouseholdNotEmpty: 409,
    house.LastPerson: 409,
    house.HeadNeeded: 422,
    house.GuardianNeeded: 422,
    house.MergeStands: 409,
    house.NotHead: 403,
    people_no.PasskeyUnknown: 404,
    people_no.PasskeyTaken: 409,
    people_no.PasskeysOff: 422,
    people_no.TermsUnknown: 404,
    people_no.TermsTaken: 409,
    people_no.TermsNotAccepted: 409,
    people_no.NoticeTooShort: 422,
    people_no.TermsBegun: 409,
    people_no.MemberChanged: 409,
    no.TooMuch: 422,
    no.SignInTooSoon: 429,
    AtTheEdge: 400,
    BodyCutShort: 400,
    BodyTooLarge: 413,
    UploadTooLarge: 413,
    MediaTypeWrong: 415,
    RouteUnknown: 404,
    MethodWrong: 405,
    TooManyRequests: 429,
    Busy: 503,
    no.OutcomeUnknown: 503,
    Defect: 500,
}

BUSY: tuple[type[Exception], ...] = (
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.TooManyConnectionsError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InterfaceError,
    TimeoutError,
    OSError,
)
"""What says nothing about the request: the database is away, or two were in each other's way. Nothing was committed: where
that is not known, `OutcomeUnknown` says so."""


def status_of(refusal: Refusal, request: Request | None = None) -> int:
    """The HTTP status of a refusal."""
    status = STATUS[type(refusal)]
    if isinstance(refusal, no.Unknown) and request is not None and not _is_in_address(refusal, request):
        return 422
    return status


def _is_in_address(refusal: Refusal, request: Request) -> bool:
    return refusal.pointer.startswith(("/path/", "/query/")) or request.method == "GET"


def pointer_of(refusal: Refusal, request: Request) -> str:
    """Where the field stands in this request: operations name it as they know it."""
    name = refusal.pointer.removeprefix("/")
    if name in request.path_params:
        return f"/path/{name}"
    if name == "member" and "member_id" in request.path_params:
        return "/path/member_id"
    if request.method == "GET" and name == "member":
        return "/query/external" if "external" in request.query_params else "/query/card"
    if request.method == "GET" and name and not name.startswith(("path/", "query/", "headers/")):
        return f"/query/{name}"
    if request.url.path in DATED_BY_BODY:
        return pointer_in_purchase(refusal)
    return "/member" if name == "member_id" else refusal.pointer


DATED_BY_BODY = ("/v1/purchases", "/v1/purchases:quote", "/v1/baskets:price")


def pointer_in_purchase(refusal: Refusal) -> str:
    """Where the field stands in a purchase, which says at which moment a programme has to be in force."""
    if isinstance(refusal, no.ProgramMissing):
        return "/occurred_at"
    return "/member" if refusal.pointer == "/member_id" else refusal.pointer


def problem_of(refusal: Refusal, status: int, language: str) -> dict[str, Any]:
    """The refusal as RFC 9457 says it, with our code, pointer, numbers, and what it means in the language and in Chinese."""
    return {
        "type": TYPE_PREFIX + refusal.code,
        "title": refusal.title(),
        "status": status,
        "code": refusal.code,
        "detail": str(refusal),
        "pointer": refusal.pointer,
        "numbers": {name: value for name, value in refusal.numbers.items() if value is not None},
        "message": refusal_message(refusal.code, language),
        "message_zh": refusal_message(refusal.code, "zh"),
    }


def refuse(request: Request, refusal: Refusal) -> Response:
    """The answer to a request that was refused."""
    refusal.pointer = pointer_of(refusal, request)
    status = status_of(refusal, request)
    request.scope.setdefault("state", {})["refused"] = refusal.code
    headers = {}
    if status == 503:
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    if isinstance(refusal, no.SignInTooSoon):
        headers["Retry-After"] = str(refusal.numbers["seconds"])
    elif status == 429:
        headers["Retry-After"] = str(refusal.numbers["retry_after_seconds"])
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="jifen"'
    return Response(
        msgspec.json.encode(problem_of(refusal, status, language_of(request)), enc_hook=str),
        status_code=status,
        headers=headers,
        media_type=PROBLEM_TYPE,
    )


def field_wrong(errors: Sequence[dict[str, Any]], *, base: str = "") -> Refusal:
    """Pydantic's errors as one refusal that points at the first field; the others are in its numbers."""
    found = [_place(error, base) for error in errors]
    pointer, detail, value, kind = found[0]
    others: list[object] = [
        {"pointer": place, "detail": said, "value": shown} for place, said, shown, _ in found[1:20]
    ]
    if kind == "too_long" and not isinstance(errors[0].get("input"), str):
        most = errors[0].get("ctx", {}).get("max_length")
        return no.TooMuch(detail, pointer=pointer, limit=most)
    return no.FieldWrong(detail, pointer=pointer, value=value, others=others or None)


_BRANCHES = {"str", "int", "constrained-str", "constrained-int"}


_OF_SOMETHING_ELSE = {"missing", "extra_forbidden"}
"""What is told with these is all that stood beside the field, or what somebody meant for another one."""
IN_ADDRESS_MAX: Final = 64
UNREPEATED: Final = frozenset({
    "password", "new_password", "code", "token", "secret", "key", "credential", "invitation", "authorization", "cookie",
    "phone", "email", "name", "birthday", "gender", "address", "attributes", "value", "said", "note", "proof", "reason", "login",
})  # fmt: skip
"""Fields whose values no refusal repeats: secrets, and what is personal. Answers are kept in more places than requests."""


def _place(error: dict[str, Any], base: str) -> tuple[str, str, str | int | None, str]:
    where, *steps = error["loc"] or ("body",)
    if where == "body":
        where = base
    elif where == "header":
        where = "/headers"
        steps = [str(step).replace("_", "-").title() for step in steps]
    elif where in ("path", "query", "cookie"):
        where = f"/{where}"
    else:
        steps = [where, *steps]
        where = base
    kept = [step for i, step in enumerate(steps) if not (i == len(steps) - 1 and str(step) in _BRANCHES)]
    pointer = where + "".join("/" + _escaped(str(step)) for step in kept if step != "[key]")
    is_secret = (
        not steps or error["type"] in _OF_SOMETHING_ELSE or any(str(step) in UNREPEATED for step in steps)
    )
    value = None if is_secret else _shown(error.get("input"))
    if value is not None and where != base and len(str(value)) > IN_ADDRESS_MAX:
        value = None  # as long as what opens something
    return pointer, _said(error), value, error["type"]


def _escaped(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")[:100]


def _said(error: dict[str, Any]) -> str:
    kind, value = error["type"], error.get("input")
    if kind == "int_type" and isinstance(value, float):
        return "a whole number is needed: amounts are in the smallest unit, quantities in thousandths"
    if kind == "greater_than_equal" and error["loc"][-1] == "amount_minor":
        return f"an amount is not below zero: {BELOW_ZERO}"
    plain = {
        "missing": "the field is missing",
        "extra_forbidden": "there is no such field",
        "int_type": "a whole number is needed",
        "string_type": "text is needed",
        "model_type": "an object is needed",
        "model_attributes_type": "an object is needed",
        "dict_type": "an object is needed",
        "list_type": "a list is needed",
        "string_pattern_mismatch": "the text has another form than is needed here, or a NUL character",
    }
    return plain.get(kind, str(error["msg"]))


def _shown(value: Any) -> str | int | None:
    if value is None or isinstance(value, (dict, list, tuple)):
        return None  # there may be anything in it
    if isinstance(value, int) and not isinstance(value, bool) and -(2**53) < value < 2**53:
        return value
    text = value if isinstance(value, str) else repr(value)
    text = text.encode("utf-8", "replace").decode()
    return text if len(text) <= 80 else text[:77] + "..."


def document_refused(error: DocumentRefused, language: str) -> Refusal:
    """A programme document's problems as one refusal that points at the first."""
    problems: list[object] = [_problem(one, language) for one in error.problems[:DOCUMENT_PROBLEMS_MAX]]
    first = error.problems[0]
    return no.ProgramRefused(
        f"{first.message_en} {first.way_out}", pointer=pointer_of_path(first.path), problems=problems
    )


def _problem(one: DocumentProblem, language: str) -> dict[str, str]:
    return {
        "code": one.code,
        "pointer": pointer_of_path(one.path),
        "value": one.value.encode("utf-8", "replace").decode(),
        "message": one.whole(language).encode("utf-8", "replace").decode(),
        "message_en": one.message_en.encode("utf-8", "replace").decode(),
        "message_zh": one.message_zh.encode("utf-8", "replace").decode(),
        "way_out": one.way_out,
        "way_out_zh": one.way_out_zh,
    }


def pointer_of_path(path: str) -> str:
    """A JSON path such as `$.earn_rules[2].rate` as a pointer into the request: `/document/earn_rules/2/rate`."""
    steps = path.removeprefix("$").replace("[", ".").replace("]", "").split(".")
    return "/document" + "".join(f"/{step}" for step in steps if step)
