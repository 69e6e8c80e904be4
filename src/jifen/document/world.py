"""What a document names that lists of the world know: time zones and money.

Asked of a document that comes in, never of a revision that was published: those lists change, a revision does not.
"""

from __future__ import annotations

from collections.abc import Iterator

from jifen.document.model import ProgramDocument
from jifen.document.problems import Finding, Steps
from jifen.domain.money import DECIMALS
from jifen.domain.zones import ZONES, nearest_zone


def findings(document: ProgramDocument) -> list[Finding]:
    """What the lists do not know, or know otherwise."""
    return [*_zones(document), *_money(document)]


def _zones(document: ProgramDocument) -> Iterator[Finding]:
    named: list[tuple[Steps, str]] = [(("time_zone",), document.time_zone)]
    named += [
        (("stores", at, "time_zone"), s.time_zone) for at, s in enumerate(document.stores) if s.time_zone
    ]
    nearest_of: dict[str, str | None] = {}
    for steps, zone in named:
        if zone in ZONES:
            continue
        if zone not in nearest_of:
            nearest_of[zone] = nearest_zone(zone)
        near = nearest_of[zone]
        yield Finding(
            code="unknown_time_zone",
            steps=steps,
            value=zone,
            en=f"{zone!r} is no time zone that every part of Jifen knows.",
            zh=f"{zone!r} 不是 Jifen 各部分都认识的时区。",
            out_en=f"Did you mean {near!r}?"
            if near
            else "Write an IANA name, such as Asia/Shanghai or America/New_York.",
            out_zh=f"是否想写 {near!r}？" if near else "请填写 IANA 名称，例如 Asia/Shanghai。",
        )


def _money(document: ProgramDocument) -> Iterator[Finding]:
    """Decimals that are wrong count a hundred times too much or too little, and the books cannot be moved to others."""
    code, written = document.money.code, document.money.decimals
    decimals = DECIMALS.get(code)
    if decimals is None:
        yield Finding(
            code="unknown_money",
            steps=("money", "code"),
            value=code,
            en=f"{code} is no money that ISO 4217 knows today.",
            zh=f"{code} 不是 ISO 4217 现行的货币代码。",
            out_en="Write the three letters of a currency in use, such as CNY, USD or EUR.",
            out_zh="请填写现行货币的三个字母，例如 CNY、USD 或 EUR。",
        )
    elif written != decimals:
        yield Finding(
            code="money_decimals_wrong",
            steps=("money", "decimals") if "decimals" in document.money.model_fields_set else ("money",),
            value=written,
            en=f"{code} has {decimals} decimals by ISO 4217, and this says {written}; once published, it can never be changed.",
            zh=f"按 ISO 4217，{code} 有 {decimals} 位小数，而这里是 {written} 位；发布后无法更改。",
            out_en=f"Write money: {{code: {code}, decimals: {decimals}}}.",
            out_zh=f"请写 money: {{code: {code}, decimals: {decimals}}}。",
        )
