"""The top of the page: what was compared, the verdict as sentences, and the four figures."""

from __future__ import annotations

from jifen.insight.backtest.result import Interval, share_bps
from jifen.insight.report.cells import Figure, money, share, units
from jifen.insight.report.markup import Child, Markup, el, join
from jifen.insight.report.pairs import currencies_of, has_worth, main_currency, total_of
from jifen.insight.report.parts import Page, cut, named
from jifen.insight.report.pictures import stacked
from jifen.insight.report.tables import label_of


def headline(page: Page) -> Markup:
    """The head of the page up to the four figures."""
    told = page.result.compared
    names = [label_of(one.label, page.tongue) for one in (told.draft, told.baseline)]
    programme = page.tongue.name(told.draft.name)
    return el(
        "header",
        el("p", page.say("eyebrow"), " · ", named(cut(programme)), class_="eyebrow"),
        el("h1", named(cut(names[0])), " ", el("span", page.say("versus")), " ", named(cut(names[1]))),
        el("p", _scope(page), class_="scope"),
        el("p", *verdict(page), class_="lead"),
        _figures(page) if told.purchases else None,
    )


def _scope(page: Page) -> str:
    told, tongue = page.result.compared, page.tongue
    period = page.say("period", from_on=tongue.day(told.from_on), to_on=tongue.day(told.to_on))
    said = page.say(
        "scope", members=tongue.count(told.members, "member"), purchases=tongue.count(told.purchases, "purchase"),
        sales=tongue.money_round(told.sales_minor),
    )  # fmt: skip
    if told.stores:
        said += page.say("scope_stores", stores=tongue.count(len(told.stores), "store"))
    if told.sample:
        said += page.say("scope_sample", share=tongue.share(share_bps(*told.sample)))
    return f"{period} · {said}"


def verdict(page: Page) -> list[str]:
    """The answer in three sentences: what it costs, whom it pleases and hurts, what would be owed."""
    result = page.result
    if result.compared.purchases == 0:
        return [page.say("lead_empty")]
    said = [_cost(page), _people(page)]
    if has_worth(result):
        owed = result.draft.owed_minor - result.baseline.owed_minor
        key = "lead_owed_more" if owed > 0 else "lead_owed_less" if owed < 0 else "lead_owed_same"
        said.append(page.say(key, amount=page.tongue.money_round(abs(owed))))
    if result.compared.sample:
        said = [page.say("lead_sample") + said[0], *said[1:], *_for_all(page)]
    between = page.tongue.join("sentences", ("", ""))
    return [text if at == 0 else between + text for at, text in enumerate(said)]


def _for_all(page: Page) -> list[str]:
    """What the sample says of the cost for all members, if it says anything."""
    wide, tongue = interval_of(page, "change.cost_minor"), page.tongue
    if wide is None or wide.estimate is None or wide.low is None or wide.high is None:
        return []
    estimate, low, high = (
        tongue.signed(number, tongue.money_round) for number in (wide.estimate, wide.low, wide.high)
    )
    confidence = tongue.percent(wide.confidence_bps, 10_000)
    return [page.say("lead_all", estimate=estimate, low=low, high=high, confidence=confidence)]


def _cost(page: Page) -> str:
    result, tongue = page.result, page.tongue
    if has_worth(result):
        change = result.draft.cost_minor - result.baseline.cost_minor
        key = "lead_more" if change > 0 else "lead_less" if change < 0 else "lead_same"
        said = page.say(key, amount=tongue.money_round(abs(change)))
        shares = [tongue.share(side.cost_share_bps) for side in (result.draft, result.baseline)]
        return said + page.say("lead_share", draft=shares[0], baseline=shares[1])
    before, after = _granted(page)
    change = after.number - before.number
    key = "lead_units_more" if change > 0 else "lead_units_less" if change < 0 else "lead_units_same"
    return page.say(key, amount=amount_of(page, abs(change)))


def amount_of(page: Page, number: int, code: str | None = None) -> str:
    """So many units of a currency, else of the main one: `1,234 points`."""
    one = currencies_of(page.result).get(code) if code else main_currency(page.result)
    if one is None:
        return page.tongue.whole(number)
    return f"{page.tongue.scaled(number, one.scale)} {page.tongue.unit(one)}"


def _granted(page: Page) -> tuple[Figure, Figure]:
    """What was granted, less returns, of the main currency: baseline and draft."""
    main = main_currency(page.result)
    if main is None:
        return units(0, 0), units(0, 0)
    both = [total_of(side, main.currency.code) for side in (page.result.baseline, page.result.draft)]
    net = [total.granted_units - total.returned_units if total else 0 for total in both]
    return units(net[0], main.scale), units(net[1], main.scale)


def _people(page: Page) -> str:
    everyone = next((one for one in page.result.change.shares if one.by == "all"), None)
    if everyone is None or everyone.better + everyone.worse == 0:
        return page.say("lead_nobody")
    percent = page.tongue.percent
    return page.say(
        "lead_members",
        better=percent(everyone.better, everyone.members),
        worse=percent(everyone.worse, everyone.members),
    )


def _figures(page: Page) -> Markup:
    """The four figures: cost, share of sales, owed, people. Without a worth: units, and people."""
    result, tongue = page.result, page.tongue
    cards = []
    if has_worth(result):
        sides = (result.baseline, result.draft)
        cost = [money(side.cost_minor) for side in sides]
        part = [share(side.cost_share_bps) for side in sides]
        owed = [money(side.owed_minor) for side in sides]
        cards.append(_card(page, page.say("kpi_cost"), cost, "cost_minor"))
        cards.append(_card(page, page.say("kpi_share"), part, "cost_share_bps"))
        cards.append(_card(page, page.say("kpi_owed"), owed, "owed_minor"))
    else:
        main = main_currency(result)
        name = tongue.name(main.currency) if main else ""
        cards.append(_card(page, page.say("kpi_units", unit=name), list(_granted(page)), None))
    everyone = next((one for one in result.change.shares if one.by == "all"), None)
    if everyone is not None and everyone.members:
        percent = tongue.percent
        bar = stacked((("d", everyone.better), ("u", everyone.unchanged), ("l", everyone.worse)))
        shares = f"{percent(everyone.better, everyone.members)} / {percent(everyone.worse, everyone.members)}"
        cards.append(
            el(
                "div", el("dt", page.say("kpi_people")), el("dd", shares, class_="big"),
                el("dd", bar, class_="mini"),
                el("dd", page.say("kpi_people_sub", unchanged=percent(everyone.unchanged, everyone.members)), class_="sub"),
            )
        )  # fmt: skip
    note = el("p", page.say("sampled"), class_="note") if result.compared.sample else None
    return join(el("dl", *cards, class_="figures"), note)


def _card(page: Page, title: str, both: list[Figure], what: str | None) -> Markup:
    """A figure with its baseline and its change."""
    before, after = both
    change = after.changed_from(before)
    said = _round(page, change)
    sub: list[Child] = [
        el("b", said), " · ", page.say("of_baseline", value=_round(page, before)),
    ]  # fmt: skip
    wide = interval_of(page, f"draft.{what}") if what else None
    estimate = None
    if wide is not None and wide.estimate is not None and wide.low is not None and wide.high is not None:
        write = [_round(page, Figure(number, after.kind)) for number in (wide.estimate, wide.low, wide.high)]
        estimate = el(
            "dd",
            page.say(
                "estimated", estimate=write[0], low=write[1], high=write[2],
                confidence=page.tongue.percent(wide.confidence_bps, 10_000),
            ),
            class_="sub",
        )  # fmt: skip
    return el(
        "div",
        el("dt", title),
        el("dd", _round(page, after), class_="big"),
        el("dd", *sub, class_="sub"),
        estimate,
    )


def _round(page: Page, figure: Figure) -> str:
    """A headline's figure: money without decimals where they say nothing."""
    if figure.kind != "money":
        return figure.said(page.tongue)
    if figure.is_change:
        return page.tongue.signed(figure.number, page.tongue.money_round)
    return page.tongue.money_round(figure.number)


def interval_of(page: Page, what: str) -> Interval | None:
    """The interval of a total, if the sample gave one."""
    return next((one for one in page.result.intervals if one.what == what), None)
