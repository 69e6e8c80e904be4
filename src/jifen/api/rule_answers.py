"""What became of a rule, as every route tells it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from jifen.api.fields import Answer


class RuleReason(Answer):
    """What one rule desired and what was granted after stacking and caps."""

    rule: str
    desired: int
    granted: int


class RuleResult(RuleReason):
    """What became of a rule that wanted to give something: also where it gave nothing, and why."""

    why: Literal["all", "limited", "beaten", "unmet", "nothing", "pooled", "switched_off"] = Field(
        description="all: as much as it desired. limited: by a cap. beaten: another rule of its group gave more. pooled: its "
        "budget is used up. switched_off: it is stopped for now."
    )
