"""What is known of a member from outside the fold, and which rules see his occasions by it.

Select is asked ahead, before anybody is known or locked, and sees as if everything were known that rules ask of members. What is
known of him then takes away the rules whose `known` condition does not hold (decision 0161): so what was selected ahead stays the
most that can be wanted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

from jifen.domain.program.conditions import ALWAYS, SEGMENTS, Condition
from jifen.domain.program.meaning import Program
from jifen.domain.program.reading import claims_of, holds, texts_in
from jifen.domain.program.select import Selection, mask_of_positions

Hits: TypeAlias = list[tuple[int, int, int]]


class Known(NamedTuple):
    """What is known of a member now: the codes of the segments that he is in."""

    segments: tuple[str, ...] = ()


UNKNOWN = Known()
"""Of whom nothing is known: who is not there yet is in no segment."""


def known_holds(condition: Condition, known: Known) -> bool:
    """Whether a condition about what is known of a member is true of him."""
    return holds(condition, {SEGMENTS: known.segments}.get)


def asked_of_members(program: Program) -> dict[int, Condition]:
    """By position what rules ask that must be known of a member."""
    return {at: rule.known for at, rule in enumerate(program.rules) if rule.known != ALWAYS}


def hits_for(asked: Mapping[int, Condition], hits: Hits, known: Known) -> Hits:
    """The hits of those rules that see an occasion of this member."""
    if not asked:
        return hits
    return [hit for hit in hits if hit[0] not in asked or known_holds(asked[hit[0]], known)]


def selection_for(asked: Mapping[int, Condition], selection: Selection, known: Known) -> Selection:
    """The same with the masks of lines."""
    if not asked:
        return selection
    unseen = mask_of_positions(at for at, condition in asked.items() if not known_holds(condition, known))
    if not unseen:
        return selection
    hits = [hit for hit in selection.hits if not unseen >> hit[0] & 1]
    return Selection([mask & ~unseen for mask in selection.masks], hits)


def segments_of(condition: Condition) -> frozenset[str]:
    """The codes of the segments that a condition asks for."""
    return frozenset(
        code for claim in claims_of(condition) if claim.fact == SEGMENTS for code in texts_in(claim.value)
    )


def segments_asked(program: Program) -> frozenset[str]:
    """The codes of the segments that rules, offers and rewards ask for."""
    conditions = [rule.known for rule in program.rules]
    conditions += [offer.state for offer in program.offers]
    conditions += [reward.when for reward in program.rewards]
    return frozenset(code for condition in conditions for code in segments_of(condition))
