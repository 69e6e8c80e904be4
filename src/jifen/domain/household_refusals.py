"""The refusals of households, merges that are undone, and guardians: a branch of the tree in `refusals.py`."""

from __future__ import annotations

from jifen.domain.refusals import Conflict, NotAllowed, NotPermitted


class HouseholdInvitationWrong(NotAllowed):
    """The invitation opens nothing: it was mistyped, used, called off, or has expired. Ask for another."""

    code = "household_invitation_wrong"


class HouseholdNotEmpty(Conflict):
    """Others belong to the household that would go: let them leave first, or invite from there."""

    code = "household_not_empty"


class LastPerson(Conflict):
    """Nobody would be left in the household: the last person stays."""

    code = "last_person"


class HeadNeeded(NotAllowed):
    """A household keeps a head: name another adult of it as head."""

    code = "head_needed"


class GuardianNeeded(NotAllowed):
    """Somebody so young joins by a guardian, who adds him to the household and agrees for him."""

    code = "guardian_needed"


class MergeStands(Conflict):
    """The merge is not undone any more: what went over is put right by a gift or an adjustment."""

    code = "merge_stands"


class NotHead(NotPermitted):
    """Only the head of the household does that."""

    code = "not_head"
