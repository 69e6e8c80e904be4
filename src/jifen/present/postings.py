"""A posting as a sentence.

`+123 积分：消费 pos/1（2026-11-21，¥123.45），按规则「消费积分」` is what a person reads; the same as data is what a program
reads. Nothing is computed anew here: a sentence says what the journal says.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from jifen.domain.calendar import date_of, life_of, local_date
from jifen.domain.decision import OFF, rooms_told
from jifen.domain.explain import About, Posted, Row
from jifen.domain.program.meaning import Brought, Currency, EarnRule, Program
from jifen.domain.timeline import Timeline
from jifen.present.catalogue import Catalogue, catalogue_of
from jifen.present.shown import MINUS, SIGNS, name_in, thousandths, units_shown

LINES_NAMED = 5


def explain(timeline: Timeline, posting: Posted, about: About, *, language: str) -> str:
    """The posting as one sentence in a language that there is a catalogue of."""
    told = _Telling(timeline, posting, about, catalogue_of(language))
    return told.say("posting.whole", units=told.signed(), unit=told.unit, why=told.why())


class _Telling:
    """The words for one posting."""

    def __init__(self, timeline: Timeline, posting: Posted, about: About, words: Catalogue) -> None:
        self.timeline, self.posting, self.about, self.words = timeline, posting, about, words
        self.say = words.say
        self.program: Program = timeline.programs[timeline.row_of(posting.revision)]
        self.currency: Currency = timeline.newest.currencies[posting.currency]
        self.language = words.language
        self.unit = words.within(name_in(self.currency.names, self.language))

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
            "opening": self._opened,
            "give": self._given,
            "receive": self._received,
            "carry_out": self._carried,
            "carry_in": self._carried,
            "exchange_out": self._exchanged,
            "exchange_in": self._exchanged,
        }
        return said.get(self.posting.verb, self._reversed)()

    def _exchanged(self) -> str:
        """Which exchange it was, what it took and what it gave."""
        row = self.about.entry
        made = (
            None
            if row is None
            else next((x for x in self.program.exchanges if x.number == row.get("value")), None)
        )
        if row is None or made is None:
            return self.say("kind.exchange")
        times = row["units"]
        taken = self._units_of(made.currency, made.units * times)
        given = self.words.join(
            "items", [self._units_of(one.currency, one.units * times) for one in made.gives]
        )
        key = "posting.exchanged" if times == 1 else "posting.exchanged_often"
        name = name_in(made.names, self.language) or made.code
        return self.say(key, name=name, times=times, taken=taken, given=given)

    def _units_of(self, currency: int, units: int) -> str:
        """Units of any currency, as a person writes them."""
        one = self.timeline.newest.currencies[currency]
        unit = self.words.within(name_in(one.names, self.language))
        return self.say("exchange.units", units=units_shown(units, one.scale), unit=unit)

    # -- sales --------------------------------------------------------------------------------------------------------

    def _earned(self) -> str:
        row = self.about.purchase or self.about.entry
        assert row is not None, "what was earned was earned by a sale, an event or a moment"
        day = local_date(row["occurred_at"], self.timeline.time_zone)
        parts = [self._occasion(row), self._rules()]
        recorded = self.on(self.posting.recorded_at)
        if recorded != day.isoformat():
            parts.append(self.say("posting.recorded_on", day=recorded))
        parts += self._days(row)
        return self.words.join("clauses", [part for part in parts if part])

    def _occasion(self, row: Row) -> str:
        if self.about.purchase is not None:
            return self._sale(row, with_amount=True)
        kind, day = self.say(f"kind.{row['kind']}"), self.on(row["occurred_at"])
        if row["kind"] == "moment" and row["value"] is not None:
            moments = self.timeline.programs[self.timeline.row_of(self.posting.revision)].moments
            for moment in moments:
                if moment.number == row["value"]:
                    name = name_in(moment.names, self.language)
                    if moment.brought is not Brought.EXPIRY_AHEAD:
                        return self.say("posting.event", name=name, day=day)
                    until = local_date(row["occurred_at"], self.timeline.time_zone) + timedelta(
                        days=moment.days
                    )
                    return self.say("posting.moment", name=name, day=day, until=until)
        if row["kind"] == "event" and row["value"] is not None:
            for event in self.program.events:
                if event.number == row["value"]:
                    name = name_in(event.names, self.language) or event.code
                    return self.say("posting.event", name=name, day=day)
        return self.say("posting.occasion", kind=kind, day=day)

    def _days(self, row: Row) -> list[str]:
        """From when and until when the units may be used."""
        if self.posting.currency >= len(self.program.currencies):
            return []
        terms = self.timeline.terms_of(self.timeline.row_of(self.posting.revision), self.posting.terms)
        day = local_date(row["occurred_at"], self.timeline.time_zone)
        said = []
        first, last = life_of(day, terms)
        if first > day:
            said.append(self.say("posting.usable_from", day=first))
        if last is not None:
            said.append(self.say("posting.valid_until", day=last))
        return said

    def _sale(self, row: Row, *, with_amount: bool) -> str:
        day = self.on(row["occurred_at"])
        within = [day, self.money(row["amount_minor"])] if with_amount else [day]
        store = self.program.stores.get(row.get("store") or "")
        if with_amount and store is not None:
            within.append(name_in(store.names, self.language))
        key = f"{row['source']}/{row['business_no']}"
        return self.say("posting.sale", key=key, within=self.words.join("clauses", within))

    def _kept_back(self) -> tuple[set[int], set[int]]:
        """The rules whose budget kept back some of what they desired, and those that were switched off."""
        row = self.about.purchase or self.about.entry
        if row is None or not row.get("hits"):
            return set(), set()
        judged_by = self.timeline.row_of(row.get("revision") or self.posting.revision)
        rooms = rooms_told(row["hits"])
        off = {self.timeline.rule_at(judged_by, at).number for at, room in rooms.items() if room == OFF}
        return {self.timeline.rule_at(judged_by, at).number for at in rooms} - off, off

    def _rules(self) -> str:
        said = []
        pooled, off = self._kept_back()
        several = sum(1 for reason in self.posting.reasons if reason.granted) > 1
        for reason in self.posting.reasons:
            if reason.rule == 0 or not reason.granted:
                continue
            text = self.say("posting.rule", rule=self._rule_name(reason.rule))
            if several:
                text = self.say("posting.gave", rule=text, units=self.units(reason.granted))
            if reason.granted < reason.desired:
                why = "posting.pooled" if reason.rule in pooled else "posting.limited"
                text = self.say(why, rule=text, units=self.units(reason.desired))
            said.append(text)
        lost = [r.rule for r in self.posting.reasons if r.rule and r.desired and not r.granted]
        for why, rules in (
            ("posting.used_up", [rule for rule in lost if rule in pooled]),
            ("posting.switched_off", [rule for rule in lost if rule in off]),
            ("posting.not_counted", [rule for rule in lost if rule not in pooled | off]),
        ):
            if rules:
                names = [self.say("posting.lost_rule", rule=self._rule_name(rule)) for rule in rules]
                said.append(self.say(why, rules=self.words.join("quoted", names)))
        return self.say("posting.by_rules", rules=self.words.join("items", said)) if said else ""

    def _rule_name(self, number: int) -> str:
        rule = self._rule(number)
        return name_in(rule.names, self.language) or rule.code

    def _rule(self, number: int) -> EarnRule:
        revision = self.about.purchase["revision"] if self.about.purchase else self.posting.revision
        return self.timeline.rule(self.timeline.row_of(revision), number)

    def _taken_back(self) -> str:
        row, back = self.about.purchase, self.about.brought_back
        if row is None:
            return self.say("posting.return")
        sale = self._sale(row, with_amount=False)
        if back is None:
            return self.say("posting.returned_before_claim", sale=sale)
        if back["is_void"]:
            parts = [self.say("posting.voided", sale=sale)]
        else:
            parts = [self.say("posting.returned", sale=sale, lines=self._lines_back(row, back))]
        parts.append(self.say("posting.refunded", amount=self.money(back["amount_minor"])))
        parts += self._not_taken(back)
        if back.get("note"):
            parts.append(self.say("posting.noted", note=back["note"]))
        return self.words.join("clauses", parts)

    def _lines_back(self, row: Row, back: Row) -> str:
        wholes = {line["number"]: line["quantity_milli"] or 1_000 for line in row["lines"]}
        said = []
        for number, quantity in back["lines"][:LINES_NAMED]:
            if quantity == wholes.get(number):
                said.append(self.say("posting.line", number=number))
            else:
                said.append(self.say("posting.part_of_line", number=number, quantity=thousandths(quantity)))
        lines = len(back["lines"])
        if lines > LINES_NAMED:
            said.append(self.say("posting.more_lines", more=lines - LINES_NAMED, all=lines))
        return self.words.join("items", said)

    def _not_taken(self, back: Row) -> list[str]:
        """What of the units that came back had expired before, and what was forgiven."""
        wanted = sum(reason.desired for reason in self.posting.reasons)
        forgiven = (
            back["forgiven"][self.posting.currency] if self.posting.currency < len(back["forgiven"]) else 0
        )
        expired = wanted - self.posting.units - forgiven
        if wanted == self.posting.units:
            return []
        said = [self.say("posting.of_earned", units=self.units(wanted))]
        if expired > 0:
            said.append(self.say("posting.had_expired", units=self.units(expired)))
        if forgiven > 0:
            said.append(self.say("posting.forgiven", units=self.units(forgiven)))
        return said

    # -- everything else ------------------------------------------------------------------------------------------------

    def _expired(self) -> str:
        lot, number = self.about.lot, self.posting.lot
        if lot is None:
            return self.say("posting.lot_expired", lot=number)
        last = date_of(lot.expires_day)
        if self.about.purchase:
            sale = self._sale(self.about.purchase, with_amount=False)
            return self.say("posting.lot_of_sale_expired_after", lot=number, sale=sale, day=last)
        return self.say("posting.lot_expired_after", lot=number, day=last)

    def _redeemed(self) -> str:
        entry = self.about.entry or {}
        if entry.get("value"):
            return self._noted(self.say("posting.redeemed_for", reward=self._reward(entry)), entry)
        if entry.get("kind") == "commit":
            return self._noted(self.say("posting.reservation_redeemed", entry=entry.get("origin")), entry)
        return self._noted(self.say("posting.redeemed"), entry)

    def _reward(self, entry: Row) -> str:
        """The reward that units were spent for: how many pieces of which."""
        reward = next((one for one in self.timeline.newest.rewards if one.number == entry["value"]), None)
        name = self.say("posting.reward_gone") if reward is None else name_in(reward.names, self.language)
        pieces = entry.get("pieces") or 1
        return name if pieces == 1 else self.say("posting.reward_pieces", pieces=pieces, name=name)

    def _adjusted(self) -> str:
        return self._noted(self.say("posting.adjusted"), self.about.entry or {}, with_actor=True)

    def _opened(self) -> str:
        """What another system handed over, and until when: every lot of it has a day of its own."""
        last = None if self.about.lot is None else date_of(self.about.lot.expires_day)
        said = self.say("posting.opened") if last is None else self.say("posting.opened_until", day=last)
        return self._noted(said, self.about.entry or {}, with_actor=True)

    def _reversed(self) -> str:
        """The entry whose effect was undone, and why."""
        entry = self.about.entry or {}
        undone = self.say(f"undone.{self.posting.verb}")
        said = self.say("posting.reversed", entry=entry.get("origin"), undone=undone)
        return self._noted(said, entry, with_actor=True)

    def _given(self) -> str:
        other = self._other()
        return self._gift(
            self.say("posting.given", member=other) if other else self.say("posting.given_unknown")
        )

    def _received(self) -> str:
        other = self._other()
        return self._gift(
            self.say("posting.received", member=other) if other else self.say("posting.received_unknown")
        )

    def _other(self) -> str | None:
        """How the other member of a gift is called, masked; None: nothing is known of him."""
        called: str | None = (self.about.entry or {}).get("counterpart")
        return called

    def _gift(self, said: str) -> str:
        entry = self.about.entry or {}
        if entry.get("counterpart_id") == self.posting.member_id:
            said = self.say("posting.gift_came_back")
        return self._noted(said, entry)

    def _carried(self) -> str:
        """Units, or what is owed, that went over from a member who was merged into another."""
        entry = self.about.entry or {}
        goes = entry.get("kind") == "carry_out"
        is_debt = goes == self.posting.is_credit
        if is_debt:
            key = "posting.carried_out_debt" if goes else "posting.carried_in_debt"
        else:
            key = "posting.carried_out" if goes else "posting.carried_in"
        said = self.say(key, member=_member_shown(entry.get("counterpart_id")))
        return self._noted(said, entry, with_actor=True)

    def _noted(self, said: str, entry: Row, *, with_actor: bool = False) -> str:
        if entry.get("note"):
            said = self.say("posting.because", said=said, note=entry["note"])
        if with_actor and self.posting.actor:
            said = self.say("posting.by_actor", said=said, actor=self.posting.actor)
        return self.say("posting.on", said=said, day=self.on(self.posting.occurred_at))


def _member_shown(member: UUID | None) -> str:
    return f"mbr_…{member.hex[-8:]}" if member else "?"
