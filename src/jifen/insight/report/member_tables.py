"""The tables that speak of members: tiers, winners and losers, and what the draft lets through."""

from __future__ import annotations

from collections.abc import Iterator

from jifen.insight.backtest.result import ChangeShare, MemberChange, Result, share_bps
from jifen.insight.report.cells import Cell, Figure, Table, a_table, money, share, units
from jifen.insight.report.pairs import currencies_of, main_currency, named, rule_pairs
from jifen.insight.report.tongue import Tongue


def member_tables(result: Result, tongue: Tongue) -> Iterator[Table]:
    """All of them, in the order of the workbook."""
    yield _tiers(result, tongue)
    yield _moves(result, tongue)
    yield _deciles(result, tongue)
    yield _shares(result, tongue)
    yield _members(result, tongue, "gained", result.change.gained_most)
    yield _members(result, tongue, "lost", result.change.lost_most)
    yield from _loopholes(result, tongue)


def changed(result: Result, number: int, *, is_change: bool = True) -> Figure:
    """A number of `Change` in its measure."""
    change = result.change
    if change.measure == "minor":
        return money(number, is_change=is_change)
    total = currencies_of(result).get(change.currency or "")
    return units(number, total.scale if total else 0, is_change=is_change)


def reasons_of(result: Result, one: MemberChange, tongue: Tongue) -> str:
    """Why a member gains or loses: the rules with what each gives more or less, and what else there is to say."""
    rules, scales = rule_names(result, tongue), rule_scales(result)
    said = [
        f"{rules.get(reason.rule, reason.rule)} "
        f"{units(reason.change, scales.get(reason.rule, 0), is_change=True).said(tongue)}"
        for reason in one.reasons
    ]
    if one.sentence:
        said.append(tongue.told(one.sentence))
    return tongue.join("reasons", said)


def rule_names(result: Result, tongue: Tongue) -> dict[str, str]:
    """The names of the rules of both sides by code."""
    return {pair.rule.code: tongue.name(pair.rule) for pair in rule_pairs(result)}


def rule_scales(result: Result) -> dict[str, int]:
    """The decimals of what each rule grants."""
    currencies = currencies_of(result)
    return {
        pair.rule.code: currencies[pair.currency].scale
        for pair in rule_pairs(result)
        if pair.currency in currencies
    }


def tier_names(result: Result, tongue: Tongue) -> dict[str, str]:
    """The names of the tiers of both sides by code."""
    every = named([row.tier for side in (result.baseline, result.draft) for row in side.tiers])
    return {code: tongue.name(name) for code, name in every.items()}


def share_name(one: ChangeShare, tongue: Tongue) -> str:
    """The group of a share: everybody, or its name."""
    return tongue.say("everybody") if one.by == "all" else tongue.name(one.group)


def _tiers(result: Result, tongue: Tongue) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for side in ("baseline", "draft"):
        for row in getattr(result, side).tiers:
            numbers = (row.members_at_start, row.members_at_end, row.promoted, row.demoted, row.kept_by_grace)
            rows.append((tongue.say(side), tongue.name(row.tier), row.tier.code, *map(Figure, numbers)))
    return a_table(
        tongue,
        "tiers",
        "side tier code members_start members_end promoted_into demoted_into kept_by_grace",
        rows,
    )


def _moves(result: Result, tongue: Tongue) -> Table:
    """The matrix, its columns named by the draft's tiers."""
    cells = {(cell.baseline_tier, cell.draft_tier): cell.members for cell in result.tier_moves.cells}
    columns = [row.tier for row in result.draft.tiers]
    rows: list[tuple[Cell, ...]] = [
        (tongue.name(row.tier), *(Figure(cells.get((row.tier.code, one.code), 0)) for one in columns))
        for row in result.baseline.tiers
    ]
    return Table(
        key="moves", title=tongue.say("table.moves"), rows=tuple(rows),
        columns=(tongue.say("column.from_to"), *(tongue.name(one) for one in columns)),
    )  # fmt: skip


def _deciles(result: Result, tongue: Tongue) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (
            Figure(one.number), Figure(one.members), changed(result, one.lowest), changed(result, one.highest),
            changed(result, one.total),
        )
        for one in result.change.deciles
    ]  # fmt: skip
    return a_table(tongue, "deciles", "decile members lowest highest total", rows)


def _shares(result: Result, tongue: Tongue) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (
            tongue.say(f"by.{one.by}") if one.by in ("all", "tier", "store", "segment") else one.by,
            share_name(one, tongue), Figure(one.members), Figure(one.better), Figure(one.worse), Figure(one.unchanged),
            changed(result, one.total),
        )
        for one in result.change.shares
    ]  # fmt: skip
    return a_table(tongue, "shares", "by group members better worse unchanged total", rows)


def _members(result: Result, tongue: Tongue, key: str, members: tuple[MemberChange, ...]) -> Table:
    tiers = tier_names(result, tongue)
    rows: list[tuple[Cell, ...]] = [
        (
            one.member, changed(result, one.baseline, is_change=False), changed(result, one.draft, is_change=False),
            changed(result, one.change), money(one.sales_minor), Figure(one.purchases),
            tiers.get(one.baseline_tier, one.baseline_tier), tiers.get(one.draft_tier, one.draft_tier),
            reasons_of(result, one, tongue),
        )
        for one in members
    ]  # fmt: skip
    columns = "member baseline_net draft_net change sales purchases baseline_tier draft_tier reasons"
    return a_table(tongue, key, columns, rows)


def _loopholes(result: Result, tongue: Tongue) -> Iterator[Table]:
    holes, rules = result.loopholes, rule_names(result, tongue)
    main = main_currency(result)
    scale = main.scale if main else 0
    stores = {row.group.code: tongue.name(row.group) for row in result.draft.by_store}
    yield a_table(
        tongue, "baskets", "member day store paid earned_units earned share rules",
        [
            (
                one.member, one.on, stores.get(one.store, one.store) or None, money(one.paid_minor),
                units(one.earned_units, scale), money(one.earned_minor),
                share(share_bps(one.earned_minor, one.paid_minor)) if one.paid_minor > 0 else None,
                tongue.join("items", [rules.get(code, code) for code in one.rules]),
            )
            for one in (holes.rich_baskets.worst if holes.rich_baskets else ())
        ],
    )  # fmt: skip
    yield a_table(
        tongue, "outliers", "member earned sales purchases share typical",
        [
            (
                one.member, money(one.earned_minor), money(one.sales_minor), Figure(one.purchases),
                share(one.share_bps), share(one.typical_bps),
            )
            for one in holes.outliers
        ],
    )  # fmt: skip
    unused: list[tuple[Cell, ...]] = [
        (tongue.say("never_fired"), rules.get(code, code), None, None) for code in holes.never_fired
    ]
    for pair in holes.always_together:
        both = [rules.get(code, code) for code in pair.rules]
        unused.append((tongue.say("always_together"), *both, Figure(pair.purchases)))
    yield a_table(tongue, "unused", "finding rule other_rule purchases", unused)
    scales = rule_scales(result)
    yield a_table(
        tongue, "caps", "rule code desired granted held_back clipped_purchases clipped_members",
        [
            (
                rules.get(one.rule, one.rule), one.rule, units(one.desired_units, scales.get(one.rule, 0)),
                units(one.granted_units, scales.get(one.rule, 0)),
                units(one.desired_units - one.granted_units, scales.get(one.rule, 0)),
                Figure(one.clipped_purchases), Figure(one.clipped_members),
            )
            for one in holes.caps
        ],
    )  # fmt: skip
    currencies = currencies_of(result)
    decimals = {code: one.scale for code, one in currencies.items()}
    yield a_table(
        tongue, "budgets", "budget code currency budget_units dry_on wanted_after",
        [
            (
                tongue.name(one.budget), one.budget.code,
                tongue.name(currencies[one.currency].currency) if one.currency in currencies else one.currency,
                units(one.budget_units, decimals.get(one.currency, 0)), one.dry_on,
                units(one.wanted_after_units, decimals.get(one.currency, 0)),
            )
            for one in holes.dry_budgets
        ],
    )  # fmt: skip
