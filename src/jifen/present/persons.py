"""A person as API and command line show him, masked or in full; and the archive of everything that is kept of him."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from jifen.domain.person import ATTRIBUTE, Known
from jifen.domain.profiling import PROFILING, objects_to_profiling
from jifen.present.catalogue import catalogue_of
from jifen.present.ids import prefixed
from jifen.present.shown import shown_instant


class Given(Protocol):
    """A consent as it is kept."""

    @property
    def purpose(self) -> str: ...
    @property
    def is_given(self) -> bool: ...
    @property
    def text_version(self) -> str: ...
    @property
    def channel(self) -> str: ...
    @property
    def at(self) -> datetime: ...


class View(Protocol):
    """A person, and what he agreed to last for each purpose."""

    @property
    def known(self) -> Known: ...
    @property
    def consents(self) -> Sequence[Given]: ...
    @property
    def added_at(self) -> datetime: ...


def persons_shown(member_id: UUID, views: Sequence[View], *, is_masked: bool) -> dict[str, Any]:
    """The persons of a member."""
    return {
        "member_id": prefixed("mbr", member_id),
        "is_masked": is_masked,
        "persons": [person_shown(one) for one in views],
    }


def person_shown(view: View) -> dict[str, Any]:
    """One person."""
    known = view.known
    return {
        "person_id": prefixed("per", known.person_id),
        "role": known.role,
        "keys": [{"kind": key.kind, "value": key.value} for key in known.keys],
        **fields_shown(known.fields),
        "consents": [consent_shown(one) for one in view.consents],
        "objects_to_profiling": objects_to_profiling(view.consents),
        "added_at": shown_instant(view.added_at),
    }


def fields_shown(fields: Mapping[str, str]) -> dict[str, Any]:
    """What is known besides what finds him: the fields, and his attributes by name."""
    plain = {name: value for name, value in fields.items() if not name.startswith(ATTRIBUTE)}
    attributes = {
        name.removeprefix(ATTRIBUTE): value for name, value in fields.items() if name.startswith(ATTRIBUTE)
    }
    return {"fields": plain, "attributes": attributes}


def consent_shown(one: Given) -> dict[str, Any]:
    """A consent, or that it was taken back."""
    return {
        "purpose": one.purpose,
        "is_given": one.is_given,
        "text_version": one.text_version,
        "channel": one.channel,
        "at": shown_instant(one.at),
    }


def person_lines(told: Mapping[str, Any], language: str) -> list[str]:
    """The persons of a member (`persons_shown`) as lines for a terminal."""
    words = catalogue_of(language)
    lines = []
    for one in told["persons"]:
        lines.append(one["person_id"])
        for key in one["keys"]:
            kind = words.say(f"key_kind.{key['kind']}")
            lines.append("    " + words.say("person.value", name=kind, value=key["value"]))
        for name, value in one["fields"].items():
            lines.append(
                "    " + words.say("person.value", name=words.say(f"person.field.{name}"), value=value)
            )
        for name, value in one["attributes"].items():
            lines.append("    " + words.say("person.value", name=name, value=value))
        lines += ["    " + _consent_said(given, language) for given in one["consents"]]
    if told["is_masked"]:
        lines.append(words.say("person.masked"))
    return lines


def _consent_said(given: Mapping[str, Any], language: str) -> str:
    words = catalogue_of(language)
    if given["purpose"] == PROFILING:
        return words.say("person.objects_no_more" if given["is_given"] else "person.objects", at=given["at"])
    said = "person.agrees" if given["is_given"] else "person.agrees_not"
    return words.say(said, purpose=given["purpose"], version=given["text_version"], at=given["at"])


def archive_page(document: Mapping[str, Any], language: str) -> str:
    """Everything that is kept of a person as one page of HTML that stands alone, with the same as JSON inside it.

    Shape of the document
        member    `members.member_shown`
        persons   as `person_shown`, with `proof` beside each consent
        entries   `statements.statement_entry` each, newest first
        receipts  source, business_no, occurred_at, money, amount_minor, lines
    """
    words = catalogue_of(language)
    title = words.say("archive.title", member=document["member"]["member_id"])
    data = json.dumps(document, ensure_ascii=False, default=str).replace("<", "\\u003c")
    parts = [
        f"<h1>{_safe(title)}</h1>",
        f"<p>{_safe(words.say('archive.as_of', at=document['made_at']))}</p>",
    ]
    told = {"persons": document["persons"], "is_masked": False}
    parts.append(_section(words.say("archive.person"), person_lines(told, language)))
    balances = [
        words.say("archive.balance", name=one["names"].get(language) or one["currency"], units=one["balance"])
        for one in document["member"]["balances"]
    ]
    parts.append(_section(words.say("archive.balances"), balances))
    entries = [f"{one['occurred_at'][:10]}  {one['sentence']}" for one in document["entries"]]
    parts.append(_section(words.say("archive.entries"), entries))
    receipts = [
        words.say(
            "archive.receipt",
            at=one["occurred_at"],
            source=one["source"],
            number=one["business_no"],
            lines=len(one["lines"]),
        )
        for one in document["receipts"]
    ]
    parts.append(_section(words.say("archive.receipts"), receipts))
    body = "\n".join(parts)
    style = "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}li{margin:.2rem 0}"
    return (
        f'<!doctype html>\n<html lang="{_safe(language)}"><head><meta charset="utf-8"><title>{_safe(title)}</title>'
        f"<style>{style}</style></head>\n<body>\n{body}\n"
        f'<script type="application/json" id="data">{data}</script>\n</body></html>\n'
    )


def _section(title: str, lines: Sequence[str]) -> str:
    items = "\n".join(f"<li>{_safe(line)}</li>" for line in lines)
    return f"<h2>{_safe(title)}</h2>\n<ul>\n{items}\n</ul>"


def _safe(text: str) -> str:
    return html.escape(text)
