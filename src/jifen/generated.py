"""Files that are made from the code: `python -m jifen.generated` writes them, `--check` fails when one is stale."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def openapi_text() -> str:
    """`docs/reference/openapi.json`."""
    from jifen.api.app import create_app

    return json.dumps(create_app().openapi(), ensure_ascii=False, indent=1) + "\n"


def programme_schema_text() -> str:
    """`docs/reference/programme.schema.json`."""
    from jifen.document.schema import schema_text

    return schema_text()


def grammar_text() -> str:
    """`docs/reference/programme.grammar.json`."""
    from jifen.api.grammar import grammar

    return json.dumps(grammar("en").model_dump(mode="json"), ensure_ascii=False, indent=1) + "\n"


def refusals_text() -> str:
    """`docs/reference/refusals.md`."""
    from jifen.api.errors import STATUS
    from jifen.domain.refusals import Unknown
    from jifen.present.refusals import refusal_message

    lines = [
        "# Refusals",
        "",
        'Every expected "no" of the API, as `application/problem+json` (RFC 9457). `code` is stable; `pointer` names the',
        "field (`/path`, `/query` and `/headers` name those); `numbers` holds what it counts. Made by",
        "`python -m jifen.generated`.",
        "",
        "| code | status | meaning | 含义 |",
        "|---|---|---|---|",
    ]
    for refusal, status in STATUS.items():
        shown = "404; 422 where the body names it" if issubclass(refusal, Unknown) else str(status)
        lines.append(
            f"| `{refusal.code}` | {shown} | {refusal.title()} | {refusal_message(refusal.code, 'zh')} |"
        )
    return "\n".join(lines) + "\n"


def cli_text() -> str:
    """`docs/reference/cli.md`."""
    from jifen.cli.reference import reference_text

    return reference_text()


def backtest_schema_text() -> str:
    """`docs/reference/backtest.schema.json`."""
    from jifen.insight.backtest.result import json_schema

    return json.dumps(json_schema(), ensure_ascii=False, indent=1) + "\n"


def permissions_text() -> str:
    """`docs/reference/permissions.md`."""
    from jifen.api.app import create_app
    from jifen.api.requests import PERMISSION_EXTENSION
    from jifen.cli.permissions import COMMAND_PERMISSIONS
    from jifen.domain.principal import EVERYTHING, ROLES, Permission
    from jifen.present.principals import permission_said, role_said

    lines = [
        "# Permissions and roles",
        "",
        "What a key or an operator may do. A route takes one permission, which stands in the OpenAPI file as",
        "`x-jifen-permission`; who was not given it is refused with `not_permitted` (403). A command asks nobody:",
        "who runs it may do everything. Routes about whoever is signed in himself (`/v1/session`, `/v1/sessions`) take none.",
        "A test key (`--test`) has of its permissions those that only look. Made by `python -m jifen.generated`.",
        "",
        "| permission | meaning | 含义 | only looks | routes | commands |",
        "|---|---|---|---|---|---|",
    ]
    paths = create_app().openapi()["paths"]
    for one in Permission:
        routes = [
            f"`{method.upper()} {path}`"
            for path, item in paths.items()
            for method, operation in item.items()
            if operation.get(PERMISSION_EXTENSION) == one
        ]
        commands = [f"`jifen {name}`" for name, needs in COMMAND_PERMISSIONS.items() if needs is one]
        looks = "" if one.changes_something else "yes"
        said = f"{permission_said(one, 'en')} | {permission_said(one, 'zh')}"
        lines.append(f"| `{one}` | {said} | {looks} | {'<br>'.join(routes)} | {', '.join(commands)} |")
    lines += ["", "| role | who | 含义 | permissions |", "|---|---|---|---|"]
    for role, held in ROLES.items():
        listed = "all" if held == EVERYTHING else ", ".join(f"`{one}`" for one in Permission if one in held)
        lines.append(f"| `{role}` | {role_said(role, 'en')} | {role_said(role, 'zh')} | {listed} |")
    return "\n".join(lines) + "\n"


def festivals_text() -> str:
    """`docs/reference/festivals.md`."""
    from jifen.domain.dates import festivals as of
    from jifen.domain.dates.lunar import FIRST_YEAR, LAST_YEAR
    from jifen.domain.dates.statutory import make_up_workdays, statutory_days, years_published
    from jifen.present.catalogue import catalogue_of
    from jifen.present.festivals import festival_said

    def counted_as(counted: of.Counted) -> str:
        match counted:
            case of.Solar():
                return f"{counted.month:02}-{counted.day:02}"
            case of.Weekday():
                after = (
                    f", {counted.days_after} day after 后 {counted.days_after} 天"
                    if counted.days_after
                    else ""
                )
                weekday = [
                    catalogue_of(language).say(f"weekday.{counted.weekday}") for language in ("en", "zh")
                ]
                return f"month {counted.month}, {weekday[0]} no. {counted.nth} 第 {counted.nth} 个{weekday[1]}{after}"
            case of.Lunar():
                before = ", the day before 前一天" if counted.days_before else ""
                return f"lunar 农历 {counted.month}-{counted.day}{before}"
        return "solar term 节气"

    years = range(2024, 2031)
    lines = [
        "# Festivals and days off 节日与放假安排",
        "",
        "The days that Jifen knows by a code. Festivals are counted by the calendar of Beijing, "
        f"{FIRST_YEAR} to {LAST_YEAR}; a year",
        "has each once. Nothing is kept in a leap month 闰月. Laba is the one before the year's Spring Festival, and may be",
        "a day of the December before: none of the days of 2023 was Laba. Why, and from which tables:",
        "[0143](../decisions/0143-festivals-are-a-table.md). Made by `python -m jifen.generated`.",
        "",
        "节日按北京时间的公历与农历推算，每年各一次，闰月不重复。腊八节取当年春节之前的那一个，可能落在上一年十二月。",
        "",
        f"| code | festival | 节日 | counted as | {' | '.join(map(str, years))} |",
        f"|---|---|---|---|{'---|' * len(years)}",
    ]
    for code, counted in of.FESTIVALS.items():
        named = f"{festival_said(code, 'en')} | {festival_said(code, 'zh')}"
        days = [of.festival_day(code, year) for year in years]
        shown = [
            f"{day:%m-%d}" if day.year == year else str(day) for day, year in zip(days, years, strict=True)
        ]
        lines.append(f"| `{code}` | {named} | {counted_as(counted)} | {' | '.join(shown)} |")
    lines += [
        "",
        "New moons close to midnight may move a day once astronomers know more: of 28 September 2057 (Double Ninth),",
        "4 September 2089 (Mid-Autumn) and 7 August 2097 (Qixi, Zhongyuan), as the Hong Kong Observatory says of its own tables.",
        "",
        "## Days off 放假安排",
        "",
        "China's `CN` are those of the State Council's notice for each year (国务院办公厅关于部分节假日安排的通知), with the",
        "weekends that adjoin them. A notice may reach back into December, so the end of the last year may still change. A year",
        "that is not in the table is refused with `days_not_published`: a new one comes with a new version, and until then a",
        "programme names the days themselves. 表中没有的年份会被拒绝：新一年随新版本提供，此前请在会员计划中直接写明日期。",
        "",
        "| year 年 | days off 放假 | make-up workdays 调休上班 |",
        "|---|---|---|",
    ]
    for year in years_published("CN"):
        worked = ", ".join(f"{day:%m-%d}" for day in sorted(make_up_workdays("CN", year)))
        lines.append(f"| {year} | {_spans(statutory_days('CN', year))} | {worked} |")
    return "\n".join(lines) + "\n"


def _spans(days: Iterable[date]) -> str:
    """Days in order, those that follow each other as first and last."""
    spans: list[list[date]] = []
    for day in sorted(days):
        if spans and (day - spans[-1][-1]).days == 1:
            spans[-1][1:] = [day]
        else:
            spans.append([day])
    return ", ".join("–".join(f"{day:%m-%d}" for day in span) for span in spans)


def console_words_text() -> str:
    """`web/apps/console/src/said.json`: closed sets that the console offers to choose from, by their words in each language."""
    from jifen.domain.audit import Deed
    from jifen.domain.principal import ROLES, Permission
    from jifen.domain.questions import Outcome, QuestionKind, QuestionStatus
    from jifen.domain.retention import PeriodReason
    from jifen.present.catalogue import catalogue_of

    def named(prefix: str, codes: Iterable[str]) -> dict[str, dict[str, Any]]:
        return {
            str(code): {language: catalogue_of(language).say(f"{prefix}.{code}") for language in ("zh", "en")}
            for code in codes
        }

    roles = named("role", ROLES)
    for role, held in ROLES.items():
        roles[role]["permissions"] = [str(one) for one in Permission if one in held]
    document = {
        "roles": roles,
        "permissions": named("permission", Permission),
        "deeds": named("deed", Deed),
        "kinds": named("question_kind", QuestionKind),
        "period_reasons": named("retention.reason", PeriodReason),
        "statuses": named("question_status", QuestionStatus),
        "outcomes": named("question_outcome", Outcome),
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


FILES: dict[str, Callable[[], str]] = {
    "docs/reference/openapi.json": openapi_text,
    "docs/reference/programme.schema.json": programme_schema_text,
    "docs/reference/programme.grammar.json": grammar_text,
    "docs/reference/refusals.md": refusals_text,
    "docs/reference/permissions.md": permissions_text,
    "docs/reference/cli.md": cli_text,
    "docs/reference/festivals.md": festivals_text,
    "docs/reference/backtest.schema.json": backtest_schema_text,
    "web/apps/console/src/said.json": console_words_text,
}


def stale_files() -> list[str]:
    """The files that do not say what the code says."""
    return [name for name, text in FILES.items() if _kept(name) != text()]


def _kept(name: str) -> str | None:
    path = ROOT / name
    return path.read_text(encoding="utf-8") if path.exists() else None


def main(arguments: list[str]) -> int:
    """Write the files, or check them; the exit status."""
    if arguments not in ([], ["--check"]):
        sys.stderr.write("python -m jifen.generated [--check]\n")
        return 2
    if arguments:
        stale = stale_files()
        for name in stale:
            sys.stderr.write(f"{name} is stale; run: python -m jifen.generated\n")
        return 1 if stale else 0
    for name, text in FILES.items():
        path = ROOT / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text(), encoding="utf-8")
        sys.stdout.write(f"{name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
