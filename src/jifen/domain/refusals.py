"""Every expected "no", as a tree:

Refusal
  Malformed                      the request cannot be understood
    FieldWrong                   a field has a wrong type, form or range
    SumsDiffer                   sums that must match do not
    CheckDigitWrong              a new card number does not end as it has to
    IdempotencyKeyMissing        a write came without its key
  Unknown                        something named is not there
    MemberUnknown, StoreUnknown, PurchaseUnknown, LineUnknown, ReservationUnknown, CurrencyUnknown, RevisionUnknown,
    BacktestUnknown, EntryUnknown, LotUnknown, OperatorUnknown, SessionUnknown, ProposalUnknown, DeviceUnknown, FlagUnknown,
    QuestionUnknown
  Conflict                       it contradicts what is already recorded
    KeyReused                    the same key came with another body
    KeyTaken                     the card or external id belongs to another member
    QuestionOver                 nobody waits for that of the question
    CodeUsed                     the member code has opened a checkout already
    MemberClosed                 the member takes no more entries
    MemberFrozen                 the member may not spend or give
    PurchaseClaimed              the receipt already belongs to a member
    ReservationOver              committed, released or lapsed
    EntryReversed                the entry was reversed before
    EntryNotReversible           entries of its kind are not reversed
    OpeningDiffers               the member took over something else from another system before
    ProgramMissing               no programme is in force yet
    RevisionStale                a newer revision was published meanwhile
    BacktestUnfinished           there is no report yet, or there never will be
    LoginTaken                   another operator signs in by that name
    LastOwner                    nobody could manage operators any more
    ProposalOver                 approved, refused, withdrawn or expired before
    ProposalTooEarly             who decides alone waits first, so that it can be called off
  NotAllowed                     the rules say no
    PointsMissing                fewer available than asked for
    ReturnExceedsPurchase        more comes back than was bought
    TimeOutOfBounds              a till's time that cannot be believed
    BacktestRefused              the history cannot answer what is asked of it
    CodeWrong                    the member code proves nothing
    CodeNotSent, GiftToSelf, AmountNotPositive, EffectiveInThePast, ProgramRefused
  NotPermitted                   who asks may not do this
    StoreNotPermitted            not at this store
    SecondPersonNeeded           not so much alone
    OwnProposal                  somebody else decides
    CsrfRefused                  a write with a session's cookie and without its token
    CodeNeeded                   not without the member's code
  NotAuthenticated               who asks is not known
    KeyExpired                   the key was valid until some time ago
    SignInRefused                login, password or code do not fit together
    CodeRequired                 a second factor is asked for
    SessionOver                  the session ended
    SessionIdle                  the session was not used for too long for what is asked
    OneTimeCodeWrong, InvitationRefused   used, replaced, expired, or never right
  TooMuch                        a limit on what can grow
    SignInTooSoon                after wrong tries one waits

`code` is stable. The docstring is the default message; the catalogues have it in each language, by code. `pointer` is a JSON
pointer to the field. Nothing here knows HTTP: `api/errors.py` has the status. More: `refusals_of_people.py`, `dates/refusals.py`.
"""

from __future__ import annotations

from typing import ClassVar


class Refusal(Exception):
    """The request was refused."""

    code: ClassVar[str] = "refused"

    def __init__(
        self, detail: str = "", *, pointer: str = "", **numbers: int | str | list[object] | None
    ) -> None:
        super().__init__(detail or self.title())
        self.detail = detail
        self.pointer = pointer
        self.numbers = numbers

    @classmethod
    def title(cls) -> str:
        """The default message: the first line of the docstring."""
        return (cls.__doc__ or "").strip().splitlines()[0]


class Malformed(Refusal):
    """The request cannot be understood."""

    code = "malformed"


class FieldWrong(Malformed):
    """A field has a wrong type, form or range."""

    code = "field_wrong"


class SumsDiffer(Malformed):
    """Sums that must match do not."""

    code = "sums_differ"


class CheckDigitWrong(Malformed):
    """The card number does not end as new cards have to: it was probably typed wrong."""

    code = "check_digit_wrong"


class IdempotencyKeyMissing(Malformed):
    """A write needs an Idempotency-Key of 1 to 200 printable characters."""

    code = "idempotency_key_missing"


class OutcomeUnknown(Refusal):
    """Whether it was done is not known: the connection to the database broke while it was committed. The same key finds out."""

    code = "outcome_unknown"


class VaultClosed(Refusal):
    """The keys of personal data are not there, or are not this ledger's: nobody is found or enrolled until they are."""

    code = "vault_closed"


class Unknown(Refusal):
    """Something that was named is not there."""

    code = "unknown"


class PersonUnknown(Unknown):
    """Nothing personal is known of the member: nobody was told of, or he was erased."""

    code = "person_unknown"


class MemberUnknown(Unknown):
    """There is no such member."""

    code = "member_unknown"


class StoreUnknown(Unknown):
    """The programme has no such store."""

    code = "store_unknown"


class PurchaseUnknown(Unknown):
    """There is no such purchase."""

    code = "purchase_unknown"


class LineUnknown(Unknown):
    """The purchase has no such line."""

    code = "line_unknown"


class ReservationUnknown(Unknown):
    """There is no such reservation."""

    code = "reservation_unknown"


class LotUnknown(Unknown):
    """The member has no such lot."""

    code = "lot_unknown"


class EntryUnknown(Unknown):
    """The member has no such entry."""

    code = "entry_unknown"


class CurrencyUnknown(Unknown):
    """The programme has no such currency."""

    code = "currency_unknown"


class RevisionUnknown(Unknown):
    """There is no such revision."""

    code = "revision_unknown"


class BacktestUnknown(Unknown):
    """There is no such back-test (any more)."""

    code = "backtest_unknown"


class OperatorUnknown(Unknown):
    """There is no such operator."""

    code = "operator_unknown"


class SessionUnknown(Unknown):
    """There is no such session of yours."""

    code = "session_unknown"


class ProposalUnknown(Unknown):
    """There is no such proposal."""

    code = "proposal_unknown"


class DeviceUnknown(Unknown):
    """The member has no such device."""

    code = "device_unknown"


class FlagUnknown(Unknown):
    """No code was flagged under that id."""

    code = "flag_unknown"


class QuestionUnknown(Unknown):
    """The member has asked no such question."""

    code = "question_unknown"


class Conflict(Refusal):
    """The request contradicts what is already recorded."""

    code = "conflict"


class KeyReused(Conflict):
    """The same key came before with another body."""

    code = "key_reused"


class KeyTaken(Conflict):
    """The card number, id elsewhere or contact belongs to another member."""

    code = "key_taken"


class QuestionOver(Conflict):
    """The question does not stand where this may be done: it waits for an answer, was answered, or is closed."""

    code = "question_over"


class CodeUsed(Conflict):
    """The member code has opened a checkout already: let the member show the next one."""

    code = "code_used"


class MemberClosed(Conflict):
    """The member is closed and takes no more entries."""

    code = "member_closed"


class MemberFrozen(Conflict):
    """The member is frozen: nothing may be spent or given away until that is lifted."""

    code = "member_frozen"


class PurchaseClaimed(Conflict):
    """The receipt already belongs to a member."""

    code = "purchase_claimed"


class ReservationOver(Conflict):
    """The reservation was already committed, released or has lapsed."""

    code = "reservation_over"


class MergeIntoSelf(Refusal):
    """A member cannot be merged into himself."""

    code = "merge_into_self"


class UnitsReserved(Conflict):
    """Units of the member are promised to a reservation: commit or release it first, or wait until it lapses."""

    code = "units_reserved"


class EntryReversed(Conflict):
    """The entry was reversed before."""

    code = "entry_reversed"


class OpeningDiffers(Conflict):
    """The member took over something else before; reverse that entry, and import again."""

    code = "opening_differs"


class EntryNotReversible(Conflict):
    """The entry is not reversed: a purchase is returned or voided, a reservation released, what was forgiven since adjusted."""

    code = "entry_not_reversible"


class ProgramMissing(Conflict):
    """No programme is in force at that moment: jifen init --at MOMENT begins one, jifen program apply FILE publishes one."""

    code = "program_missing"


class RevisionStale(Conflict):
    """A newer revision was published meanwhile; plan again."""

    code = "revision_stale"


class BacktestUnfinished(Conflict):
    """The back-test has no report: it is not done, or it failed or was cancelled."""

    code = "backtest_unfinished"


class LoginTaken(Conflict):
    """Another operator signs in by that name."""

    code = "login_taken"


class LastOwner(Conflict):
    """Nobody could manage operators any more: make somebody else an owner first."""

    code = "last_owner"


class ProposalOver(Conflict):
    """The proposal was approved, refused, withdrawn or has expired."""

    code = "proposal_over"


class ProposalTooEarly(Conflict):
    """Who decides alone waits ten minutes first, in which it can be called off."""

    code = "proposal_too_early"


class NotAllowed(Refusal):
    """The rules do not allow it."""

    code = "not_allowed"


class PointsMissing(NotAllowed):
    """The member has fewer available units than that."""

    code = "points_missing"


class ReturnExceedsPurchase(NotAllowed):
    """More would come back than was bought."""

    code = "return_exceeds_purchase"


class TimeOutOfBounds(NotAllowed):
    """The time cannot be believed: it lies in the future or before the acceptance horizon."""

    code = "time_out_of_bounds"


class CodeWrong(NotAllowed):
    """The member code proves nothing: let the member show the next one."""

    code = "code_wrong"


class CodeNotSent(NotAllowed):
    """The code could not be sent: try again in a minute, or ask at the till."""

    code = "code_not_sent"


class GiftToSelf(NotAllowed):
    """A member cannot give to himself."""

    code = "gift_to_self"


class EffectiveInThePast(NotAllowed):
    """A revision cannot take effect in the past."""

    code = "effective_in_the_past"


class ProgramRefused(NotAllowed):
    """The programme document is refused."""

    code = "program_refused"


class BacktestRefused(NotAllowed):
    """The history cannot answer what this back-test asks."""

    code = "backtest_refused"


class NotPermitted(Refusal):
    """Whoever asks may not do this."""

    code = "not_permitted"


class StoreNotPermitted(NotPermitted):
    """Whoever asks is bound to other stores."""

    code = "store_not_permitted"


class SecondPersonNeeded(NotPermitted):
    """It is more than one may do alone: a second person is needed."""

    code = "second_person_needed"


class OwnProposal(NotPermitted):
    """Nobody decides what he proposed himself: another operator does."""

    code = "own_proposal"


class CsrfRefused(NotPermitted):
    """A write with a session needs the header X-CSRF-Token with the token that the session was answered with."""

    code = "csrf_refused"


class CodeNeeded(NotPermitted):
    """The key spends only for a member who shows a code: name the member by it."""

    code = "code_needed"


class NotAuthenticated(Refusal):
    """A valid key or session is missing."""

    code = "not_authenticated"


class KeyExpired(NotAuthenticated):
    """The key has expired: jifen key renew KEY_ID --expires 90d makes it valid again, jifen key create makes another."""

    code = "key_expired"


class SignInRefused(NotAuthenticated):
    """Login, password or code is wrong, or may not sign in."""

    code = "sign_in_refused"


class CodeRequired(NotAuthenticated):
    """A second factor is needed: a code of the authenticator, or a recovery code."""

    code = "code_required"


class SessionOver(NotAuthenticated):
    """The session has ended: sign in again."""

    code = "session_over"


class SessionIdle(NotAuthenticated):
    """The session was not used for 30 minutes, and this changes something that matters: sign in again."""

    code = "session_idle"


class OneTimeCodeWrong(NotAuthenticated):
    """The code is wrong, was used or has expired: look at it again, or ask for another."""

    code = "one_time_code_wrong"


class InvitationRefused(NotAuthenticated):
    """The invitation was used, replaced or has expired: ask for another."""

    code = "invitation_refused"


class TooMuch(Refusal):
    """More was sent than a limit allows."""

    code = "too_much"


class SignInTooSoon(TooMuch):
    """After wrong tries the next one waits; the seconds are told."""

    code = "sign_in_too_soon"


def all_refusals() -> list[type[Refusal]]:
    """Every class of the tree, the root first."""
    found: list[type[Refusal]] = [Refusal]
    for cls in found:
        found.extend(cls.__subclasses__())
    return found
