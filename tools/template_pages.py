"""Write docs/templates/: a page for each template, from its document, its tests and its back-test on the demo's year.

    python tools/template_pages.py                  the pages, with the back-tests that were kept
    python tools/template_pages.py --home FOLDER    run the back-tests first, on the demo that lies in a folder

The demo is a grocer in dollars with categories of its own, so a template is read with its words: `AS_THERE` says how.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jifen.document.compile import compile_program
from jifen.document.load import parse_document
from jifen.document.run_trials import run_trials
from jifen.domain.program.numbering import Numbering
from jifen.present.exchanges import exchange_sentence
from jifen.present.offers import offer_sentence
from jifen.present.rewards import reward_sentence
from jifen.present.rules import rule_sentence
from jifen.present.shown import name_in
from jifen.present.templates import template_sentences, template_title
from jifen.templates import template_names, template_text

PAGES = Path(__file__).parents[1] / "docs" / "templates"
KEPT = PAGES / "backtests.json"
AS_THERE: Mapping[str, tuple[tuple[str, str], ...]] = {
    "supermarket": (
        ("under: [FRESH, LIQUOR, TOBACCO, GIFTCARD, DEPOSIT]",
         "under: [PRODUCE, MEAT, MEAT-PCKGD, SEAFOOD, SPIRITS, DRUG GM/CIGARETTES, MISCELLANEOUS, FUEL]"),
        ("under: FRESH", "under: [PRODUCE, MEAT, MEAT-PCKGD, SEAFOOD]"),
        ("under: LIQUOR", "under: SPIRITS"),
        ("under: HOME", "under: DRUG GM"),
        ("reach: 500000", "reach: 100000"),
        ("reach: 1500000", "reach: 300000"),
    ),
    "convenience-store": (
        ("currencies:\n", "currencies:\n  - {code: growth, names: {zh: 成长值, en: Growth}, kind: qualifying}\n"),
        ("TOBACCO, SERVICE", "DRUG GM/CIGARETTES, MISCELLANEOUS, FUEL"),
        ('first: "2027-01-01", last: "2027-03-31"', 'first: "2017-01-01", last: "2017-03-31"'),
        ("ge: 10000}", "ge: 5000}"),
    ),
}  # fmt: skip
"""What is written otherwise for the demo: its categories, a fifth of the thresholds, its year, and the currency that its books
keep."""
WHY_NOT = {
    "coffee-chain": "The demo sells no coffee by the cup.",
    "online-shop": "Nobody reviewed anything in the demo.",
    "pharmacy": "The demo sells no medicine, and does not tell who paid by medical insurance.",
    "restaurant": "It has exchanges, which a back-test does not judge yet; and a visit in the demo is a trolley.",
    "runners": "Nobody ran in the demo: it has purchases only.",
    "corner-shop": "It is the programme of the first steps, and its rules are few.",
    "grocer": "It is the programme of the demo: `make demo` prints what it gave in that year.",
}


def main() -> None:
    """Write the pages."""
    told = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    told.add_argument("--home", type=Path, help="where the demo lies: run the back-tests there")
    home = told.parse_args().home
    if home is not None:
        found = {name: backtest(name, home) for name in AS_THERE}
        KEPT.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    for name, text in pages().items():
        (PAGES / name).write_text(text, encoding="utf-8")


def pages() -> dict[str, str]:
    """The text of each page, by the name of its file."""
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    return {"README.md": _index(), **{f"{name}.md": _page(name, kept.get(name)) for name in template_names()}}


def _index() -> str:
    lines = [
        "# Templates 模板",
        "",
        "Programmes to start from. Each carries its tests, which `plan` and `apply` run by themselves.",
        "起步用的会员计划。多数自带测试，`plan` 和 `apply` 会自动运行。",
        "",
        "```",
        "jifen template list                          # each in three sentences; --language zh",
        "jifen template show coffee-chain > shop.yaml",
        "jifen program test shop.yaml                 # its tests, without a database",
        "jifen init --template coffee-chain           # a ledger that begins with it",
        "```",
        "",
        "In the console: Programme, Design, *Open a template*. These pages are made by `make templates`.",
        "",
        "| | | rules | tests |",
        "|---|---|---|---|",
    ]
    for name in template_names():
        document = parse_document(template_text(name), name=name)
        titles = f"{template_title(name, 'en')} · {template_title(name, 'zh')}"
        lines.append(
            f"| [{name}]({name}.md) | {titles} | {len(document.earn_rules)} | {len(document.tests)} |"
        )
    return "\n".join(lines) + "\n"


def _page(name: str, kept: dict[str, Any] | None) -> str:
    document = parse_document(template_text(name), name=name)
    program = compile_program(
        document, revision=1, effective_at=datetime(2000, 1, 1, tzinfo=UTC), numbering=Numbering()
    )
    lines = [f"# {template_title(name, 'en')} · {template_title(name, 'zh')}", ""]
    for language in ("en", "zh"):
        lines += [" ".join(template_sentences(name, language)), ""]
    lines += [
        "```",
        f"jifen template show {name} > shop.yaml",
        "```",
        "",
        "## Rules 规则",
        "",
    ]
    for rule in program.rules:
        lines.append(f"- **{name_in(rule.names, 'en')}.** {rule_sentence(rule, program, 'en')}")
        lines.append(f"  {name_in(rule.names, 'zh')}：{rule_sentence(rule, program, 'zh')}")
    for one in program.exchanges:
        lines.append(f"- **{name_in(one.names, 'en')}.** {exchange_sentence(one, program, 'en')}")
        lines.append(f"  {name_in(one.names, 'zh')}：{exchange_sentence(one, program, 'zh')}")
    for offer in program.offers:
        lines.append(f"- **{name_in(offer.names, 'en')}.** {offer_sentence(offer, program, 'en')}")
        lines.append(f"  {name_in(offer.names, 'zh')}：{offer_sentence(offer, program, 'zh')}")
    if program.rewards:
        lines += ["", "## Rewards 礼品", ""]
    for reward in program.rewards:
        lines.append(f"- **{name_in(reward.names, 'en')}.** {reward_sentence(reward, program, 'en')}")
        lines.append(f"  {name_in(reward.names, 'zh')}：{reward_sentence(reward, program, 'zh')}")
    if document.tests:
        lines += ["", "## Tests 测试", "", "| test | 测试 | what came of it |", "|---|---|---|"]
        for tried in run_trials(document):
            names = tried.trial.names
            lines.append(f"| {name_in(names, 'en')} | {name_in(names, 'zh')} | {_came(tried.came)} |")
    lines += ["", "## On the demo's year 用演示的一年回测", ""]
    lines += _backtested(name, kept) if kept else [WHY_NOT[name]]
    return "\n".join(lines) + "\n"


def _came(came: Mapping[str, Any]) -> str:
    if "refusal" in came:
        return f"refused: `{came['refusal']}`"
    said = [f"{code} {units}" for code, units in came.get("rules", {}).items()]
    said += [f"expired {units} {code}" for code, units in came.get("expired", {}).items()]
    return ", ".join(said) or f"tier {came['tier']}"


def _backtested(name: str, kept: dict[str, Any]) -> list[str]:
    changes = "; ".join(
        f"`{written}` is `{instead}`" for written, instead in AS_THERE[name] if "\n" not in written
    )
    rows = [f"| {one['rule']} | {one['granted']:,} | {one['cost']} |" for one in kept["rules"]]
    return [
        f"{kept['households']:,} households, {kept['purchases']:,} purchases, {kept['sales']} in a year. In dollars and in the",
        f"demo's time zone; {changes}.",
        "",
        "| | the template | the demo's own programme |",
        "|---|---|---|",
        f"| cost at worth | {kept['cost']} | {kept['baseline_cost']} |",
        f"| share of sales | {kept['share']} | {kept['baseline_share']} |",
        f"| owed at the end | {kept['owed']} | {kept['baseline_owed']} |",
        "",
        "| rule | granted, less what came back | cost |",
        "|---|---|---|",
        *rows,
        "",
        "Made by `make templates`, which runs `jifen backtest` on the demo.",
    ]


def draft_of(name: str) -> str:
    """The template in the words of the demo."""
    text = template_text(name)
    text = text[: text.index("\ntests:\n") + 1]
    for written, instead in (
        ("money: {code: CNY, decimals: 2}", "money: {code: USD, decimals: 2}"),
        ("time_zone: Asia/Shanghai", "time_zone: America/New_York"),
        *AS_THERE[name],
    ):
        assert written in text, f"{name} has no {written!r} any more"
        text = text.replace(written, instead)
    return text


def backtest(name: str, home: Path) -> dict[str, Any]:
    """What a template would have cost in the demo's year."""
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / f"{name}.yaml"
        draft.write_text(draft_of(name), encoding="utf-8")
        command = [
            sys.executable,
            "-c",
            "from jifen.cli import app; app()",
            "backtest",
            str(draft),
            "--home",
            str(home),
            "--json",
        ]
        ran = subprocess.run(command, capture_output=True, check=False, text=True)
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-2000:]
    return _summed(json.loads(ran.stdout))


def _summed(result: dict[str, Any]) -> dict[str, Any]:
    """What a page tells of a result."""
    compared, draft, baseline = result["compared"], result["draft"], result["baseline"]

    def money(minor: int) -> str:
        return f"{minor // 100:,}.{minor % 100:02d} USD"

    def share(side: dict[str, Any]) -> str:
        return f"{side['cost_share_bps'] // 100}.{side['cost_share_bps'] % 100:02d}%"

    return {
        "households": compared["members_all"],
        "purchases": compared["purchases"],
        "sales": money(compared["sales_minor"]),
        "cost": money(draft["cost_minor"]),
        "baseline_cost": money(baseline["cost_minor"]),
        "share": share(draft),
        "baseline_share": share(baseline),
        "owed": money(draft["liability"][-1]["minor"]),
        "baseline_owed": money(baseline["liability"][-1]["minor"]),
        "rules": [
            {
                "rule": one["rule"]["en"],
                "granted": one["granted_units"] - one["returned_units"],
                "cost": money(one["cost_minor"]),
            }
            for one in draft["by_rule"]
            if one["granted_units"]
        ],
    }


if __name__ == "__main__":
    main()
