"""Every "no" about passkeys, terms and what was proposed of a member; a branch of the tree in `domain/refusals.py`."""

from __future__ import annotations

from jifen.domain.refusals import Conflict, NotAllowed, Unknown


class PasskeyUnknown(Unknown):
    """You have no such passkey."""

    code = "passkey_unknown"


class PasskeyTaken(Conflict):
    """This passkey is registered already."""

    code = "passkey_taken"


class PasskeysOff(NotAllowed):
    """Passkeys are bound to this service's address, and none is set: set JIFEN_ADDRESS."""

    code = "passkeys_off"


class TermsUnknown(Unknown):
    """There is no such version of the terms of membership."""

    code = "terms_unknown"


class TermsTaken(Conflict):
    """There is a version of the terms of that name, and a version never changes."""

    code = "terms_taken"


class TermsNotAccepted(Conflict):
    """The terms in force are another version than the one accepted: read them, and accept that."""

    code = "terms_not_accepted"


class TermsBegun(Conflict):
    """These terms have taken effect: what is in force is followed by another version, and not called off."""

    code = "terms_begun"


class NoticeTooShort(NotAllowed):
    """A change for the worse is told ahead, and this is too soon."""

    code = "notice_too_short"


class MemberChanged(Conflict):
    """The persons of the member are others than when it was proposed: propose it again."""

    code = "member_changed"
