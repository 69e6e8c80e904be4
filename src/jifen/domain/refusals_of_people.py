"""Every "no" about passkeys; a branch of the tree in `domain/refusals.py`."""

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
