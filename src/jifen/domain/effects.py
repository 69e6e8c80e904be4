"""What an entry may cause: the one list of kinds of effect.

An effect is written with its entry and happens once, whoever dies in between (law 14). The journal's constraint, the worker and
the laws are made from this list.
"""

from __future__ import annotations

from enum import StrEnum


class EffectKind(StrEnum):
    """What is to happen because an entry was written. `about` and `to_member` of an effect say with what and to whom."""

    GIFT_ARRIVES = "gift_arrives"  # about a gift: its lots open at the receiver, or again at the giver
    GIFT_GOES_BACK = "gift_goes_back"  # about a gift: what the receiver gave back comes to its giver


OWED = "owed"
"""The class of effects that members wait for. A class has rooms of its own at each process, so that nothing slow takes them."""

CLASS_OF: dict[EffectKind, str] = {EffectKind.GIFT_ARRIVES: OWED, EffectKind.GIFT_GOES_BACK: OWED}
"""The class of the queue in which an effect waits."""
