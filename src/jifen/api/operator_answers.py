"""What comes in and goes out about operators, their sessions and invitations."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from jifen.api.fields import Answer, Body, Bytes, Code, Instant
from jifen.api.ids import ChallengeId, PasskeyId

_LOGIN = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=200)]
_SECRET = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=1_000)]
_NAME = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=200)]
_WORD = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=100)]
_LANGUAGE = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z]{2,3}(-[A-Za-z]{2,4})?$")]
_NAMED = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=200)]
_LIMIT = Annotated[int, Field(strict=True, ge=0, le=1_000_000_000)]


class PasskeyBody(Body):
    """What an authenticator answered to a challenge: the parts of `AuthenticatorAssertionResponse`."""

    challenge_id: ChallengeId
    credential_id: Bytes
    client_data: Bytes
    authenticator_data: Bytes
    signature: Bytes
    user_handle: Bytes | None = None


class SignInBody(Body):
    """Who signs in."""

    login: _LOGIN
    password: _SECRET
    passkey: PasskeyBody | None = Field(
        default=None,
        description="In the place of a code, where `code_required` came with a challenge.",
    )
    code: _SECRET | None = Field(
        default=None,
        description="Of the second factor, or a recovery code, where `code_required` asked for it.",
    )


class PasswordBody(Body):
    """One's own password, said again."""

    password: _SECRET


class NewPasskeyBody(Body):
    """A new passkey, as an authenticator tells of it: the parts of `AuthenticatorAttestationResponse`."""

    challenge_id: ChallengeId
    name: _NAMED = Field(description="What he calls it: 1 to 60 characters, such as Laptop.")
    credential_id: Bytes
    client_data: Bytes
    attestation: Bytes


class CodeBody(Body):
    """A code of the authenticator."""

    code: _SECRET


class NewPasswordBody(Body):
    """One's own password, and another one."""

    password: _SECRET
    new_password: _SECRET


class MayBody(Body):
    """What an operator may do, instead of what he might."""

    roles: list[_WORD] = Field(default_factory=list, max_length=100)
    permissions: list[_WORD] = Field(
        default_factory=list, max_length=100, description="Beyond those of the roles."
    )
    stores: list[Code] = Field(
        default_factory=list,
        max_length=1_000,
        description="Stores he is bound to; none: to none in particular.",
    )
    adjustment_units_max: _LIMIT | None = Field(
        default=None, description="More units than that he does not adjust alone."
    )


class InviteBody(MayBody):
    """Whom to invite, and what he may do."""

    name: _NAME
    language: _LANGUAGE = "zh"


class AcceptBody(Body):
    """What an invited operator chooses."""

    token: _SECRET
    login: _LOGIN | None = Field(default=None, description="Who has one already may leave it out.")
    password: _SECRET = Field(description="10 to 200 characters; several words are good.")


class ResetBody(Body):
    """How to begin anew."""

    removes_second_factor: bool = Field(
        default=False, description="For who lost it: no code is asked for any more."
    )


class WhoAnswer(Answer):
    """An operator, as he sees himself. `permissions` are all that he has, by his roles too."""

    id: str = Field(pattern="^opr_[0-9a-f]{32}$")
    login: str | None
    name: str
    roles: list[str]
    permissions: list[str]
    stores: list[str] | None = Field(description="null: bound to none.")
    adjustment_units_max: int | None
    language: str


class SessionAnswer(Answer):
    """The current session. `csrf_token` goes with each write, as the header X-CSRF-Token."""

    operator: WhoAnswer
    csrf_token: str
    expires_at: Instant
    has_second_factor: bool


class ChallengeAnswer(Answer):
    """What any passkey may sign to come in, once, within five minutes."""

    challenge_id: ChallengeId
    challenge: str = Field(description="base64url.")
    rp_id: str = Field(description="The host that passkeys belong to.")


class PasskeyOfferedAnswer(ChallengeAnswer):
    """What a new passkey signs, once, within five minutes, and for whom."""

    user_id: str = Field(description="base64url; it means nothing outside of this ledger.")
    login: str
    name: str
    credentials: list[str] = Field(description="Those that he has, base64url: no second one is made there.")


class PasskeyAnswer(Answer):
    """A passkey."""

    id: PasskeyId
    name: str
    added_at: Instant
    last_used_at: Instant | None = Field(description="When somebody signed in by it last.")


class PasskeysAnswer(Answer):
    """One's passkeys, oldest first."""

    data: list[PasskeyAnswer]
    passkey_host: str | None = Field(
        description="The host that they belong to; null: nobody said where browsers find this service (JIFEN_ADDRESS), "
        "so none is added or asked for."
    )


class OperatorPasskeysAnswer(Answer):
    """An operator's passkeys, oldest first."""

    data: list[PasskeyAnswer]


class PasskeyAddedAnswer(Answer):
    """A new passkey, and ten recovery codes where there were none; shown this once."""

    passkey: PasskeyAnswer
    recovery_codes: list[str] | None


class OwnSession(Answer):
    """A browser in which one is signed in."""

    id: str = Field(pattern="^ses_[0-9a-f]{32}$")
    created_at: Instant
    last_used_at: Instant
    expires_at: Instant
    address: str
    agent: str
    began_by: Literal["password", "totp", "recovery_code", "passkey"] = Field(
        description="What was shown last when it began."
    )
    is_current: bool


class OwnSessionsAnswer(Answer):
    """One's open sessions, the one used last first."""

    data: list[OwnSession]


class EndedAnswer(Answer):
    """How many sessions ended."""

    ended: int


class TotpOfferedAnswer(Answer):
    """A secret for an authenticator, shown this once; it counts once a code of it was confirmed."""

    secret: str
    uri: str = Field(description="otpauth://..., as a QR code shows it.")


class RecoveryCodesAnswer(Answer):
    """Ten codes, each good once in the place of the authenticator's; shown this once."""

    recovery_codes: list[str]


class DoneAnswer(Answer):
    """Done."""

    is_done: Literal[True] = True


class OperatorAnswer(WhoAnswer):
    """An operator, as whoever manages operators sees him."""

    own_permissions: list[str] = Field(description="Those that he has beyond his roles.")
    state: Literal["active", "invited", "waiting", "disabled"] = Field(
        description="invited: an invitation is open; waiting: none is, and he has no password."
    )
    has_second_factor: bool
    recovery_codes_left: int
    passkeys: int = Field(description="How many he has.")
    created_at: Instant
    disabled_at: Instant | None
    invited_until: Instant | None
    last_used_at: Instant | None = Field(description="When a session of his was used last.")


class OperatorsAnswer(Answer):
    """The operators, disabled ones too, oldest first."""

    data: list[OperatorAnswer]


class InvitedAnswer(Answer):
    """An invitation, whose token is shown this once."""

    operator: OperatorAnswer
    token: str
    path: str = Field(description="Where he sets login and password, below the address of this ledger.")
    expires_at: Instant
