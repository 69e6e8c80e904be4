"""Random ladders and exchanges, as a shop could write them."""

from typing import Any

from hypothesis import strategies as st

NAMES = {"en": "Name"}


@st.composite
def ladders(draw: st.DrawFn) -> dict[str, Any]:
    """How members climb, and how long and by what a tier is kept."""
    by = draw(st.sampled_from(["spend", "growth", "points", "visits"]))
    reaches = {"spend": (2_000, 4_500), "visits": (2, 4)}.get(by, (20, 45))
    tiers: list[dict[str, Any]] = []
    before = 0
    for code, reach, multiplier in zip(
        ("member", "silver", "gold"), (0, *reaches), ("1", "3/2", "2"), strict=True
    ):
        tier: dict[str, Any] = {"code": code, "names": NAMES, "reach": reach, "multiplier": multiplier}
        if reach and draw(st.booleans()):
            tier["keep"] = draw(st.integers(before, reach))
        tiers.append(tier)
        before = reach
    ladder: dict[str, Any] = {"by": by, "list": tiers}
    window = draw(st.sampled_from([1, 5, 30, 30, 200, "calendar_year", "membership_year", "life"]))
    ladder["window_days" if isinstance(window, int) else "window"] = window
    until = draw(st.sampled_from([None, "year_ends", "month_ends", "anniversaries"]))
    if until is None:
        ladder["keeps_days"] = draw(st.sampled_from([1, 7, 30, 300]))
    else:
        ladder["keeps_until"] = {until: draw(st.sampled_from([1, 1, 2]))}
    if draw(st.booleans()):
        ladder["grace_days"] = draw(st.sampled_from([1, 3, 30, 100]))
    if draw(st.booleans()):
        ladder["downgrade"] = draw(st.sampled_from(["reassess", "one_level", "base", "none"]))
    return ladder


@st.composite
def exchanges(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Exchanges between points and stamps, of which those at once go one way only."""
    at_once_takes = draw(st.sampled_from(["stamps", "stamps", "points"]))
    exchanges = []
    for number in range(draw(st.integers(1, 3))):
        taken = draw(st.sampled_from([at_once_takes, at_once_takes, "points", "stamps"]))
        given = {"points": "stamps", "stamps": "points"}[taken]
        gives = [{"currency": given, "units": draw(st.integers(1, 12))}]
        if draw(st.booleans()):
            gives.append({"currency": "growth", "units": draw(st.integers(1, 12))})
        exchange: dict[str, Any] = {
            "code": f"e{number}",
            "names": NAMES,
            "takes": {"currency": taken, "units": draw(st.sampled_from([3, 9, 20]))},
            "gives": gives if draw(st.integers(0, 3)) else gives[-1:],
        }
        if taken == at_once_takes and draw(st.integers(0, 2)):
            exchange["at_once"] = True
        exchanges.append(exchange)
    return exchanges
