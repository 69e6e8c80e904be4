"""Who asks: a principal has permissions, the stores it is bound to, and limits. What it was not given it may not do.

A permission is `noun.verb`, of a closed set. A role is a named set of them: what it holds is said here and nowhere else, so a
release that splits a permission or adds one says in its roles who has it. A permission that was given by itself stays what it
is (decision 0100).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum, unique
from types import MappingProxyType
from typing import Final, Literal, TypeAlias
from uuid import UUID

from jifen.domain.refusals import CodeNeeded, SecondPersonNeeded, StoreNotPermitted


@unique
class Permission(StrEnum):
    """One thing that a principal may do. Its sentence is the message `permission.<itself>` of the catalogues."""

    PURCHASES_QUOTE = "purchases.quote"
    PURCHASES_READ = "purchases.read"
    PURCHASES_RECORD = "purchases.record"
    PURCHASES_TAKE_BACK = "purchases.take_back"
    PURCHASES_CLAIM = "purchases.claim"
    PURCHASES_IMPORT = "purchases.import"
    EVENTS_RECORD = "events.record"
    IMPORTS_READ = "imports.read"
    RESERVATIONS_MAKE = "reservations.make"
    RESERVATIONS_COMMIT = "reservations.commit"
    RESERVATIONS_RELEASE = "reservations.release"
    REWARDS_REDEEM = "rewards.redeem"
    REWARDS_TAKE_BACK = "rewards.take_back"
    REWARDS_STOCK = "rewards.stock"
    UNITS_GIVE = "units.give"
    UNITS_ADJUST = "units.adjust"
    ENTRIES_REVERSE = "entries.reverse"
    COMPENSATIONS_READ = "compensations.read"
    COMPENSATIONS_MAKE = "compensations.make"
    MEMBERS_READ = "members.read"
    MEMBERS_LIST = "members.list"
    MEMBERS_ENROL = "members.enrol"
    MEMBERS_CHANGE_STATUS = "members.change_status"
    MEMBERS_MERGE = "members.merge"
    PERSONS_REVEAL = "persons.reveal"
    PERSONS_CORRECT = "persons.correct"
    PERSONS_CONSENT = "persons.consent"
    PERSONS_EXPORT = "persons.export"
    PERSONS_ERASE = "persons.erase"
    PROGRAM_READ = "program.read"
    PROGRAM_PLAN = "program.plan"
    PROGRAM_PUBLISH = "program.publish"
    SWITCHES_TURN = "switches.turn"
    TERMS_PUBLISH = "terms.publish"
    SEGMENTS_READ = "segments.read"
    SEGMENTS_MANAGE = "segments.manage"
    BACKTESTS_READ = "backtests.read"
    BACKTESTS_RUN = "backtests.run"
    BOOKS_READ = "books.read"
    BOOKS_RECONCILE = "books.reconcile"
    BOOKS_SNAPSHOT = "books.snapshot"
    BOOKS_EXPORT = "books.export"
    JOBS_RETRY = "jobs.retry"
    KEYS_READ = "keys.read"
    KEYS_MANAGE = "keys.manage"
    METRICS_READ = "metrics.read"
    OPERATORS_READ = "operators.read"
    OPERATORS_MANAGE = "operators.manage"
    PROPOSALS_READ = "proposals.read"
    PROPOSALS_DECIDE = "proposals.decide"
    AUDIT_READ = "audit.read"
    DEVICES_REGISTER = "devices.register"
    CODES_SETTLE = "codes.settle"
    QUESTIONS_READ = "questions.read"
    QUESTIONS_ASK = "questions.ask"
    QUESTIONS_ANSWER = "questions.answer"

    # That of its text: an Enum's own is written in Python, and this one is asked for at every request.
    __hash__ = str.__hash__

    @property
    def changes_something(self) -> bool:
        """Whether what it permits leaves anything changed; a test key has no such permission."""
        return self not in _ONLY_LOOKS


_P = Permission
_ONLY_LOOKS: Final = frozenset({
    _P.MEMBERS_LIST,
    _P.PURCHASES_QUOTE, _P.PURCHASES_READ, _P.MEMBERS_READ, _P.PROGRAM_READ, _P.PROGRAM_PLAN, _P.BACKTESTS_READ,
    _P.BOOKS_READ, _P.BOOKS_RECONCILE, _P.BOOKS_SNAPSHOT, _P.KEYS_READ, _P.METRICS_READ, _P.OPERATORS_READ, _P.PROPOSALS_READ,
    _P.AUDIT_READ, _P.QUESTIONS_READ, _P.COMPENSATIONS_READ, _P.IMPORTS_READ, _P.BOOKS_EXPORT, _P.SEGMENTS_READ,
})  # fmt: skip
PRIVILEGED: Final = frozenset({
    _P.UNITS_ADJUST, _P.UNITS_GIVE, _P.ENTRIES_REVERSE, _P.MEMBERS_CHANGE_STATUS, _P.MEMBERS_MERGE, _P.PROGRAM_PUBLISH,
    _P.REWARDS_STOCK, _P.REWARDS_TAKE_BACK,
    _P.TERMS_PUBLISH,
    _P.PURCHASES_IMPORT, _P.SWITCHES_TURN, _P.COMPENSATIONS_MAKE, _P.SEGMENTS_MANAGE,
    _P.KEYS_MANAGE, _P.OPERATORS_MANAGE, _P.PROPOSALS_DECIDE,
})  # fmt: skip
"""What a session that nobody used for a while does not do any more: who passes an open screen could do it (decision 0111)."""
EVERYTHING: Final = frozenset(Permission)

_CASHIER = frozenset({
    _P.PURCHASES_QUOTE, _P.PURCHASES_READ, _P.PURCHASES_RECORD, _P.PURCHASES_TAKE_BACK, _P.PURCHASES_CLAIM,
    _P.RESERVATIONS_MAKE, _P.RESERVATIONS_COMMIT, _P.RESERVATIONS_RELEASE, _P.MEMBERS_READ, _P.MEMBERS_ENROL,
    _P.PROGRAM_READ, _P.QUESTIONS_ASK, _P.EVENTS_RECORD, _P.REWARDS_REDEEM,
})  # fmt: skip
_MEMBER_APP = frozenset({
    _P.PERSONS_CONSENT,
    _P.PURCHASES_QUOTE, _P.PURCHASES_READ, _P.PURCHASES_CLAIM, _P.RESERVATIONS_MAKE, _P.RESERVATIONS_COMMIT,
    _P.RESERVATIONS_RELEASE, _P.UNITS_GIVE, _P.MEMBERS_READ, _P.MEMBERS_ENROL, _P.PROGRAM_READ, _P.DEVICES_REGISTER,
    _P.QUESTIONS_READ, _P.QUESTIONS_ASK, _P.EVENTS_RECORD, _P.REWARDS_REDEEM,
})  # fmt: skip
_INTEGRATOR = _CASHIER | _MEMBER_APP | {_P.PROGRAM_PLAN, _P.METRICS_READ}
_SERVICE = frozenset({
    _P.PERSONS_REVEAL, _P.PERSONS_CORRECT, _P.PERSONS_CONSENT,
    _P.MEMBERS_LIST,
    _P.PURCHASES_QUOTE, _P.PURCHASES_READ, _P.PURCHASES_TAKE_BACK, _P.PURCHASES_CLAIM, _P.UNITS_GIVE, _P.UNITS_ADJUST,
    _P.ENTRIES_REVERSE, _P.MEMBERS_READ, _P.MEMBERS_ENROL, _P.MEMBERS_CHANGE_STATUS, _P.MEMBERS_MERGE, _P.PROGRAM_READ,
    _P.PROPOSALS_READ, _P.DEVICES_REGISTER, _P.CODES_SETTLE, _P.QUESTIONS_READ, _P.QUESTIONS_ASK, _P.QUESTIONS_ANSWER,
    _P.REWARDS_REDEEM, _P.REWARDS_TAKE_BACK,
})  # fmt: skip
_CONSOLE = frozenset({
    _P.MEMBERS_LIST,
    _P.PURCHASES_QUOTE, _P.PURCHASES_READ, _P.PURCHASES_CLAIM, _P.UNITS_GIVE, _P.UNITS_ADJUST, _P.ENTRIES_REVERSE,
    _P.MEMBERS_READ, _P.MEMBERS_ENROL, _P.MEMBERS_CHANGE_STATUS, _P.PROGRAM_READ, _P.PROGRAM_PLAN, _P.PROGRAM_PUBLISH,
    _P.BACKTESTS_READ, _P.BACKTESTS_RUN, _P.BOOKS_READ, _P.METRICS_READ, _P.PROPOSALS_READ,
    _P.DEVICES_REGISTER, _P.CODES_SETTLE, _P.QUESTIONS_READ, _P.QUESTIONS_ASK, _P.QUESTIONS_ANSWER, _P.SWITCHES_TURN,
    _P.REWARDS_REDEEM, _P.REWARDS_TAKE_BACK, _P.REWARDS_STOCK,
    _P.SEGMENTS_READ, _P.SEGMENTS_MANAGE,
})  # fmt: skip

ROLES: Final[Mapping[str, frozenset[Permission]]] = MappingProxyType({
    "owner": EVERYTHING,
    "marketing": frozenset({
        _P.MEMBERS_LIST,
        _P.PURCHASES_QUOTE, _P.PURCHASES_READ, _P.MEMBERS_READ, _P.PROGRAM_READ, _P.PROGRAM_PLAN, _P.PROGRAM_PUBLISH,
        _P.BACKTESTS_READ, _P.BACKTESTS_RUN, _P.BOOKS_READ, _P.PROPOSALS_READ, _P.PROPOSALS_DECIDE, _P.TERMS_PUBLISH,
        _P.SWITCHES_TURN, _P.COMPENSATIONS_READ, _P.REWARDS_STOCK, _P.SEGMENTS_READ, _P.SEGMENTS_MANAGE,
    }),
    "store_manager": _CASHIER | {
        _P.MEMBERS_LIST, _P.BOOKS_READ,
        _P.UNITS_ADJUST, _P.ENTRIES_REVERSE, _P.MEMBERS_CHANGE_STATUS, _P.OPERATORS_READ, _P.PROPOSALS_READ,
        _P.PROPOSALS_DECIDE, _P.SWITCHES_TURN,
        _P.CODES_SETTLE, _P.QUESTIONS_READ, _P.QUESTIONS_ANSWER, _P.REWARDS_TAKE_BACK, _P.REWARDS_STOCK,
    },
    "cashier": _CASHIER,
    "service": _SERVICE,
    "analyst": frozenset({
        _P.PROGRAM_READ, _P.PROGRAM_PLAN, _P.BACKTESTS_READ, _P.BACKTESTS_RUN, _P.BOOKS_READ, _P.BOOKS_SNAPSHOT,
        _P.SEGMENTS_READ,
    }),
    "accountant": frozenset({
        _P.MEMBERS_LIST,
        _P.PURCHASES_READ, _P.MEMBERS_READ, _P.PROGRAM_READ, _P.BACKTESTS_READ, _P.BOOKS_READ, _P.BOOKS_RECONCILE,
        _P.BOOKS_SNAPSHOT, _P.BOOKS_EXPORT, _P.IMPORTS_READ,
    }),
    "auditor": frozenset({
        _P.MEMBERS_LIST,
        _P.PURCHASES_READ, _P.MEMBERS_READ, _P.PROGRAM_READ, _P.BACKTESTS_READ, _P.BOOKS_READ, _P.BOOKS_RECONCILE,
        _P.BOOKS_SNAPSHOT, _P.BOOKS_EXPORT, _P.IMPORTS_READ, _P.KEYS_READ, _P.METRICS_READ, _P.OPERATORS_READ, _P.PROPOSALS_READ,
        _P.AUDIT_READ, _P.QUESTIONS_READ, _P.COMPENSATIONS_READ, _P.SEGMENTS_READ,
    }),
    "privacy_officer": frozenset({
        _P.PURCHASES_READ, _P.MEMBERS_READ, _P.PROGRAM_READ, _P.PERSONS_REVEAL, _P.PERSONS_CORRECT, _P.PERSONS_CONSENT,
        _P.PERSONS_EXPORT, _P.PERSONS_ERASE, _P.AUDIT_READ, _P.QUESTIONS_READ, _P.TERMS_PUBLISH,
        _P.PROPOSALS_READ, _P.PROPOSALS_DECIDE,
    }),
    "integrator": _INTEGRATOR,
    # By what a key sits in, for whoever connects something.
    "till": _CASHIER,
    "members": _MEMBER_APP,
    "console": _CONSOLE,
    "integration": _INTEGRATOR,
    "admin": EVERYTHING,
})  # fmt: skip
"""The named sets: first by what a person does, then by what a key sits in. Its sentence is the message `role.<name>`."""


def permissions_of(roles: Iterable[str], permissions: Iterable[str]) -> frozenset[Permission]:
    """What roles and single permissions come to. A name that this release does not know gives nothing."""
    named = frozenset(Permission(one) for one in permissions if one in _BY_TEXT)
    return named.union(*(ROLES.get(role, frozenset()) for role in roles))


_BY_TEXT: Final = frozenset(str(one) for one in Permission)

OPERATOR_PREFIX: Final = "opr"
"""What an operator's id begins with wherever it is told."""

Kind: TypeAlias = Literal["key", "operator", "person", "job", "local"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who asks.

    Shape
        id                     the key's, the operator's; None for `job` and `local`
        stores                 the codes of the stores it is bound to; None: to none in particular
        adjustment_units_max   more units of a currency than that, either way, it does not adjust alone; None: any number
        requests_per_minute    how often it may ask; None: as often as any
        needs_code             it spends only for a member who shows his code
        is_test                it may only look: it has no permission that changes something
        came_from              the address it asks from, for the audit; None: from this machine, or not known
    """

    kind: Kind
    id: UUID | None
    name: str
    permissions: frozenset[Permission]
    stores: frozenset[str] | None = None
    adjustment_units_max: int | None = None
    needs_code: bool = False
    requests_per_minute: int | None = None
    is_test: bool = False
    expires_at: datetime | None = None
    came_from: str | None = None

    def __post_init__(self) -> None:
        assert self.stores is None or self.stores, "who is bound to no store at all could do nothing"
        assert self.adjustment_units_max is None or self.adjustment_units_max >= 0, "a limit is no debt"
        assert not (self.is_test and self.permissions - _ONLY_LOOKS), "a test changes nothing"

    def coming_from(self, address: str | None) -> Principal:
        """The same, asking from there."""
        return self if address == self.came_from else replace(self, came_from=address)

    def may(self, permission: Permission) -> bool:
        """Whether it was given this."""
        return permission in self.permissions

    def actor(self, cashier: str | None = None) -> str:
        """How the journal names who did it: a key by its name, an operator by a number, for no person's name stands there."""
        name = self.name
        if self.kind == "operator" and self.id is not None:
            name = f"{OPERATOR_PREFIX}_{self.id.hex}"
        return f"{name}/{cashier}" if cashier else name

    def store_for(self, named: str | None) -> str | None:
        """The store that something is written down under, where `named` is what was told: of one store it is that one.

        Refuses
            StoreNotPermitted   another store is named; or none is, and it is bound to several
        """
        stores = self.stores
        if stores is None or named in stores:
            return named
        if named is None and len(stores) == 1:
            return next(iter(stores))
        listed = ", ".join(sorted(stores))
        if named is None:
            detail = f"{self.name} is bound to several stores: name one of {listed}"
        else:
            detail = f"{self.name} is bound to {listed}, and this is of {named}"
        raise StoreNotPermitted(detail, pointer="/store", store=named, stores=listed)

    def check_own_store(self, store: str | None, *, pointer: str) -> None:
        """Refuse what stands under another store than its own, or under none.

        Refuses
            StoreNotPermitted   it is bound to stores, and this is of none of them
        """
        if self.stores is None or store in self.stores:
            return
        listed = ", ".join(sorted(self.stores))
        detail = f"{self.name} is bound to {listed}, and this is of {store or 'no store'}"
        raise StoreNotPermitted(detail, pointer=pointer, store=store, stores=listed)

    def check_unbound(self, *, pointer: str) -> None:
        """Refuse what is of all stores to who is bound to some.

        Refuses
            StoreNotPermitted   it is bound to stores
        """
        if self.stores is not None:
            listed = ", ".join(sorted(self.stores))
            detail = f"{self.name} is bound to {listed}, and this is of all stores"
            raise StoreNotPermitted(detail, pointer=pointer, stores=listed)

    def adjusts_alone(self, units: int) -> bool:
        """Whether an adjustment of so many units, either way, is within its limit."""
        return self.adjustment_units_max is None or abs(units) <= self.adjustment_units_max

    def check_code(self, *, is_shown: bool) -> None:
        """Refuse to spend for a member who shows no code, where it needs one.

        Refuses
            CodeNeeded   it does, and there is none
        """
        if self.needs_code and not is_shown:
            detail = (
                f"{self.name} spends only for a member who shows a code: name the member by member.code, "
                "or let the key do without (jifen key change KEY_ID --no-needs-code)"
            )
            raise CodeNeeded(detail, pointer="/member")

    def check_adjustment(self, units: int, *, pointer: str = "/units") -> None:
        """Refuse an adjustment that it does not make alone.

        Units
            smallest unit of the currency; how many are given or taken, whichever it is

        Refuses
            SecondPersonNeeded   more than its limit
        """
        if not self.adjusts_alone(units):
            most = self.adjustment_units_max
            detail = f"{self.name} adjusts up to {most} units alone, and this is {abs(units)}: ask somebody with a higher limit"
            raise SecondPersonNeeded(detail, pointer=pointer, units=abs(units), adjustment_units_max=most)


LOCAL: Final = Principal(kind="local", id=None, name="cli", permissions=EVERYTHING)
"""Whoever runs a command on the machine: he could read the database as well, so nothing here would hold him."""

JOB: Final = Principal(kind="job", id=None, name="job", permissions=EVERYTHING)
"""What happens by itself; what it does was permitted to whoever caused it."""
