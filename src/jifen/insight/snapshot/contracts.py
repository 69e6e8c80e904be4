"""The columns of a snapshot: every table that a snapshot folder holds, with what one row is and what it is sorted by.

Members are whole numbers from 0, given by the snapshot; only `members` tells whose number it is. Days are numbers since
1970-01-01 in the programme's zone (`fold.FAR`: never), moments are UTC, units and money are whole numbers in the smallest
unit. Lists that are called flat hold rows one after the other, laid out as in `domain/fold.py`.

Of a hit six numbers are kept: position of the rule in the revision that judged, eligible minor money, eligible thousandths,
desired, granted, and why less (`verbs.Why`; of a return the units forgiven). Of a return desired is what should be taken back.

What entries cause (`effect`) is not among them: the entries tell it too, by kind and gift_id, and how it was brought about is no
question of analysis (decision 0104).

No column holds personal data: no names, cards, external ids, notes, cashiers or actors (`tests/snapshot` holds the list).
Why so: docs/decisions/0062-a-snapshot-is-files-and-a-manifest.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
from polars.datatypes import DataType

from jifen.domain import fold
from jifen.domain.decision import Reason
from jifen.domain.events import Slice
from jifen.domain.program.meaning import Downgrade, Keeps, WindowKind
from jifen.domain.verbs import ENTRY_KINDS, VERB_NAMES, Status
from jifen.insight.frames import Column, Contract

REASON_WIDTH = len(Reason._fields)
SLICE_KEPT_WIDTH = len(Slice._fields)
LADDER_KEPT_WIDTH = 2  # tier, review day

_TEXT = pl.String()
_WHOLE = pl.Int64()
_TEXTS = pl.List(pl.String())
_WHOLES = pl.List(pl.Int64())
_INSTANT = pl.Datetime("us", "UTC")
_TRUTH = pl.Boolean()


def _must(name: str, type_: DataType, holds: str) -> Column:
    return Column(name=name, type=type_, empty=False, holds=holds)


def _may(name: str, type_: DataType, holds: str) -> Column:
    return Column(name=name, type=type_, empty=True, holds=holds)


_MEMBER = _must("member", _WHOLE, "the member's number in this snapshot, from 0; never changes")
_SEQUENCE = _must(
    "sequence",
    _WHOLE,
    "the entry's number within its member, 1, 2, 3 ... over purchases, returns and entries",
)
_PLACE = (_may("store", _TEXT, "store code"), _may("channel", _TEXT, "store, online, ..."))
_TIMES = (
    _must("occurred_at", _INSTANT, "when it happened: chooses revision, tier and cap period"),
    _must(
        "recorded_at", _INSTANT, "when the ledger took it in (book date); its month (UTC) is the file's month"
    ),
)
_MOVES = _must("moves", _WHOLES, f"every movement of every lot: flat rows of MOVE_WIDTH ({fold.MOVE_WIDTH})")
_AFTER = (
    _must("tiers_after", _WHOLES, "number of the tier held after it, on each ladder"),
    _must("balances_after", _WHOLES, "balance of each currency, by number, after it"),
)


MEMBERS = Contract(
    name="members",
    row_is="one member with what the ledger's cache holds of it at the instant",
    sorted_by=("member",),
    columns=(
        _MEMBER,
        _must(
            "member_id",
            _TEXT,
            "the member's id, a UUID as text; the other tables name members by number only",
        ),
        _must("status", _TEXT, " | ".join(status.name.lower() for status in Status)),
        _must("enrolled_at", _INSTANT, "when it became a member"),
        _must("joined_day", _WHOLE, "day of its enrolment as an entry tells it; 0: none does"),
        _must("sequence", _WHOLE, "number of its last entry: so many purchases, returns and entries it has"),
        _must("purchases", _WHOLE, "purchases recorded and not wholly returned"),
        _must("last_purchase_day", _WHOLE, "day of the last purchase; -1: none yet"),
        _must("clock_day", _WHOLE, "everything due by this day has been done"),
        _must("clock_at", _WHOLE, "and by this moment, in microseconds since 1970"),
        _must("lots_opened", _WHOLE, "number of the last lot opened"),
        _must("next_due_day", _WHOLE, "nothing by day is due before it"),
        _must("next_lapse_at", _WHOLE, "microseconds since 1970; no reservation lapses before it"),
        _must("balances", _WHOLES, "balance of each currency, by number"),
        _must("debts", _WHOLES, "debt of each currency, by number"),
        _must(
            "ladders",
            _WHOLES,
            "flat rows, one a ladder: number of the tier held, day on which it is judged again",
        ),
        _must("days", _WHOLES, "flat rows of DAYS_COUNTED and one number more for each ladder"),
        _must("days_from", _WHOLE, "day from which `days` is complete: older ones stand in the journal only"),
        _must("tier_history", _WHOLES, "flat rows of HISTORY_WIDTH"),
        _must("counters", _WHOLES, "flat rows of COUNTER_WIDTH"),
        _must("holds", _WHOLES, "flat rows of HOLD_WIDTH"),
        _may("segments", _TEXTS, "codes of the segments that it is in; empty: in none"),
    ),
)

LOTS = Contract(
    name="lots",
    row_is="one lot as it stands at the instant",
    sorted_by=("member", "number"),
    columns=(
        _MEMBER,
        _must("number", _WHOLE, "the lot's number within its member, from 1"),
        _must("terms", _WHOLE, "number of its terms"),
        _must("currency", _WHOLE, "number of its currency"),
        _must("origin", _WHOLE, "sequence of the entry that opened it"),
        _must("opened", _WHOLE, "units it was opened with: left + held + gone + expired + returned"),
        _must("left_units", _WHOLE, "pending or available"),
        _must("held", _WHOLE, "promised to a reservation"),
        _must("gone", _WHOLE, "spent, given away, or repaying debt; may be below zero (decision 0003)"),
        _must("expired", _WHOLE, "expired"),
        _must("returned", _WHOLE, "taken back by a return"),
        _must("matures_day", _WHOLE, "first day of use"),
        _must("expires_day", _WHOLE, "last day of use; fold.FAR: never"),
    ),
)

PURCHASES = Contract(
    name="purchases",
    row_is="one purchase with what it was judged by",
    sorted_by=("member", "sequence"),
    columns=(
        _MEMBER,
        _SEQUENCE,
        *_PLACE,
        _must("source", _TEXT, "the system that numbered the purchase"),
        *_TIMES,
        _must("weekday", _WHOLE, "in the store's zone, 1 Monday ... 7 Sunday, as it was judged"),
        _must("hour", _WHOLE, "in the store's zone, 0 .. 23, as it was judged"),
        _must(
            "store_date", _WHOLE, "in the store's zone, year * 10000 + month * 100 + day, as it was judged"
        ),
        _must("amount_minor", _WHOLE, "what the retailer received: the sum of its lines"),
        _may("payments", _TEXT, 'JSON text: [{"method": text, "amount_minor": whole}, ...]'),
        _may("tags", _TEXTS, "tags of the purchase"),
        _must("revision", _WHOLE, "number of the revision that judged it"),
        _must("judged_tiers", _WHOLES, "number of the tier it was judged by, on each ladder"),
        _must("hits", _WHOLES, "flat rows of six: what every rule that saw something came to"),
        _may(
            "legs",
            _WHOLES,
            "flat rows of four: verb, currency, units, lot or reservation that it is paid with",
        ),
        _MOVES,
        *_AFTER,
        _must("line_count", _WHOLE, "how many rows of the same part's `lines` are its own, >= 1"),
    ),
)

LINES = Contract(
    name="lines",
    row_is="one line of a purchase, in the very order of the same part's `purchases`: `line_count` rows for each",
    sorted_by=(),
    attributes=True,
    columns=(
        _must("number", pl.Int32(), "the line's number within its purchase"),
        _may("sku", _TEXT, "item code"),
        _may("category", _TEXT, "path A/B/C from the widest to the narrowest"),
        _may("brand", _TEXT, "brand"),
        _must("quantity_milli", _WHOLE, "thousandths of a piece, kilogram, gallon ..."),
        _must("amount_minor", _WHOLE, "what the retailer received for the line"),
        _must("discount_minor", _WHOLE, "what the retailer gave up on the line"),
        _may("cost_minor", _WHOLE, "what the line cost the retailer, if known"),
        _may("tags", _TEXTS, "tags of the line"),
        _may("masks", _WHOLES, "mask words as the ledger kept them; empty in a generated history"),
    ),
)

RETURNS = Contract(
    name="returns",
    row_is="part or all of one purchase that came back",
    sorted_by=("member", "sequence"),
    columns=(
        _MEMBER,
        _SEQUENCE,
        _must(
            "purchase_member",
            _WHOLE,
            "number of the member who bought: the same, or one who was merged into him",
        ),
        _must("purchase_sequence", _WHOLE, "sequence of the purchase, of that member"),
        _must("is_void", _TRUTH, "the purchase was voided"),
        _must("is_whole", _TRUTH, "with it everything has come back"),
        _must("line_numbers", _WHOLES, "numbers of the lines that came back"),
        _must("line_quantities", _WHOLES, "thousandths of each"),
        _must("amount_minor", _WHOLE, "minor money that came back"),
        _must("hits", _WHOLES, "flat rows of six: what every hit of the purchase had taken back"),
        _MOVES,
        _must("forgiven", _WHOLES, "units forgiven by policy, by number of the currency"),
        *_PLACE,
        *_TIMES,
        *_AFTER,
    ),
)

ENTRIES = Contract(
    name="entries",
    row_is="one thing other than a sale or a return that happened to one member",
    sorted_by=("member", "sequence"),
    columns=(
        _MEMBER,
        _SEQUENCE,
        _must("kind", _TEXT, " | ".join(ENTRY_KINDS)),
        _may("currency", _WHOLE, "number of its currency"),
        _may("units", _WHOLE, "units it moved, > 0"),
        _may("origin", _WHOLE, "commit, release: sequence of the reservation; reverse: of what it undoes"),
        _may(
            "state",
            _WHOLE,
            "state: number of the status that it sets; event, moment: its own; redeem, reserve: of the reward",
        ),
        _may("pieces", _WHOLE, "redeem, reserve, commit, release: pieces of the reward"),
        _may("counterpart", _WHOLE, "gift, carry_out, carry_in: number of the other member"),
        _may("gift_id", _TEXT, "gift: the same text in the giver's entry and the receiver's"),
        _may("slices", _WHOLES, "gift_in, opening: flat rows of (number of the terms, day of expiry, units)"),
        _may("lapses_at", _INSTANT, "reserve: when it lapses by itself"),
        _may("hits", _WHOLES, "event, moment: flat rows of six, as a purchase has them"),
        _may(
            "carried",
            _WHOLES,
            "carry_out, carry_in: what a merged member left, laid out as docs/operations/snapshot.md says",
        ),
        _MOVES,
        _must("revision", _WHOLE, "number of the revision in force"),
        *_PLACE,
        _may("source", _TEXT, "event: the system that told of it"),
        _may("attributes", _TEXT, "event: JSON text, code -> whole number, or a text that a rule names"),
        *_TIMES,
        *_AFTER,
    ),
)

POSTINGS = Contract(
    name="postings",
    row_is="one movement of units between a member and the programme's account that its verb names",
    sorted_by=("member", "sequence", "part"),
    columns=(
        _MEMBER,
        _must("sequence", _WHOLE, "sequence of the purchase, return or entry that caused it"),
        _must("part", _WHOLE, "its number within that entry, from 0"),
        _must("currency", _WHOLE, "number of its currency"),
        _must("verb", _TEXT, " | ".join(VERB_NAMES)),
        _must("units", _WHOLE, "units moved, > 0; the verb says which way"),
        _must("balance_after", _WHOLE, "the member's balance of that currency after it"),
        _must("terms", _WHOLE, "number of the terms of the units"),
        _must(
            "reasons",
            _WHOLES,
            "flat rows of three: number of the rule (0: none), what it desired, what it granted, which add up to `units`",
        ),
        _may("lot", _WHOLE, "number of the lot opened or expired"),
        _must("revision", _WHOLE, "number of the revision"),
        _may("funder", _TEXT, "who pays for it"),
        *_PLACE,
        *_TIMES,
    ),
)

TIERS = Contract(
    name="tiers",
    row_is="one tier of one published revision",
    sorted_by=("revision", "number"),
    columns=(
        _must("revision", _WHOLE, "number of the revision"),
        _must("number", _WHOLE, "the tier's number, the same in every revision, as the other tables name it"),
        _must("code", _TEXT, "the document's code"),
        _may("name_zh", _TEXT, "its name in Chinese"),
        _may("name_en", _TEXT, "its name in English"),
        _must("rank", _WHOLE, "0 is the lowest of its ladder"),
        _must("ladder", _WHOLE, "position of its ladder, from 0"),
        _must(
            "counts",
            _WHOLE,
            "number of the currency that is counted; fold.BY_SPEND: what was spent, in minor units; fold.BY_VISITS: visits",
        ),
        _must("reach", _WHOLE, "so much within the window lifts a member here"),
        _must("keep", _WHOLE, "so much within the window keeps him here when he is judged"),
        _must("window", _TEXT, " | ".join(kind.name.lower() for kind in WindowKind)),
        _must("window_days", _WHOLE, "length of a rolling window"),
        _must("keeps", _TEXT, " | ".join(kind.name.lower() for kind in Keeps)),
        _must("keeps_for", _WHOLE, "a tier reached is kept so many days, or to so many of these ends"),
        _must("grace_days", _WHOLE, "and held so many days longer"),
        _must("downgrade", _TEXT, " | ".join(kind.name.lower() for kind in Downgrade)),
        _must("multiplier_numerator", _WHOLE, "what is earned is multiplied by this"),
        _must("multiplier_denominator", _WHOLE, "divided by this"),
        _must("effective_at", _INSTANT, "when the revision took effect"),
    ),
)

STORES = Contract(
    name="stores",
    row_is="one store that a published revision names or where something was bought",
    sorted_by=("code",),
    columns=(
        _must("code", _TEXT, "the code; `store` of the other tables"),
        _may("name_zh", _TEXT, "its name in Chinese, of the newest revision that names it"),
        _may("name_en", _TEXT, "its name in English"),
        _must("time_zone", _TEXT, "its zone; the programme's where no revision names it"),
        _may("revision", _WHOLE, "the newest revision that names it; empty: none does (any_store)"),
        _must("purchases", _WHOLE, "purchases recorded there"),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of a snapshot. Journal grows by parts; cache is written anew each run."""

    contract: Contract
    is_journal: bool
    sums: tuple[str, ...]  # columns whose sums the manifest states; of a list, the sum of all its numbers

    @property
    def name(self) -> str:
        """The name, which is also its folder's."""
        return self.contract.name


TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        Table(contract=MEMBERS, is_journal=False, sums=("sequence", "purchases", "balances", "debts")),
        Table(
            contract=LOTS,
            is_journal=False,
            sums=("opened", "left_units", "held", "gone", "expired", "returned"),
        ),
        Table(contract=PURCHASES, is_journal=True, sums=("amount_minor", "line_count", "hits", "moves")),
        Table(contract=LINES, is_journal=True, sums=("quantity_milli", "amount_minor", "discount_minor")),
        Table(contract=RETURNS, is_journal=True, sums=("amount_minor", "hits", "moves", "forgiven")),
        Table(contract=ENTRIES, is_journal=True, sums=("units", "moves")),
        Table(contract=POSTINGS, is_journal=True, sums=("units", "reasons")),
    )
}
"""Every table of members by its name: by bucket, the journal by month too."""

REFERENCE: dict[str, Table] = {
    table.name: table
    for table in (
        Table(contract=TIERS, is_journal=False, sums=("reach",)),
        Table(contract=STORES, is_journal=False, sums=("purchases",)),
    )
}
"""What is the same for every member: one file each, written anew by each run. A generated history has none."""

EVERY = {**TABLES, **REFERENCE}

JOURNAL = tuple(name for name, table in TABLES.items() if table.is_journal)
CACHE = tuple(name for name, table in TABLES.items() if not table.is_journal)
EVENTS = ("purchases", "returns", "entries")
"""The tables that share one `sequence` a member."""
