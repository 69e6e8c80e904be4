"""Ids at the edge: a prefix says what an id names (`mbr_`, `pur_` ...) and 32 hexadecimal digits say which."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeAlias
from uuid import UUID

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from jifen.present.ids import prefixed, unprefixed

EXAMPLE = "01a200873b877db499c27d29c0902c7e"


def _taken_off(prefix: str) -> Callable[[Any], UUID]:
    def validate(value: Any) -> UUID:
        if isinstance(value, UUID):
            return value
        found = unprefixed(prefix, value) if isinstance(value, str) else None
        if found is None:
            message = "an id here is {prefix}_ and 32 hexadecimal digits"
            raise PydanticCustomError("id_wrong", message, {"prefix": prefix})
        return found

    return validate


def _put_on(prefix: str) -> PlainSerializer:
    return PlainSerializer(lambda value: prefixed(prefix, value), return_type=str)


def _schema(prefix: str) -> WithJsonSchema:
    return WithJsonSchema(
        {"type": "string", "pattern": f"^{prefix}_[0-9a-f]{{32}}$", "examples": [f"{prefix}_{EXAMPLE}"]}
    )


MemberId: TypeAlias = Annotated[UUID, BeforeValidator(_taken_off("mbr")), _put_on("mbr"), _schema("mbr")]
PurchaseId: TypeAlias = Annotated[UUID, BeforeValidator(_taken_off("pur")), _put_on("pur"), _schema("pur")]
ReturnId: TypeAlias = Annotated[UUID, BeforeValidator(_taken_off("ret")), _put_on("ret"), _schema("ret")]
ReservationId: TypeAlias = Annotated[UUID, BeforeValidator(_taken_off("rsv")), _put_on("rsv"), _schema("rsv")]
GiftId: TypeAlias = Annotated[UUID, BeforeValidator(_taken_off("gft")), _put_on("gft"), _schema("gft")]
EntryId: TypeAlias = Annotated[UUID, BeforeValidator(_taken_off("ent")), _put_on("ent"), _schema("ent")]
BacktestId: TypeAlias = Annotated[UUID, BeforeValidator(_taken_off("bkt")), _put_on("bkt"), _schema("bkt")]
PersonId: TypeAlias = Annotated[UUID, BeforeValidator(_taken_off("per")), _put_on("per"), _schema("per")]
KeyId: TypeAlias = Annotated[UUID, BeforeValidator(_taken_off("key")), _put_on("key"), _schema("key")]
OperatorId: TypeAlias = Annotated[UUID, BeforeValidator(_taken_off("opr")), _put_on("opr"), _schema("opr")]
SessionId: TypeAlias = Annotated[UUID, BeforeValidator(_taken_off("ses")), _put_on("ses"), _schema("ses")]
CompensationId: TypeAlias = Annotated[
    UUID, BeforeValidator(_taken_off("cmp")), _put_on("cmp"), _schema("cmp")
]
RedemptionId: TypeAlias = Annotated[UUID, BeforeValidator(_taken_off("red")), _put_on("red"), _schema("red")]
ProposalId: TypeAlias = Annotated[UUID, BeforeValidator(_taken_off("prp")), _put_on("prp"), _schema("prp")]
SignInId: TypeAlias = Annotated[UUID, BeforeValidator(_taken_off("sgn")), _put_on("sgn"), _schema("sgn")]
AuditId: TypeAlias = Annotated[UUID, BeforeValidator(_taken_off("adt")), _put_on("adt"), _schema("adt")]
DeviceId: TypeAlias = Annotated[UUID, BeforeValidator(_taken_off("dev")), _put_on("dev"), _schema("dev")]
FlagId: TypeAlias = Annotated[UUID, BeforeValidator(_taken_off("flg")), _put_on("flg"), _schema("flg")]
PasskeyId: TypeAlias = Annotated[UUID, BeforeValidator(_taken_off("pky")), _put_on("pky"), _schema("pky")]
ChallengeId: TypeAlias = Annotated[UUID, BeforeValidator(_taken_off("chl")), _put_on("chl"), _schema("chl")]
QuestionId: TypeAlias = Annotated[UUID, BeforeValidator(_taken_off("qst")), _put_on("qst"), _schema("qst")]
InvitationId: TypeAlias = Annotated[UUID, BeforeValidator(_taken_off("hin")), _put_on("hin"), _schema("hin")]
ImportId: TypeAlias = Annotated[UUID, BeforeValidator(_taken_off("imp")), _put_on("imp"), _schema("imp")]
ExportId: TypeAlias = Annotated[UUID, BeforeValidator(_taken_off("exp")), _put_on("exp"), _schema("exp")]
