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
        "buy",
        "event",
        "return",
        "void",
        "redeem",
        "adjust",
        "give",
        "receive",
        "wait",
    ),
}


def test_every_moment_budgets_and_gifts_are_drawn() -> None:
    """Moments of each kind with rules on them, budgets, and every step of a life."""
    found: set[str] = set()

    def look(document: dict[str, Any], life: list[dict[str, Any]]) -> None:
        found.update(part["code"] for part in document.get("moments", []))
        for rule in document["earn_rules"]:
            is_on = rule.get("on") in draws.MOMENTS
            found.update([f"on {rule['on']}"] if is_on else [])
            found.update(["budget on a moment" if is_on else "budget"] if "budget" in rule else [])
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
