"""What all members share and what time brings, added to any programme: stars out of a budget, and stars before points expire."""

from __future__ import annotations

import json

from jifen.document.model import ProgramDocument


def with_stars(document: ProgramDocument, *, budget: int, ahead: int) -> ProgramDocument:
    """The programme with two stars for each purchase until a budget is used up, and one so many days before points expire."""
    told = document.model_dump(mode="json", exclude_none=True, by_alias=True)
    names = {"zh": "星", "en": "Stars"}
    told["currencies"].append({"code": "stars", "names": names, "kind": "spendable", "worth": 1})
    told["moments"] = [
        {"code": "soon", "names": names, "expiry_ahead": {"currency": "points", "days": ahead}},
    ]
    told["earn_rules"] += [
        {"code": "opening", "names": names, "currency": "stars", "fixed": {"points": 2}, "budget": budget},
        {"code": "wake", "names": names, "on": "soon", "currency": "stars", "fixed": {"points": 1}},
    ]
    return ProgramDocument.model_validate_json(json.dumps(told))


DRAWN = "SELECT coalesce(sum(units), 0)::bigint FROM pool_use"
MOMENTS = "SELECT count(*) FROM entry WHERE kind = 'moment'"
