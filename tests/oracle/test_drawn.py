"""What the independent computation is held against is drawn: a part that never comes says nothing."""

from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from tests.oracle import draws

WANTED = {
    *draws.MOMENTS,
    *(f"on {code}" for code in draws.MOMENTS),
    *(
        "budget",
        "budget on a moment",
        "segments",
        "segments on a moment",
        "buy",
        "event",
        "return",
        "void",
        "redeem",
        "adjust",
        "give",
        "receive",
        "birthday",
        "exchange",
        "at once",
        "on request",
        *("life", "calendar_year", "membership_year", "year_ends", "month_ends", "anniversaries"),
        *("visits", "grace_days", "keep", "one_level", "base", "none"),
        "wait",
    ),
}


def test_every_moment_budgets_and_gifts_are_drawn() -> None:
    """Moments of each kind with rules on them, budgets, and every step of a life."""
    found: set[str | None] = set()

    def look(document: dict[str, Any], life: list[dict[str, Any]]) -> None:
        found.update(part["code"] for part in document.get("moments", []))
        found.update(
            "at once" if part.get("at_once") else "on request" for part in document.get("exchanges", [])
        )
        tiers = document.get("tiers", {"list": []})
        found.update([tiers.get("window"), tiers.get("by"), tiers.get("downgrade")])
        found.update([*tiers.get("keeps_until", {}), *(word for word in tiers if word == "grace_days")])
        found.update("keep" for tier in tiers["list"] if "keep" in tier)
        for rule in document["earn_rules"]:
            is_on = rule.get("on") in draws.MOMENTS
            found.update([f"on {rule['on']}"] if is_on else [])
            found.update(["budget on a moment" if is_on else "budget"] if "budget" in rule else [])
            asks = "member.segments" in str(rule.get("when"))
            found.update(["segments on a moment" if is_on else "segments"] if asks else [])
        found.update(step["what"] for step in life)

    some = settings(
        max_examples=25,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    for batch in range(20):
        if not found >= WANTED:
            seed(batch)(some(given(draws.documents(), draws.lives())(look)))()
    assert found >= WANTED, WANTED - found
