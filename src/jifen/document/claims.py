"""What is wrong with a condition: unknown facts, operators that do not fit, values of another type."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Iterator
from datetime import date

from jifen.document.conditions import AllDocument, AnyDocument, ClaimDocument, ConditionDocument, NotDocument
from jifen.document.meaning import Vocabulary
from jifen.document.model import ProgramDocument
from jifen.document.problems import Finding, Steps
from jifen.domain.program.conditions import OPERATORS, Fact, FactType
from jifen.domain.texts import Form, TextRefused, canonical

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
PATH_DEPTH_MAX = 12


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is most like this one, if any is."""
    found = difflib.get_close_matches(word, list(known)[:2_000], n=1, cutoff=0.6)
    return found[0] if found else None


def vocabulary_of(document: ProgramDocument) -> Vocabulary:
    """What the conditions of this document may speak of."""
    return Vocabulary(
        tiers=tuple(tier.code for tier in document.tiers.list) if document.tiers else ("member",),
        currencies=frozenset(part.code for part in document.currencies),
        stores=None if document.any_store else frozenset(part.code for part in document.stores),
        attributes=document.line_attributes,
    )


def condition_findings(
    written: ConditionDocument, steps: Steps, vocabulary: Vocabulary, depth_left: int
) -> Iterator[Finding]:
    """What is wrong with a condition and its parts."""
    if depth_left == 0:
        yield Finding(
            code="condition_too_deep", steps=steps, value="",
            en="Conditions are nested more than 16 deep.", zh="条件嵌套超过 16 层。",
            out_en="Split the rule into several.", out_zh="请拆分成多条规则。",
        )  # fmt: skip
    elif isinstance(written, AllDocument | AnyDocument):
        word, parts = ("all", written.all) if isinstance(written, AllDocument) else ("any", written.any)
        for at, part in enumerate(parts):
            yield from condition_findings(part, (*steps, word, at), vocabulary, depth_left - 1)
    elif isinstance(written, NotDocument):
        yield from condition_findings(written.not_, (*steps, "not"), vocabulary, depth_left - 1)
    else:
        yield from _claim(written, steps, vocabulary)


def operators_for(fact: Fact) -> tuple[str, ...]:
    """The operators that a document may use with a fact."""
    if fact.name == "member.tier":
        return (*OPERATORS[fact.type], "at_least")
    if fact.type is FactType.INTEGER:
        return (*OPERATORS[fact.type], "in")
    return OPERATORS[fact.type]


def _claim(written: ClaimDocument, steps: Steps, vocabulary: Vocabulary) -> Iterator[Finding]:
    fact = vocabulary.fact(written.fact)
    if fact is None:
        near = nearest(written.fact, vocabulary.names())
        yield Finding(
            code="unknown_fact", steps=(*steps, "fact"), value=written.fact,
            en=f"There is no fact {written.fact!r}.", zh=f"没有名为 {written.fact!r} 的条件项。",
            out_en=f"Did you mean {near!r}?" if near else "See the list of facts in docs/programme.md; "
            "declare an attribute of lines under line_attributes.",
            out_zh=f"是否想写 {near!r}？" if near
            else "请参阅 docs/programme.md；商品属性要在 line_attributes 中声明。",
        )  # fmt: skip
        return
    operators = written.written()
    allowed = operators_for(fact)
    if len(operators) != 1:
        yield Finding(
            code="operator_unclear", steps=steps, value=", ".join(name for name, _ in operators),
            en=f"A claim has exactly one operator, and this one has {len(operators)}.",
            zh=f"每个条件只能有一个运算符，这里有 {len(operators)} 个。",
            out_en=f"Keep one of: {', '.join(allowed)}; join several claims with all.",
            out_zh=f"请保留其一：{'、'.join(allowed)}；多个条件请用 all 连接。",
        )  # fmt: skip
        return
    ((operator, value),) = operators
    if operator not in allowed:
        yield Finding(
            code="operator_does_not_fit", steps=(*steps, operator), value=operator,
            en=f"{operator!r} cannot be asked of {fact.name}.", zh=f"{fact.name} 不支持运算符 {operator!r}。",
            out_en=f"Use one of: {', '.join(allowed)}.", out_zh=f"请使用：{'、'.join(allowed)}。",
        )  # fmt: skip
        return
    yield from _extras(written, fact, steps, vocabulary)
    values = list(value) if isinstance(value, tuple) else [value]
    for at, one in enumerate(values):
        where: Steps = (*steps, operator, at) if isinstance(value, tuple) else (*steps, operator)
        yield from _value(fact, one, where, vocabulary)


def _extras(written: ClaimDocument, fact: Fact, steps: Steps, vocabulary: Vocabulary) -> Iterator[Finding]:
    for name, given, needed in (
        ("window_days", written.window_days, fact.name in ("member.spend_minor", "member.visits")),
        ("currency", written.currency, fact.name == "member.balance"),
    ):
        if needed and given is None:
            yield Finding(
                code=f"{name}_missing", steps=steps, value=fact.name,
                en=f"{fact.name} needs {name}.", zh=f"{fact.name} 需要 {name}。",
                out_en=f"Add {name}: {30 if name == 'window_days' else 'the code of a currency'}.",
                out_zh=f"请添加 {name}。",
            )  # fmt: skip
        elif given is not None and not needed:
            yield Finding(
                code=f"{name}_does_not_fit", steps=(*steps, name), value=given,
                en=f"{name} has no meaning with {fact.name}.", zh=f"{name} 不适用于 {fact.name}。",
                out_en=f"Leave {name} out.", out_zh=f"请删除 {name}。",
            )  # fmt: skip
    if fact.name == "member.balance" and written.currency is not None:
        yield from _known(
            (*steps, "currency"), written.currency, vocabulary.currencies, "currency", "积分种类"
        )


def _known(steps: Steps, value: str, known: Collection[str], en: str, zh: str) -> Iterator[Finding]:
    # Looked up before anything is sorted: a rule may name a thousand of eight thousand stores.
    if value not in known:
        codes = sorted(known)
        near = nearest(value, codes)
        yield Finding(
            code="unknown_code", steps=steps, value=value,
            en=f"There is no {en} {value!r}.", zh=f"没有名为 {value!r} 的{zh}。",
            out_en=f"Did you mean {near!r}?" if near else f"Use one of: {', '.join(codes[:12])}.",
            out_zh=f"是否想写 {near!r}？" if near else f"请使用：{'、'.join(codes[:12])}。",
        )  # fmt: skip


def _value(fact: Fact, value: str | int, steps: Steps, vocabulary: Vocabulary) -> Iterator[Finding]:
    form = vocabulary.form(fact)
    if fact.name == "purchase.date":
        if not (isinstance(value, str) and _is_date(value)):
            yield _wrong(steps, value, "a date", "日期", 'Write it as "2026-10-01".', '请写成 "2026-10-01"。')
    elif fact.type is FactType.INTEGER:
        if not isinstance(value, int):
            yield _wrong(
                steps, value, "a whole number", "整数", "Write it without quotes.", "请写成不带引号的整数。"
            )
    elif not isinstance(value, str):
        yield _wrong(
            steps, value, "text", "文本", f'Write it in quotes: "{value}".', f'请加引号："{value}"。'
        )
    elif fact.type is FactType.PATH and not _is_path(value):
        yield _wrong(
            steps, value, "a category path", "类别路径",
            "Write names joined by /, none of them empty, such as GROCERY/BREAD.",
            "请用 / 连接各级名称，且不能为空，例如 GROCERY/BREAD。",
        )  # fmt: skip
    elif form is not None and (problem := _no_form(value, form)):
        yield _wrong(
            steps, value, "a text that a till can tell", "收银端可以传入的文本",
            f"No purchase could ever match it: {problem}. See docs/reference/texts.md.",
            "任何消费都无法与之匹配；文本的规则见 docs/reference/texts.md。",
        )  # fmt: skip
    elif fact.name == "member.tier":
        yield from _known(steps, value, vocabulary.tiers, "tier", "等级")
    elif fact.name == "purchase.store" and vocabulary.stores is not None:
        yield from _known(steps, value, vocabulary.stores, "store", "门店")


def _wrong(steps: Steps, value: object, en: str, zh: str, out_en: str, out_zh: str) -> Finding:
    return Finding(
        code="wrong_value", steps=steps, value=value,
        en=f"This must be {en}.", zh=f"这里必须是{zh}。", out_en=out_en, out_zh=out_zh,
    )  # fmt: skip


def _no_form(text: str, form: Form) -> str | None:
    """Why a till could never tell such a text; None: it could."""
    try:
        canonical(text, form)
    except TextRefused as refused:
        return str(refused)
    return None


def _is_date(text: str) -> bool:
    try:
        return bool(_DATE.fullmatch(text)) and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _is_path(text: str) -> bool:
    names = text.split("/")
    return len(names) <= PATH_DEPTH_MAX and all(name and name == name.strip() for name in names)
