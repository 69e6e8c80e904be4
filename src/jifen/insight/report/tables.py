"""Every table of a report, made once from the result; the page and the workbook show the same cells."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

from jifen.insight.backtest.result import CurrencyTotal, Name, Result, Side, share_bps
from jifen.insight.report.cells import Cell, Figure, Table, a_table, money, share, units
from jifen.insight.report.member_tables import member_tables
from jifen.insight.report.pairs import (
    GroupPair,
    currencies_of,
    group_pairs,
    month_pairs,
    rule_pairs,
    total_of,
)
from jifen.insight.report.tongue import Tongue


def tables_of(result: Result, tongue: Tongue) -> dict[str, Table]:
    """All tables by key, in the order of the workbook. Those without rows are there too, with their columns."""
    made = [
        *_side_tables(result, tongue),
        *member_tables(result, tongue),
        *_said_tables(result, tongue),
        _about(result, tongue),
    ]
    return {table.key: table for table in made}


def _side_tables(result: Result, tongue: Tongue) -> Iterator[Table]:
    yield _summary(result, tongue)
    yield _rules(result, tongue)
    for key, table in (("tiers_granted", "by_tier"), ("stores", "by_store"), ("categories", "by_category")):
        pairs = group_pairs(getattr(result.baseline, table), getattr(result.draft, table))
        yield _groups(result, tongue, key, pairs)
    yield _months(result, tongue)
    yield _liability(result, tongue)
    yield _flows(result, tongue)
    yield _replayed(result, tongue)


def _summary(result: Result, tongue: Tongue) -> Table:
    """The headline figures, a row each."""
    rows: list[tuple[Cell, ...]] = []

    def row(label: str, figure: Callable[[Side], Figure]) -> None:
        before, after = figure(result.baseline), figure(result.draft)
        rows.append((label, before, after, after.changed_from(before)))

    row(tongue.say("cost"), lambda side: money(side.cost_minor))
    row(tongue.say("cost_share"), lambda side: share(side.cost_share_bps))
    row(tongue.say("owed"), lambda side: money(side.owed_minor))
    for code, one in currencies_of(result).items():
        row(
            tongue.say("granted_of", unit=tongue.name(one.currency)),
            lambda side, code=code, scale=one.scale: units(_granted(total_of(side, code)), scale),  # type: ignore[misc]
        )
    everyone = next((one for one in result.change.shares if one.by == "all"), None)
    for key in ("better", "worse", "unchanged"):
        rows.append((tongue.say(key), None, Figure(getattr(everyone, key)) if everyone else None, None))
    for key in ("promoted", "demoted", "kept_by_grace"):
        rows.append((tongue.say(key), None, Figure(getattr(result.tier_moves, key)), None))
    return a_table(tongue, "summary", "measure baseline draft change", rows)


def _granted(total: CurrencyTotal | None) -> int:
    return total.granted_units - total.returned_units if total else 0


def _scale(result: Result, code: str) -> int:
    total = currencies_of(result).get(code)
    return total.scale if total else 0


def _rules(result: Result, tongue: Tongue) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for pair in rule_pairs(result):
        scale, before, after = _scale(result, pair.currency), pair.baseline, pair.draft
        costs = [money(one) for one in pair.cost_minor]
        net = [units(one, scale) for one in pair.units]
        rows.append((
            tongue.name(pair.rule), pair.rule.code, _currency(result, tongue, pair.currency),
            *costs, costs[1].changed_from(costs[0]), *net, net[1].changed_from(net[0]),
            *(units(one.desired_units, scale) if one else None for one in (before, after)),
            *(units(one.granted_units, scale) if one else None for one in (before, after)),
            *(units(one.returned_units, scale) if one else None for one in (before, after)),
            *(Figure(one.purchases) if one else None for one in (before, after)),
            *(Figure(one.members) if one else None for one in (before, after)),
            *(Figure(one.clipped_purchases) if one else None for one in (before, after)),
        ))  # fmt: skip
    columns = (
        "rule code currency baseline_cost draft_cost change_cost baseline_net draft_net change_net baseline_desired "
        "draft_desired baseline_granted draft_granted baseline_returned draft_returned baseline_purchases draft_purchases "
        "baseline_members draft_members baseline_clipped draft_clipped"
    )
    return a_table(tongue, "rules", columns, rows)


def _groups(result: Result, tongue: Tongue, key: str, pairs: list[GroupPair]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for pair in pairs:
        members = None if pair.members is None else Figure(pair.members)
        rows.append((
            tongue.name(pair.group), pair.group.code, _currency(result, tongue, pair.currency),
            *_pair_cells(result, pair), money(pair.sales_minor), Figure(pair.purchases), members,
        ))  # fmt: skip
    first = {"tiers_granted": "tier", "stores": "store", "categories": "category"}[key]
    return a_table(
        tongue, key,
        f"{first} code currency baseline_cost draft_cost change_cost baseline_net draft_net change_net sales purchases members",
        rows,
    )  # fmt: skip


def _pair_cells(result: Result, pair: GroupPair) -> tuple[Cell, ...]:
    scale = _scale(result, pair.currency)
    costs = [money(one) for one in pair.cost_minor]
    net = [units(one, scale) for one in pair.units]
    return (*costs, costs[1].changed_from(costs[0]), *net, net[1].changed_from(net[0]))


def _months(result: Result, tongue: Tongue) -> Table:
    flows = {
        (side, row.month_on, row.currency): row
        for side in ("baseline", "draft")
        for row in getattr(result, side).by_month
    }
    rows: list[tuple[Cell, ...]] = []
    for pair in month_pairs(result):
        assert pair.month_on is not None
        scale = _scale(result, pair.currency)
        both = [flows.get((side, pair.month_on, pair.currency)) for side in ("baseline", "draft")]
        rows.append((
            tongue.month(pair.month_on), _currency(result, tongue, pair.currency), *_pair_cells(result, pair),
            *(units(row.redeemed_units, scale) if row else None for row in both),
            *(units(row.expired_units, scale) if row else None for row in both),
            money(pair.sales_minor), Figure(pair.purchases),
        ))  # fmt: skip
    return a_table(
        tongue, "months",
        "month currency baseline_cost draft_cost change_cost baseline_net draft_net change_net baseline_redeemed "
        "draft_redeemed baseline_expired draft_expired sales purchases",
        rows,
    )  # fmt: skip


def _liability(result: Result, tongue: Tongue) -> Table:
    """Every day, with the units of each currency when there is more than one side to tell."""
    rows: list[tuple[Cell, ...]] = []
    for before, after in zip(result.baseline.liability, result.draft.liability, strict=True):
        owed = [money(before.minor), money(after.minor)]
        rows.append((before.on, *owed, owed[1].changed_from(owed[0])))
    return a_table(tongue, "liability", "day baseline_owed draft_owed change_owed", rows)


def _flows(result: Result, tongue: Tongue) -> Table:
    """Where the units came from and went, a row a step."""
    steps = (
        "opening_units", "granted_units", "returned_units", "adjusted_units", "received_units", "given_units",
        "redeemed_units", "expired_units", "closing_units", "ended_units", "ended_expired_units", "breakage_units",
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = []
    for code, one in currencies_of(result).items():
        both = [total_of(side, code) for side in (result.baseline, result.draft)]
        for step in steps:
            told = [getattr(total, step) if total else None for total in both]
            cells = [None if number is None else units(number, one.scale) for number in told]
            if step.startswith("breakage") and cells == [None, None]:
                continue
            change = cells[1].changed_from(cells[0]) if cells[0] and cells[1] else None
            rows.append((tongue.name(one.currency), tongue.say(f"flow.{step}"), *cells, change))
        for step in ("cost_minor", "redeemed_minor", "expired_minor", "breakage_minor"):
            told = [getattr(total, step) if total else None for total in both]
            if not one.worth_minor or told == [None, None]:
                continue
            cells = [None if number is None else money(number) for number in told]
            change = cells[1].changed_from(cells[0]) if cells[0] and cells[1] else None
            rows.append((tongue.name(one.currency), tongue.say(f"flow.{step}"), *cells, change))
    return a_table(tongue, "flows", "currency measure baseline draft change", rows)


def _replayed(result: Result, tongue: Tongue) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for side in ("baseline", "draft"):
        for row in getattr(result, side).replayed:
            scale = _scale(result, row.currency)
            rows.append((
                tongue.say(side), tongue.say(f"verb.{row.verb}"), _currency(result, tongue, row.currency),
                tongue.say("drawn" if row.is_drawn else "replayed"), Figure(row.asked), units(row.asked_units, scale),
                Figure(row.refused), units(row.refused_units, scale), Figure(row.refused_members),
            ))  # fmt: skip
    return a_table(
        tongue, "replayed",
        "side verb currency how asked asked_units refused refused_units refused_members", rows,
    )  # fmt: skip


def _currency(result: Result, tongue: Tongue, code: str) -> str:
    total = currencies_of(result).get(code)
    return tongue.name(total.currency) if total else code


# -- what is said beside the numbers --------------------------------------------------------------------------------------


def _said_tables(result: Result, tongue: Tongue) -> Iterator[Table]:
    yield a_table(
        tongue, "warnings", "level code sentence",
        [(tongue.say(f"level.{one.level}"), one.code, tongue.told(one.sentence)) for one in result.warnings],
    )  # fmt: skip
    yield a_table(
        tongue, "assumptions", "code sentence",
        [(one.code, tongue.told(one.sentence)) for one in result.assumptions],
    )  # fmt: skip
    yield a_table(
        tongue, "intervals", "measure estimate low high confidence sentence",
        [
            (
                interval_name(one.what, tongue), *(_estimated(one.what, n) for n in (one.estimate, one.low, one.high)),
                share(one.confidence_bps), tongue.told(one.why_not) if one.why_not else None,
            )
            for one in result.intervals
        ],
    )  # fmt: skip
    yield a_table(
        tongue, "sensitivity", "elasticity stated change_sales change_cost",
        [
            (
                tongue.scaled(round(Fraction(100 * one.elasticity[0], one.elasticity[1])), 2),
                tongue.say("yes") if one.is_stated else None,
                money(one.sales_minor, is_change=True), money(one.cost_minor, is_change=True),
            )
            for one in result.sensitivity
        ],
    )  # fmt: skip


def interval_name(what: str, tongue: Tongue) -> str:
    """What an interval is of, in words; its code where this version has no words for it."""
    of, _, field = what.partition(".")
    try:
        return tongue.say(f"interval.{field}", of=tongue.say(f"of.{of}"))
    except KeyError:
        return what


def _estimated(what: str, number: int | None) -> Figure | None:
    if number is None:
        return None
    kind = "money" if what.endswith("_minor") else "share" if what.endswith("_bps") else "count"
    is_change = what.startswith("change.") and kind != "count"
    return Figure(number, kind, is_change=is_change)  # type: ignore[arg-type]


def _about(result: Result, tongue: Tongue) -> Table:
    """What was compared and by what means."""
    told = result.compared
    stores = ", ".join(tongue.name(one) for one in told.stores) or tongue.say("all_stores")
    sample = tongue.share(share_bps(*told.sample)) if told.sample else tongue.say("all_members")
    rows: list[tuple[Cell, ...]] = []
    for side, one in (("draft", told.draft), ("baseline", told.baseline)):
        rows.append((tongue.say(side), f"{_named(one.name, tongue)} · {label_of(one.label, tongue)}"))
        if one.revisions:
            rows.append((tongue.say("about.revisions"), ", ".join(map(str, one.revisions))))
        rows.append(("SHA-256", one.sha256))
    rows += [
        (tongue.say("about.from"), told.from_on), (tongue.say("about.to"), told.to_on),
        (tongue.say("about.stores"), stores), (tongue.say("about.sample"), sample),
        (tongue.say("about.purchases"), Figure(told.purchases)), (tongue.say("about.lines"), Figure(told.lines)),
        (tongue.say("about.returns"), Figure(told.returns)), (tongue.say("about.members"), Figure(told.members)),
        (tongue.say("about.members_all"), Figure(told.members_all)), (tongue.say("sales"), money(told.sales_minor)),
        (tongue.say("about.zone"), told.time_zone), (tongue.say("about.snapshot"), told.snapshot),
        (tongue.say("about.snapshot_as_of"), told.snapshot_as_of.isoformat(sep=" ", timespec="seconds")),
        (tongue.say("about.made_at"), told.made_at.isoformat(sep=" ", timespec="seconds")),
        (tongue.say("about.engine"), told.engine), (tongue.say("about.seed"), str(told.seed)),
    ]  # fmt: skip
    for part in told.seconds:
        seconds = tongue.say("seconds", seconds=tongue.scaled(part.milliseconds, 3))
        rows.append((tongue.say("about.part", part=_part(part.part, tongue)), seconds))
    return a_table(tongue, "about", "measure value", rows)


def _part(part: str, tongue: Tongue) -> str:
    return tongue.say(f"part.{part}") if part in ("read", "select", "fold", "tally") else part


def _named(name: Name, tongue: Tongue) -> str:
    return tongue.name(name)


def label_of(label: str, tongue: Tongue) -> str:
    """The file's name, or that it is what is in force."""
    return tongue.say("live") if label == "live" else label
