"""What the audit says: who did what, about what, and why. Made so that nothing personal fits into it.

An entry of the journal is its own audit. Every other write has a row here, and every reading of personal data. What a row is
about is told by ids, why by a word of a closed set, and details are numbers and codes: no field takes a text that somebody typed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum, unique
from typing import Any, Final, TypeAlias
from uuid import UUID

ABOUT_MAX: Final = 500
"""A row names so many things at most; what is about more is several rows."""
DETAILS_MAX: Final = 20
LISTED_MAX: Final = 200
NUMBER_MAX: Final = 999_999_999  # nine digits: no phone and no card number is so short
_CODE = re.compile(r"[a-z][a-z0-9_.-]{0,79}")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?\+00:00")
_HASH = re.compile(r"sha256:[0-9a-f]{64}")


READ_AN_HOUR_MAX: Final = 50
"""Somebody who reads more persons than that within an hour reads unusually much: a service desk calls back about twenty."""
READ_AT_NIGHT_MAX: Final = 10
NIGHT: Final = (22, 6)
"""From ten in the evening to six, in the programme's zone."""


def is_unusual_reading(persons: int, *, hour: int) -> bool:
    """Whether so many persons, read within the hour that ends at this hour of the day, are unusually many."""
    is_night = hour >= NIGHT[0] or hour < NIGHT[1]
    return persons > (READ_AT_NIGHT_MAX if is_night else READ_AN_HOUR_MAX)


@unique
class Deed(StrEnum):
    """What was done. Its sentence is the message `deed.<itself>` of the catalogues."""

    KEY_MADE = "key.made"
    KEY_RENEWED = "key.renewed"
    KEY_ROTATED = "key.rotated"
    KEY_REVOKED = "key.revoked"
    KEY_CHANGED = "key.changed"
    PROGRAM_PUBLISHED = "program.published"
    PROGRAM_TESTS_KEPT = "program.tests_kept"
    PARKED_TRIED_AGAIN = "parked.tried_again"
    IMPORT_BEGUN = "import.begun"
    IMPORT_ENDED = "import.ended"
    IMPORT_FAILED = "import.failed"
    IMPORT_UPLOADED = "import.uploaded"
    IMPORT_TRIED = "import.tried"
    IMPORT_CANCELLED = "import.cancelled"
    IMPORT_READ = "import.read"
    EXPORT_ASKED = "export.asked"
    EXPORT_FETCHED = "export.fetched"
    EXPORT_CANCELLED = "export.cancelled"
    BACKTEST_ASKED = "backtest.asked"
    BACKTEST_CANCELLED = "backtest.cancelled"
    PERSON_READ = "person.read"
    PERSON_CORRECTED = "person.corrected"
    PERSON_AGREED = "person.agreed"
    PERSON_TOOK_BACK = "person.took_back"
    PERSON_OBJECTED = "person.objected"
    PERSON_OBJECTS_NO_MORE = "person.objects_no_more"
    PERSON_ERASED = "person.erased"
    PERSON_SIGNED_IN = "person.signed_in"
    PERSON_SIGNED_OUT = "person.signed_out"
    OPERATOR_ADDED = "operator.added"
    OPERATOR_CHANGED = "operator.changed"
    OPERATOR_DISABLED = "operator.disabled"
    OPERATOR_ENABLED = "operator.enabled"
    PASSKEY_ADDED = "passkey.added"
    PASSKEY_REMOVED = "passkey.removed"
    PASSKEY_WENT_BACK = "passkey.went_back"
    RETENTION_APPLIED = "retention.applied"
    TERMS_PUBLISHED = "terms.published"
    TERMS_WITHDRAWN = "terms.withdrawn"
    PROPOSAL_MADE = "proposal.made"
    PROPOSAL_DECIDED = "proposal.decided"
    VAULT_ROTATED = "vault.rotated"
    AUDIT_READ = "audit.read"
    READING_UNUSUAL = "reading.unusual"
    GUESSING_SLOWED = "guessing.slowed"
    DEVICE_REGISTERED = "device.registered"
    DEVICE_RENEWED = "device.renewed"
    DEVICE_REMOVED = "device.removed"
    CODE_FLAGGED = "code.flagged"
    CODE_SETTLED = "code.settled"
    SETTING_CHANGED = "setting.changed"
    COMPENSATION_MADE = "compensation.made"
    COMPENSATION_UNDONE = "compensation.undone"
    STOCK_CHANGED = "stock.changed"
    SEGMENT_MADE = "segment.made"
    SEGMENT_CHANGED = "segment.changed"
    SEGMENT_ARCHIVED = "segment.archived"
    SWITCH_OFF = "switch.off"
    SWITCH_ON = "switch.on"
    QUESTION_ASKED = "question.asked"
    QUESTION_ANSWERED = "question.answered"
    QUESTION_APPEALED = "question.appealed"
    QUESTION_CLOSED = "question.closed"
    HOUSEHOLD_INVITED = "household.invited"
    HOUSEHOLD_CALLED_OFF = "household.called_off"
    HOUSEHOLD_JOINED = "household.joined"
    HOUSEHOLD_LEFT = "household.left"
    HOUSEHOLD_ADDED = "household.added"
    HOUSEHOLD_CHANGED = "household.changed"
    MERGE_UNDONE = "merge.undone"
    DUPLICATE_TOLD_APART = "duplicate.told_apart"


@unique
class Why(StrEnum):
    """Why somebody looked at persons: a word of a closed set, so that nobody writes a name there."""

    ASKED_BY_PERSON = "asked_by_person"
    AT_THE_TILL = "at_the_till"
    SERVICE = "service"
    QUESTION = "question"
    MERGE = "merge"
    FRAUD = "fraud"
    AUTHORITY = "authority"
    EXPORT = "export"
    MESSAGE = "message"
    MAINTENANCE = "maintenance"


class About(StrEnum):
    """What a row may be about; the value is the prefix of its id."""

    KEY = "key"
    REVISION = "rev"
    MEMBER = "mbr"
    PERSON = "per"
    OPERATOR = "opr"
    IMPORT = "imp"
    EXPORT = "exp"
    BACKTEST = "bkt"
    DEVICE = "dev"
    QUESTION = "qst"
    CODE = "cod"
    PROPOSAL = "prp"
    SWITCH = "swi"
    SEGMENT = "seg"
    COMPENSATION = "cmp"
    TERMS = "trm"


Detail: TypeAlias = int | bool | str | Sequence[str] | None


def about(kind: About, which: UUID | int) -> str:
    """How a row names a thing: `key_01a2...`, `rev_12`."""
    if isinstance(which, UUID):
        return f"{kind}_{which.hex}"
    assert 0 <= which <= NUMBER_MAX, "a number this long might be a phone or a card"
    return f"{kind}_{which}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing that was done.

    Shape
        about     what it is about, as `about` names it; at most ABOUT_MAX
        count     how many things; None: as many as it names
        details   numbers, codes, moments and hashes by name; lists of codes
    """

    deed: Deed
    about: tuple[str, ...] = ()
    why: Why | None = None
    count: int | None = None
    details: Mapping[str, Detail] = field(default_factory=dict)

    def __post_init__(self) -> None:
        assert len(self.about) <= ABOUT_MAX, "what is about more is several rows"
        assert all(_is_about(one) for one in self.about), "a row names things by their ids"
        assert len(self.details) <= DETAILS_MAX, "details are few"
        for name, value in self.details.items():
            assert _CODE.fullmatch(name), "a detail has a name"
            values = value if isinstance(value, list | tuple) else [value]
            assert len(values) <= LISTED_MAX, f"{name} lists too much"
            assert all(map(_is_bare, values)), f"{name} is a number or a code"

    @property
    def counted(self) -> int:
        """How many things it was about."""
        return len(self.about) if self.count is None else self.count


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """One act as it is kept. `about` as `about` names things; `details` by name."""

    audit_id: UUID
    happened_at: datetime
    principal_kind: str
    principal_id: UUID | None
    principal: str
    deed: str
    about: Sequence[str]
    why: str | None
    came_from: str | None
    count: int
    details: dict[str, Any]


def _is_about(text: str) -> bool:
    kind, _, which = text.partition("_")
    return kind in _KINDS and bool(re.fullmatch(r"[0-9a-f]{32}|[0-9]{1,9}", which))


_KINDS: Final = frozenset(str(one) for one in About)


def _is_bare(value: object) -> bool:
    """Whether a detail is no text that somebody typed."""
    if value is None or isinstance(value, int):
        return True
    return isinstance(value, str) and any(form.fullmatch(value) for form in (_CODE, _INSTANT, _HASH))
