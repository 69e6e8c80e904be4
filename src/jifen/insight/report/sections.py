"""The sections with pictures: what is owed, tiers, winners and losers, rules, where and when, where the units went."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction

from jifen.insight.backtest.result import ChangeShare, LiabilityDay, MemberChange, TierMoves
from jifen.insight.backtest.segments import FIFTHS
from jifen.insight.report.cells import Figure, money, units
from jifen.insight.report.headline import amount_of
from jifen.insight.report.markup import Child, Markup, el, join
from jifen.insight.report.member_tables import changed, reasons_of, share_name
from jifen.insight.report.pairs import (
    GroupPair,
    currencies_of,
    group_pairs,
    has_worth,
    main_currency,
    month_pairs,
    rule_pairs,
    total_of,
)
from jifen.insight.report.parts import (
    Page,
    Pair,
    bar_table,
    cut,
    folded,
    legend,
    named,
    section,
    sentence,
)
from jifen.insight.report.pictures import (
    HIGH,
    WIDE,
    Scale,
    axis_of,
    bar_from_zero,
    chart,
    columns_of,
    grid,
    line_of,
    picture,
    stacked,
)

MOST, LEAST = FIFTHS[0], FIFTHS[-1]
EACH_WAY = 5
"""Members shown each way before the folded table."""


# -- what is owed -----------------------------------------------------------------------------------------------------


def owed(page: Page) -> Markup | None:
    """The liability curve, two lines, day by day."""
    before, after = page.result.baseline.liability, page.result.draft.liability
    if not after or not has_worth(page.result):
        return None
    tongue = page.tongue
    lines = [[day.minor for day in side] for side in (before, after)]
    levels, scale = axis_of([*lines[0], *lines[1]])
    drawn = picture(
        grid(levels, scale), line_of(lines[0], scale, "lb"), line_of(lines[1], scale, "ld"), class_="plot"
    )
    y_labels = [(scale.at(level, WIDE), tongue.money_short(level)) for level in levels]
    said = page.say(
        "chart_owed", from_on=tongue.day(after[0].on), to_on=tongue.day(after[-1].on),
        draft_first=tongue.money_round(after[0].minor), draft_last=tongue.money_round(after[-1].minor),
        base_first=tongue.money_round(before[0].minor), base_last=tongue.money_round(before[-1].minor),
    )  # fmt: skip
    table = page.tables["liability"]
    is_short = len(after) <= 62
    month_ends = [row for at, row in enumerate(table.rows) if is_short or _ends_a_month(after, at)]
    return section(
        page, "owed", sentence(_owed_said(page)),
        el("figure", el("figcaption", legend(page, lines=True)), chart(drawn, y_labels, _dates(page, after), label=said)),
        folded(page, table, month_ends),
    )  # fmt: skip


def _owed_said(page: Page) -> str:
    before, after = page.result.baseline.liability, page.result.draft.liability
    apart = [other.minor - one.minor for one, other in zip(before, after, strict=True)]
    widest = max(range(len(apart)), key=lambda at: abs(apart[at]))
    tongue, last = page.tongue, after[-1]
    if apart[widest] == 0:
        return page.say("t_owed_same", day=tongue.day(last.on), draft=tongue.money_round(last.minor))
    return page.say(
        "t_owed", day=tongue.day(last.on), draft=tongue.money_round(last.minor), baseline=tongue.money_round(before[-1].minor),
        peak_day=tongue.day(after[widest].on), peak=tongue.signed(apart[widest], tongue.money_round),
    )  # fmt: skip


def _ends_a_month(days: Sequence[LiabilityDay], at: int) -> bool:
    return at == len(days) - 1 or days[at].on.month != (days[at].on + timedelta(days=1)).month


def _dates(page: Page, days: Sequence[LiabilityDay]) -> list[tuple[int, str]]:
    """At most seven labels: first days of months, or days when there are few."""
    last = max(len(days) - 1, 1)
    firsts = [at for at, day in enumerate(days) if day.on.day == 1]
    if len(firsts) < 3:
        step = -(-len(days) // 5)
        return [(at * WIDE // last, page.tongue.day_short(days[at].on)) for at in range(0, len(days), step)]
    step = next(step for step in (1, 2, 3, 4, 6, 12, 24, 60, 120, 1_200) if len(firsts) <= 6 * step)
    is_long = step >= 12
    return [
        (at * WIDE // last, _month(page, days[at].on, is_first=number == 0 or is_long))
        for number, at in enumerate(firsts[::step])
    ]


def _month(page: Page, on: date, *, is_first: bool) -> str:
    return page.tongue.month(on) if is_first or on.month == 1 else page.tongue.month_short(on)


# -- tiers ------------------------------------------------------------------------------------------------------------


def tiers(page: Page) -> Markup:
    """The matrix of where members end, as a shaded table."""
    moves, count = page.result.tier_moves, page.tongue.count
    if max(len(page.result.baseline.tiers), len(page.result.draft.tiers)) <= 1:
        said = sentence(page.say("t_one_tier"))
        return section(page, "tiers", said, folded(page, page.tables["tiers"]))
    texts = [
        page.say(
            "t_tiers", promoted=count(moves.promoted, "member"), demoted=page.tongue.whole(moves.demoted),
            unmoved=page.tongue.whole(moves.unmoved),
        )
    ]  # fmt: skip
    if moves.kept_by_grace:
        texts.append(page.say("t_grace", kept=count(moves.kept_by_grace, "member")))
    return section(
        page, "tiers", sentence(page.tongue.join("sentences", texts)),
        el("p", page.say("matrix_caption"), class_="note"), _matrix(page, moves), folded(page, page.tables["tiers"]),
    )  # fmt: skip


def _matrix(page: Page, moves: TierMoves) -> Markup:
    rows, columns = page.result.baseline.tiers, page.result.draft.tiers
    cells = {(cell.baseline_tier, cell.draft_tier): cell.members for cell in moves.cells}
    place = {column.tier.code: at for at, column in enumerate(columns)}
    head = el(
        "tr",
        el("td"),
        *(el("th", named(cut(page.tongue.name(one.tier))), scope="col", class_="n") for one in columns),
    )
    body = []
    for row in rows:
        numbers = [cells.get((row.tier.code, one.tier.code), 0) for one in columns]
        whole, own = max(sum(numbers), 1), place.get(row.tier.code)
        shown = []
        for at, number in enumerate(numbers):
            way = "" if own is None or own == at else "up" if at > own else "down"
            # Ten strengths of one colour; whoever does not move stays quiet.
            strength = 0 if number == 0 else 1 + 9 * number // whole
            class_ = f"n m {way or 'same'} s{min(strength, 10)}" if number else "n m none"
            mark = {"up": "▲ ", "down": "▼ "}.get(way, "") if number else ""
            shown.append(
                el("td", el("span", mark, aria_hidden="true"), page.tongue.whole(number), class_=class_)
            )
        body.append(el("tr", el("th", named(cut(page.tongue.name(row.tier))), scope="row"), *shown))
    title = page.tables["moves"].title
    table = el(
        "table", el("caption", title, class_="unseen"), el("thead", head), el("tbody", *body), class_="matrix"
    )
    return el("div", table, class_="scroll", tabindex=0, role="region", aria_label=title)


# -- winners and losers -----------------------------------------------------------------------------------------------


def members(page: Page) -> Markup:
    """The deciles, who is better and worse off by group, and the members who change most."""
    change = page.result.change
    if change.measure == "units":
        total = currencies_of(page.result).get(change.currency or "")
        measure = page.say("measure_units", unit=page.tongue.unit(total) if total else change.currency or "")
    else:
        measure = page.say("measure_minor")
    parts: list[Child] = []
    if change.deciles:
        best, worst = change.deciles[-1], change.deciles[0]
        means = [_amount(page, changed(page.result, _mean(one.total, one.members))) for one in (best, worst)]
        parts.append(sentence(page.say("t_deciles", best=means[0], worst=means[1])))
    else:
        parts.append(sentence(page.say("t_no_deciles")))
    segments = [one for one in change.shares if one.by == "segment"]
    has_fifths = {MOST, LEAST} <= {one.group.code for one in segments}
    if has_fifths:
        parts.append(sentence(_fifths_said(page, segments)))
    parts.append(el("p", measure, class_="note"))
    shares = [one for one in change.shares if one.by != "store"]
    stores = [one for one in change.shares if one.by == "store"]
    beside = [
        _deciles(page) if change.deciles else None,
        _shares(page, shares + sorted(stores, key=lambda one: -one.members)[:6]),
    ]
    parts.append(el("div", *beside, class_="beside"))
    if has_fifths:
        parts.append(el("p", page.say("fifths_note"), class_="note"))
    parts += [folded(page, page.tables[key]) for key in ("deciles", "shares")]
    if change.gained_most or change.lost_most:
        parts.append(el("h3", page.say("top_each_way")))
        parts.append(
            el(
                "div",
                _most(page, "gained", change.gained_most),
                _most(page, "lost", change.lost_most),
                class_="beside",
            )
        )
        parts += [folded(page, page.tables[key]) for key in ("gained", "lost")]
    return section(page, "members", *parts)


def _fifths_said(page: Page, segments: Sequence[ChangeShare]) -> str:
    """Who bought most beside who bought least: do the best members lose?"""
    known = {one.group.code: one for one in segments}
    percent = page.tongue.percent
    numbers = {
        f"{which}_{way}": percent(getattr(known[code], way), known[code].members)
        for which, code in (("most", MOST), ("least", LEAST))
        for way in ("better", "worse")
    }
    means = {
        which: _amount(page, changed(page.result, _mean(known[code].total, known[code].members)))
        for which, code in (("most", MOST), ("least", LEAST))
    }
    return page.say("t_fifths", **numbers, **means)


def _mean(total: int, members: int) -> int:
    """Rounded half to even."""
    return round(Fraction(total, max(members, 1)))


def _amount(page: Page, figure: Figure) -> str:
    """A change with its unit; money carries its own."""
    if figure.kind == "money":
        return figure.said(page.tongue)
    code = page.result.change.currency
    total = currencies_of(page.result).get(code or "")
    return f"{figure.said(page.tongue)} {page.tongue.unit(total)}" if total else figure.said(page.tongue)


def _deciles(page: Page) -> Markup:
    """The mean change of each tenth, the best on top."""
    deciles = page.result.change.deciles
    means = {one.number: _mean(one.total, one.members) for one in deciles}
    scale = Scale(low=min([0, *means.values()]), high=max([0, *means.values()]))
    rows = []
    for one in reversed(deciles):
        key = {10: "decile_top", 1: "decile_bottom"}.get(one.number, "decile")
        low, high = (changed(page.result, end).said(page.tongue) for end in (one.lowest, one.highest))
        rows.append(
            el(
                "tr",
                el("th", page.say(key, number=str(one.number)), scope="row"),
                el("td", bar_from_zero(means[one.number], scale), class_="bars"),
                el("td", changed(page.result, means[one.number]).said(page.tongue), class_="n"),
                el("td", page.say("range_of", low=low, high=high), class_="n range"),
            )
        )
    head = el(
        "tr", el("th", page.say("column.decile"), scope="col"), el("td", class_="bars"),
        el("th", page.say("mean"), scope="col", class_="n"), el("th", page.say("range"), scope="col", class_="n range"),
    )  # fmt: skip
    caption = el("caption", page.tables["deciles"].title, class_="unseen")
    return el("table", caption, el("thead", head), el("tbody", *rows), class_="deciles")


def _shares(page: Page, shares: Sequence[ChangeShare]) -> Markup:
    """Who is better and worse off, group by group."""
    rows: list[Markup] = []
    before = shares[0].by if shares else ""
    percent = page.tongue.percent
    for one in shares:
        class_ = "first" if before != one.by else None
        before = one.by
        bar = stacked((("d", one.better), ("u", one.unchanged), ("l", one.worse)))
        rows.append(
            el(
                "tr",
                el("th", named(cut(_group_name(page, one))), scope="row"),
                el("td", bar, class_="bars"),
                el("td", percent(one.better, one.members), class_="n"),
                el("td", percent(one.worse, one.members), class_="n"),
                el("td", page.tongue.whole(one.members), class_="n range"),
                class_=class_,
            )
        )
    head = el(
        "tr", el("th", page.say("column.group"), scope="col"), el("td", class_="bars"),
        el("th", el("i", class_="key d"), " ", page.say("better_short"), scope="col", class_="n"),
        el("th", el("i", class_="key l"), " ", page.say("worse_short"), scope="col", class_="n"),
        el("th", page.say("column.members"), scope="col", class_="n range"),
    )  # fmt: skip
    caption = el("caption", page.tables["shares"].title, class_="unseen")
    return el("table", caption, el("thead", head), el("tbody", *rows), class_="shares")


def _group_name(page: Page, one: ChangeShare) -> str:
    """A store without a name is told as one: a bare number among tiers and fifths says nothing."""
    name = share_name(one, page.tongue)
    return page.say("store_of", code=name) if one.by == "store" and name == one.group.code else name


def _most(page: Page, key: str, most: Sequence[MemberChange]) -> Markup:
    """The first few of one way, with the reason."""
    items = [
        el(
            "li",
            el("span", named(_short(one.member)), class_="who"),
            el("b", changed(page.result, one.change).said(page.tongue)),
            el("span", named(reasons_of(page.result, one, page.tongue)), class_="why"),
        )
        for one in most[:EACH_WAY]
    ]
    body = el("ol", *items, class_="most") if items else el("p", page.say("nothing"), class_="note")
    return el("div", el("h4", page.tables[key].title), body)


def _short(member: str) -> str:
    """mbr_…1a2b3c4d: enough to tell apart; the table has the whole."""
    return f"mbr_…{member[-8:]}" if member.startswith("mbr_") and len(member) > 16 else member


# -- rules, groups, months ----------------------------------------------------------------------------------------------


def rules(page: Page) -> Markup:
    """What each rule costs, both sides."""
    tongue, is_money = page.tongue, has_worth(page.result)
    pairs = rule_pairs(page.result)
    currencies = currencies_of(page.result)
    main = main_currency(page.result)
    chosen = [
        pair
        for pair in pairs
        if (currencies[pair.currency].worth_minor if pair.currency in currencies else None)
        or (not is_money and main is not None and pair.currency == main.currency.code)
    ]
    drawn = [
        Pair(name=tongue.name(pair.rule), baseline=money(pair.cost_minor[0]), draft=money(pair.cost_minor[1]))
        if is_money
        else Pair(
            name=tongue.name(pair.rule), baseline=units(pair.units[0], main.scale if main else 0),
            draft=units(pair.units[1], main.scale if main else 0),
        )
        for pair in chosen
    ]  # fmt: skip
    texts = [_rules_said(page, drawn)]
    if main is not None:
        rows = [row for row in page.result.draft.by_rule if row.currency == main.currency.code]
        held = sum(row.desired_units - row.granted_units for row in rows)
        if held > 0:
            texts.append(page.say("t_capped", amount=amount_of(page, held)))
    said = tongue.join("sentences", texts)
    bars = bar_table(page, page.tables["rules"].title, page.say("column.rule"), drawn) if drawn else None
    return section(page, "rules", sentence(said), bars, folded(page, page.tables["rules"]))


def _rules_said(page: Page, drawn: Sequence[Pair]) -> str:
    if not drawn:
        return page.say("t_no_rules")
    most = max(drawn, key=lambda pair: abs(pair.draft.number - pair.baseline.number))
    change = most.draft.changed_from(most.baseline)
    if change.number == 0:
        return page.say("t_rules_same")
    return page.say("t_rule_more", rule=most.name, change=change.said(page.tongue))


def where(page: Page) -> Markup | None:
    """Tiers, stores, categories and months."""
    result = page.result
    parts: list[Child] = []
    months = [pair for pair in month_pairs(result) if _is_main(page, pair)]
    if len(months) > 1:
        parts += [
            el("h3", page.say("by_month")),
            _month_chart(page, months),
            folded(page, page.tables["months"]),
        ]
    for key, by, table, first in (
        ("by_tier", "by_tier", "tiers_granted", "tier"),
        ("by_store", "by_store", "stores", "store"),
        ("by_category", "by_category", "categories", "category"),
    ):
        pairs = [
            pair
            for pair in group_pairs(getattr(result.baseline, by), getattr(result.draft, by))
            if _is_main(page, pair)
        ]
        if len(pairs) > 1:
            drawn = [
                Pair(name=page.tongue.name(pair.group), baseline=one, draft=other)
                for pair in pairs
                for one, other in [_figures(page, pair)]
            ]
            title, column = page.tables[table].title, page.say(f"column.{first}")
            bars = bar_table(page, title, column, drawn, keeps_order=key == "by_tier")
            parts += [el("h3", page.say(key)), bars, folded(page, page.tables[table])]
    return section(page, "where", *parts) if parts else None


def _is_main(page: Page, pair: GroupPair) -> bool:
    main = main_currency(page.result)
    return main is not None and pair.currency == main.currency.code


def _figures(page: Page, pair: GroupPair) -> tuple[Figure, Figure]:
    """Cost where there is a worth, else units."""
    if has_worth(page.result):
        return money(pair.cost_minor[0]), money(pair.cost_minor[1])
    main = main_currency(page.result)
    scale = main.scale if main else 0
    return units(pair.units[0], scale), units(pair.units[1], scale)


def _month_chart(page: Page, months: Sequence[GroupPair]) -> Markup:
    figures = [_figures(page, pair) for pair in months]
    pairs = [(one.number, other.number) for one, other in figures]
    every = [number for pair in pairs for number in pair]
    levels, scale = axis_of(every, about=3)
    drawn = picture(grid(levels, scale), columns_of(pairs, scale), height=HIGH, class_="plot low")
    is_money, decimals = figures[0][0].kind == "money", figures[0][0].decimals
    y_labels = [
        (
            scale.at(level, WIDE),
            page.tongue.money_short(level) if is_money else page.tongue.short(level, decimals),
        )
        for level in levels
    ]
    step, wide = -(-len(months) // 6), WIDE // len(months)
    x_labels = []
    for at in range(0, len(months), step):
        on = months[at].month_on
        assert on is not None
        x_labels.append((at * wide + wide // 2, _month(page, on, is_first=at == 0 or step >= 12)))
    label = page.say("chart_months")
    return el("figure", el("figcaption", legend(page)), chart(drawn, y_labels, x_labels, label=label))


# -- where the units went ---------------------------------------------------------------------------------------------


def redeem(page: Page) -> Markup:
    """Redemptions that could not be paid, breakage, and every flow."""
    result, tongue = page.result, page.tongue
    texts, paid = [], []
    for row in result.draft.replayed:
        if not row.asked:
            continue
        asked = tongue.count(row.asked, row.verb)
        if row.refused:
            texts.append(
                page.say(
                    "t_refused", asked=asked, refused=tongue.whole(row.refused),
                    refused_counted=tongue.count(row.refused, row.verb), members=tongue.count(row.refused_members, "member"),
                )
            )  # fmt: skip
        else:
            paid.append(asked)
    if paid:
        texts.append(page.say("t_all_paid", asked=tongue.join("items", paid)))
    main = main_currency(result)
    if main is not None:
        code = main.currency.code
        before, after = total_of(result.baseline, code), total_of(result.draft, code)
        if before and after and (before.ended_units or after.ended_units):
            shares = [tongue.percent(one.ended_expired_units, one.ended_units) for one in (after, before)]
            texts.append(page.say("t_breakage", unit=tongue.unit(main), draft=shares[0], baseline=shares[1]))
        if after and after.breakage_units:
            texts.append(page.say("t_breakage_expected", amount=amount_of(page, after.breakage_units, code)))
    return section(
        page, "redeem", sentence(tongue.join("sentences", texts)) if texts else None,
        join(folded(page, page.tables["flows"]), folded(page, page.tables["replayed"])),
    )  # fmt: skip
