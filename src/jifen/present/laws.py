"""The verdict on the books as a person reads it: what each law says, whether it is kept, and who offends against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jifen.present.catalogue import catalogue_of

OFFENDERS_SHOWN = 5


def law_title(number: int, language: str) -> str:
    """What a law says, in a language that there is a catalogue of."""
    return catalogue_of(language).say(f"law.title_{number}")


def with_titles(laws: Sequence[Mapping[str, Any]], language: str) -> list[dict[str, Any]]:
    """The verdicts as data, with what each law says: in the language asked for, in English and in Chinese."""
    return [
        {
            "law": law["law"],
            "title": law_title(law["law"], language),
            "title_en": law_title(law["law"], "en"),
            "title_zh": law_title(law["law"], "zh"),
            **{name: value for name, value in law.items() if name != "law"},
        }
        for law in laws
    ]


def law_lines(laws: Sequence[Mapping[str, Any]], language: str) -> list[str]:
    """The verdict on each law; under a broken one its checks, as they stand in docs/reference/laws.md, and their first
    offenders."""
    words = catalogue_of(language)
    lines = []
    for law in laws:
        if law["verdict"] == "broken":
            verdict = words.say("law.broken")
        elif law["verdict"] == "kept":
            verdict = words.say("law.kept")
        else:
            verdict = words.say("law.tested_elsewhere", test=law["tested_by"])
        number, title = f"{law['law']:>2}", f"{law_title(law['law'], language):<72}"
        lines.append(words.say("law.line", number=number, title=title, verdict=verdict))
        for broken in law["broken"]:
            lines.append(f"        {broken['check']}:")
            lines += [f"            {_offender(one)}" for one in broken["offenders"][:OFFENDERS_SHOWN]]
            more = len(broken["offenders"]) - OFFENDERS_SHOWN
            if more > 0:
                lines.append("            " + words.say("law.more", more=more))
    return lines


def _offender(offender: Mapping[str, Any]) -> str:
    """The offender itself, then what was found of it, by the names of columns."""
    return ", ".join(
        str(value) if name == "offender" else f"{name} {value}" for name, value in offender.items()
    )
