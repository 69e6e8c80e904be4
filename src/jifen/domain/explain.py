"""A posting as a sentence in Chinese and English, and its reasons line by line.

`+123 积分：消费 pos/1（2026-11-21，¥123.45），按规则「消费积分」` is what a person reads; the same as data is what a program
reads. Nothing is computed anew here: a sentence says what the journal says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from jifen.domain.calendar import date_of, expires_on, local_date
from jifen.domain.decision import Reason
from jifen.domain.member import Lot
from jifen.domain.program.meaning import Currency, EarnRule, Grant, Program
from jifen.domain.program.select import mask_of
from jifen.domain.program.sentences import name_in, thousandths
from jifen.domain.sharing import share_out
from jifen.domain.shown import kind_shown, units_shown
from jifen.domain.timeline import Timeline

Row = Mapping[str, Any]
SIGNS = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "HKD": "HK$", "TWD": "NT$", "SGD": "S$"}
MINUS = "−"
BY_QUANTITY = (Grant.PER_QUANTITY, Grant.PER_WHOLE_QUANTITY)


class Posted(Protocol):
    """What is read of a posting in the journal."""

    @property
    def member_id(self) -> UUID: ...
    @property
    def currency(self) -> int: ...
    @property
    def verb(self) -> str: ...
    @property
    def is_credit(self) -> bool: ...
    @property
    def units(self) -> int: ...
    @property
    def reasons(self) -> tuple[Reason, ...]: ...
    @property
    def terms(self) -> int: ...
    @property
    def lot(self) -> int | None: ...
    @property
    def revision(self) -> int: ...
    @property
    def actor(self) -> str | None: ...
    @property
    def occurred_at(self) -> datetime: ...
    @property
    def recorded_at(self) -> datetime: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a posting belongs to, as rows of the journal."""

    purchase: Row | None = (
        None  # the sale; of a return the sale that came back; of an expiry the one that opened the lot
    )
    brought_back: Row | None = None
    entry: Row | None = None
    lot: Lot | None = None


class LineShare(NamedTuple):
    """A rule's grant for one line."""

    line: int
    rule: str
    desired: int
    granted: int


def line_shares(timeline: Timeline, posting: Posted, about: About) -> list[LineShare]:
    """The reasons of what a sale earned or a return took back, shared out over the lines: granted adds up to the units.

    Rounding
        By largest remainder, over what the rule counted: money or quantity. A fixed grant is shared by money.
    """
    if about.purchase is None or posting.verb not in ("earn", "claw_back"):
        return []
    row = timeline.row_of(about.purchase["revision"])
    lines = _counted(about)
    shares = []
    for reason in posting.reasons:
        if reason.rule == 0 or not (reason.desired or reason.granted):
            continue
        rule = timeline.rule(row, reason.rule)
        position = timeline.position_of(row, reason.rule)
        seen = [line for line in lines if line.mask >> position & 1]
        weights = [line.quantity if rule.grant in BY_QUANTITY else line.amount for line in seen]
        if not seen:
            continue
        desired, granted = share_out(reason.desired, weights), share_out(reason.granted, weights)
        shares += [
            LineShare(line.number, rule.code, wanted, given)
            for line, wanted, given in zip(seen, desired, granted, strict=True)
        ]
    return shares


class _Counted(NamedTuple):
    number: int
    mask: int
    amount: int
    quantity: int


def _counted(about: About) -> list[_Counted]:
    """The lines that a posting is about, with what of each came in or came back."""
    assert about.purchase is not None
    documents, words = about.purchase["lines"], about.purchase["masks"]
    width = len(words) // max(len(documents), 1)
    back = None if about.brought_back is None else {int(n): int(q) for n, q in about.brought_back["lines"]}
    counted = []
    for at, document in enumerate(documents):
        number, quantity = document["number"], document["quantity_milli"]
        amount = document["amount_minor"]
        if back is not None:
            if number not in back:
                continue
            amount = amount * back[number] // (quantity or 1_000)
            quantity = back[number] if quantity else 0
        counted.append(_Counted(number, mask_of(words[at * width : (at + 1) * width]), amount, quantity))
    return counted


def explain(timeline: Timeline, posting: Posted, about: About, *, language: str) -> str:
    """The posting as one sentence in `zh` or `en`."""
    told = _Telling(timeline, posting, about, is_zh=language == "zh")
    return f"{told.signed()} {told.unit}{'：' if told.is_zh else ': '}{told.why()}"


class _Telling:
    """The words for one posting."""

    def __init__(self, timeline: Timeline, posting: Posted, about: About, *, is_zh: bool) -> None:
        self.timeline, self.posting, self.about, self.is_zh = timeline, posting, about, is_zh
        self.program: Program = timeline.programs[timeline.row_of(posting.revision)]
        self.currency: Currency = timeline.newest.currencies[posting.currency]
        self.language = "zh" if is_zh else "en"
        name = name_in(self.currency.names, self.language)
        self.unit = name if is_zh else name.lower() if name.isascii() else name

    def signed(self) -> str:
        """The units with their sign."""
        return ("+" if self.posting.is_credit else MINUS) + self.units(self.posting.units)

    def units(self, units: int) -> str:
        """Smallest units as a person writes them: with scale 2, 150 is 1.50."""
        return units_shown(units, self.currency.scale)

    def money(self, minor: int) -> str:
        """An amount of the programme's money, with its sign."""
        code, decimals = self.program.money, self.program.money_decimals
        text = f"{minor // 10**decimals:,}" + (f".{minor % 10**decimals:0{decimals}d}" if decimals else "")
        return f"{SIGNS[code]}{text}" if code in SIGNS else f"{text} {code}"

    def on(self, at: datetime) -> str:
        """The date of a moment in the programme's zone."""
        return local_date(at, self.timeline.time_zone).isoformat()

    def why(self) -> str:
        """Everything after the colon."""
        said = {
            "earn": self._earned,
            "claw_back": self._taken_back,
            "redeem": self._redeemed,
            "expire": self._expired,
            "adjust_up": self._adjusted,
            "adjust_down": self._adjusted,
            "give": self._given,
            "receive": self._received,
            "carry_out": self._carried,
            "carry_in": self._carried,
        }
        return said.get(self.posting.verb, self._reversed)()

    # -- sales --------------------------------------------------------------------------------------------------------

    def _earned(self) -> str:
        row = self.about.purchase or self.about.entry
        assert row is not None, "what was earned was earned by a sale, an event or a moment"
        day = local_date(row["occurred_at"], self.timeline.time_zone)
        zh, parts = self.is_zh, [self._occasion(row)]
        parts.append(self._rules())
        recorded = self.on(self.posting.recorded_at)
        if recorded != day.isoformat():
            parts.append(f"{recorded} 补录" if zh else f"recorded on {recorded}")
        parts += self._days(row)
        return ("，" if zh else ", ").join(part for part in parts if part)

    def _occasion(self, row: Row) -> str:
        if self.about.purchase is not None:
            return self._sale(row, with_amount=True)
        kind, day = kind_shown(row["kind"], self.language), self.on(row["occurred_at"])
        return f"{kind}（{day}）" if self.is_zh else f"{kind} ({day})"

    def _days(self, row: Row) -> list[str]:
        """From when and until when the units may be used."""
        if self.posting.currency >= len(self.program.currencies):
            return []
        terms = self.timeline.terms_of(self.timeline.row_of(self.posting.revision), self.posting.terms)
        day = local_date(row["occurred_at"], self.timeline.time_zone)
        said = []
        if terms.pending_days:
            start = day + timedelta(days=terms.pending_days)
            said.append(f"{start} 起可用" if self.is_zh else f"usable from {start}")
        last = expires_on(day, terms.expiry)
        if last is not None:
            said.append(f"有效期至 {last}" if self.is_zh else f"valid until {last}")
        return said

    def _sale(self, row: Row, *, with_amount: bool) -> str:
        day = self.on(row["occurred_at"])
        within = [day, self.money(row["amount_minor"])] if with_amount else [day]
        store = self.program.stores.get(row.get("store") or "")
        if with_amount and store is not None:
            within.append(name_in(store.names, self.language))
        key = f"{row['source']}/{row['business_no']}"
        return f"消费 {key}（{'，'.join(within)}）" if self.is_zh else f"purchase {key} ({', '.join(within)})"

    def _rules(self) -> str:
        said = []
        several = sum(1 for reason in self.posting.reasons if reason.granted) > 1
        for reason in self.posting.reasons:
            if reason.rule == 0 or not reason.granted:
                continue
            rule = self._rule(reason.rule)
            name = name_in(rule.names, self.language) or rule.code
            text = f"规则「{name}」" if self.is_zh else f"rule “{name}”"
            if several:
                text += f" +{self.units(reason.granted)}"
            if reason.granted < reason.desired:
                wanted = self.units(reason.desired)
                text += f"（应得 {wanted}，受限）" if self.is_zh else f" ({wanted} before its limit)"
            said.append(text)
        lost = [r for r in self.posting.reasons if r.rule and r.desired and not r.granted]
        if lost:
            names = [
                name_in(self._rule(r.rule).names, self.language) or self._rule(r.rule).code for r in lost
            ]
            if self.is_zh:
                said.append("".join(f"「{name}」" for name in names) + "因上限或同组规则未计")
            else:
                said.append(
                    ", ".join(f"“{name}”" for name in names) + " did not count (limit or better rule)"
                )
        if not said:
            return ""
        return "按" + "、".join(said) if self.is_zh else "by " + ", ".join(said)

    def _rule(self, number: int) -> EarnRule:
        revision = self.about.purchase["revision"] if self.about.purchase else self.posting.revision
        return self.timeline.rule(self.timeline.row_of(revision), number)

    def _taken_back(self) -> str:
        row, back = self.about.purchase, self.about.brought_back
        if row is None:
            return "退货" if self.is_zh else "return"
        zh = self.is_zh
        sale = self._sale(row, with_amount=False)
        if back is None:
            return f"退货前认领：{sale}" if zh else f"came back before it was claimed: {sale}"
        if back["is_void"]:
            parts = [f"撤销{sale}" if zh else f"voided {sale}"]
        else:
            parts = [
                f"退回{sale}{self._lines_back(row, back)}"
                if zh
                else f"return of {self._lines_back(row, back)}{sale}"
            ]
        parts.append(
            f"退款 {self.money(back['amount_minor'])}" if zh else f"worth {self.money(back['amount_minor'])}"
        )
        parts += self._not_taken(back)
        if back.get("note"):
            parts.append(f"备注：{back['note']}" if zh else f"note: {back['note']}")
        return ("，" if zh else ", ").join(parts)

    def _lines_back(self, row: Row, back: Row) -> str:
        wholes = {line["number"]: line["quantity_milli"] or 1_000 for line in row["lines"]}
        said = []
        for number, quantity in back["lines"][:5]:
            if quantity == wholes.get(number):
                said.append(f"第 {number} 行" if self.is_zh else f"line {number}")
            else:
                part = thousandths(quantity)
                said.append(f"第 {number} 行的 {part}" if self.is_zh else f"{part} of line {number}")
        more = len(back["lines"]) - 5
        if more > 0:
            said.append(f"等共 {more + 5} 行" if self.is_zh else f"{more} more")
        return "的" + "、".join(said) if self.is_zh else ", ".join(said) + " of "

    def _not_taken(self, back: Row) -> list[str]:
        """What of the units that came back had expired before, and what was forgiven."""
        wanted = sum(reason.desired for reason in self.posting.reasons)
        forgiven = (
            back["forgiven"][self.posting.currency] if self.posting.currency < len(back["forgiven"]) else 0
        )
        expired = wanted - self.posting.units - forgiven
        if wanted == self.posting.units:
            return []
        said = [f"原得 {self.units(wanted)}" if self.is_zh else f"of {self.units(wanted)} earned"]
        if expired > 0:
            said.append(
                f"其中 {self.units(expired)} 此前已过期"
                if self.is_zh
                else f"{self.units(expired)} had expired before"
            )
        if forgiven > 0:
            said.append(f"{self.units(forgiven)} 免除" if self.is_zh else f"{self.units(forgiven)} forgiven")
        return said

    # -- everything else ------------------------------------------------------------------------------------------------

    def _expired(self) -> str:
        zh, lot = self.is_zh, self.about.lot
        number = self.posting.lot
        if lot is None:
            return f"批次 {number} 过期" if zh else f"lot {number} expired"
        last = date_of(lot.expires_day)
        of = self._sale(self.about.purchase, with_amount=False) if self.about.purchase else ""
        if zh:
            return f"批次 {number}{f'（来自{of}）' if of else ''}过期，最后可用日为 {last}"
        return f"lot {number}{f' from {of}' if of else ''} expired; its last day was {last}"

    def _redeemed(self) -> str:
        entry = self.about.entry or {}
        zh = self.is_zh
        said = "兑换" if zh else "redeemed"
        if entry.get("kind") == "commit":
            said = (
                f"兑换（提交第 {entry.get('origin')} 号凭证的预留）"
                if zh
                else f"redeemed (reservation of entry {entry.get('origin')})"
            )
        return said + self._noted(entry)

    def _adjusted(self) -> str:
        return ("人工调整" if self.is_zh else "adjusted by hand") + self._noted(
            self.about.entry or {}, with_actor=True
        )

    def _reversed(self) -> str:
        """The entry whose effect was undone, and why."""
        entry = self.about.entry or {}
        number = entry.get("origin")
        zh, en = _REVERSED[self.posting.verb]
        said = f"冲正第 {number} 号凭证（{zh}）" if self.is_zh else f"entry {number} was reversed ({en})"
        return said + self._noted(entry, with_actor=True)

    def _given(self) -> str:
        return self._gift(is_given=True)

    def _received(self) -> str:
        return self._gift(is_given=False)

    def _gift(self, *, is_given: bool) -> str:
        entry = self.about.entry or {}
        other: UUID | None = entry.get("counterpart_id")
        who = f"mbr_…{other.hex[-8:]}" if other else "?"
        if other == self.posting.member_id:
            said = (
                "转赠被退回，对方不能接收"
                if self.is_zh
                else "a gift came back; its receiver could not take it"
            )
        elif is_given:
            said = f"转赠给会员 {who}" if self.is_zh else f"gift to member {who}"
        else:
            said = f"收到会员 {who} 的转赠" if self.is_zh else f"gift from member {who}"
        return said + self._noted(entry)

    def _carried(self) -> str:
        """Units, or what is owed, that went over from a member who was merged into another."""
        entry = self.about.entry or {}
        other: UUID | None = entry.get("counterpart_id")
        who = f"mbr_…{other.hex[-8:]}" if other else "?"
        goes = entry.get("kind") == "carry_out"
        is_debt = goes == self.posting.is_credit
        if self.is_zh:
            what = "欠额" if is_debt else "余额"
            said = f"并入会员 {who}，{what}转出" if goes else f"会员 {who} 并入，{what}转入"
        elif goes:
            said = f"merged into member {who}" + (", who takes over what was owed" if is_debt else "")
        else:
            said = f"member {who} was merged into this one" + (", and owed this" if is_debt else "")
        return said + self._noted(entry, with_actor=True)

    def _noted(self, entry: Row, *, with_actor: bool = False) -> str:
        said = ""
        if entry.get("note"):
            said += f"，原因：{entry['note']}" if self.is_zh else f", because: {entry['note']}"
        if with_actor and self.posting.actor:
            said += f"（经办 {self.posting.actor}）" if self.is_zh else f" (by {self.posting.actor})"
        day = self.on(self.posting.occurred_at)
        return said + (f"（{day}）" if self.is_zh else f", {day}")


_REVERSED = {
    "reverse_redeem": ("兑换", "a redemption"),
    "reverse_adjust_up": ("人工增加", "units given by hand"),
    "reverse_adjust_down": ("人工减少", "units taken by hand"),
    "reverse_give": ("转赠", "a gift"),
    "reverse_receive": ("收到的转赠", "a gift received"),
}
"""What a reversal undid, by its verb."""


def rules_of(timeline: Timeline, posting: Posted, about: About) -> Sequence[tuple[str, int, int]]:
    """The reasons by rule code; a posting that no rule made has none."""
    revision = (
        about.purchase["revision"]
        if about.purchase and posting.verb in ("earn", "claw_back")
        else posting.revision
    )
    row = timeline.row_of(revision)
    return [
        (timeline.rule(row, reason.rule).code, reason.desired, reason.granted)
        for reason in posting.reasons
        if reason.rule
    ]
