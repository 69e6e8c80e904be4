"""Replay: whole histories through the compiled fold once more, held against what the ledger keeps.

It rebuilds every column of the cache, every posting and every movement from the journal's entries alone and tells each
difference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jifen.domain import fold, verbs
from jifen.domain.calendar import day_number, day_or_never, local_date, next_due_at
from jifen.domain.carried import carried_of
from jifen.domain.decision import HIT_KEPT_WIDTH, rooms_told
from jifen.domain.events import SLICE_KEPT_WIDTH, Script, Slice, legs_of, legs_told, moves_undone
from jifen.domain.moments import days_due
from jifen.domain.packing import DaysTorn, packed, unpacked
from jifen.domain.past import number_of_merged
from jifen.domain.program.meaning import Brought
from jifen.domain.program.select import mask_of, mask_of_positions, mask_words
from jifen.domain.purchase import Payment, Purchase, line_of
from jifen.domain.refusals import Refusal
from jifen.domain.seen import select_by
from jifen.domain.timeline import Timeline
from jifen.insight.compiled_fold import walk as compiled_walk
from jifen.insight.walked import Walked, walk_script

Rows = Sequence[Mapping[str, Any]]
Own = list[tuple[int, str, Mapping[str, Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Something that the journal, replayed, does not say as the ledger keeps it."""

    member_id: str
    what: str
    kept: Any
    replayed: Any


def replay(
    timeline: Timeline,
    *,
    members: Rows,
    purchases: Rows,
    returns: Rows,
    entries: Rows,
    postings: Rows,
    lots: Rows,
    elsewhere: Rows = (),
    walk: Callable[..., Any] = compiled_walk,
) -> list[Difference]:
    """Every difference between the cache and journal of some members and their entries replayed.

    Shape
        each        rows in order of (member_id, sequence), as `store.history.histories` reads them
        elsewhere   purchases of those who were merged into one of the members (`heir_id`)
    """
    script = Script(timeline)
    from_others: dict[Any, list[Mapping[str, Any]]] = {}
    for row in elsewhere:
        from_others.setdefault(row["heir_id"], []).append(row)
    journal = _journal(purchases, returns, entries)
    lives = _Lives(starts=[0], first_rows=[], held=[])
    whole: list[Mapping[str, Any]] = []
    torn: list[Difference] = []
    for member in members:
        own = journal.get(member["member_id"], [])
        begun = tuple(len(table) for table in script.asked)
        try:
            held = _write_member(script, member["member_id"], own, from_others.get(member["member_id"], ()))
            first = timeline.row_at(own[0][2]["recorded_at"]) if own else 0
        except (AssertionError, KeyError, IndexError, ValueError, Refusal) as missing:
            # The journal names what is not there (a revision, a purchase): that is a finding, not a crash.
            for table, length in zip(script.asked, begun, strict=True):
                del table[length:]
            what = "the journal cannot be replayed"
            torn.append(_difference(member, what, repr(missing), None))
            continue
        whole.append(member)
        lives.starts.append(lives.starts[-1] + len(own))
        lives.first_rows.append(first)
        lives.held.append(held)
    if not whole:
        return torn
    try:
        walked = walk_script(script, lives.starts, lives.first_rows, held=lives.held, walk=walk)
    except AssertionError as broken:
        if len(whole) == 1:
            return [*torn, _difference(whole[0], "the journal cannot be replayed", repr(broken), None)]
        # One of them is torn: alone each tells for itself.
        for member in whole:
            torn += replay(
                timeline, members=[member], purchases=_of(purchases, member), returns=_of(returns, member),
                entries=_of(entries, member), postings=_of(postings, member), lots=_of(lots, member),
                elsewhere=from_others.get(member["member_id"], ()), walk=walk,
            )  # fmt: skip
        return torn
    return torn + _compare(script, walked, whole, lives, journal, postings, lots)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lives:
    starts: list[int]
    first_rows: list[int]
    held: list[int]


def _of(rows: Rows, member: Mapping[str, Any]) -> Rows:
    return [row for row in rows if row["member_id"] == member["member_id"]]


def _difference(member: Mapping[str, Any], what: str, kept: Any, replayed: Any) -> Difference:
    return Difference(member_id=str(member["member_id"]), what=what, kept=kept, replayed=replayed)


def _journal(purchases: Rows, returns: Rows, entries: Rows) -> dict[Any, Own]:
    journal: dict[Any, Own] = {}
    for name, rows in (("purchase", purchases), ("return", returns), ("entry", entries)):
        for row in rows:
            journal.setdefault(row["member_id"], []).append((row["sequence"], name, row))
    for own in journal.values():
        own.sort(key=lambda one: one[0])
    return journal


Which = tuple[Any, int]
"""A purchase: whose it is, and its sequence."""


def _write_member(script: Script, member_id: Any, own: Own, elsewhere: Rows) -> int:
    """Write the events of a member; return how many lots reservations held, as the journal's movements tell it."""
    timeline = script.timeline
    bought: dict[Which, tuple[int, Mapping[str, Any]]] = {}
    others_bought = {(row["member_id"], row["sequence"]): row for row in elsewhere}
    by_sequence = {sequence: row for sequence, _, row in own}
    days: dict[Which, int] = {}  # of the purchases that are not voided, or of which something was forgiven
    kept: dict[Which, bool] = {}
    brought: dict[
        Any, dict[Which, int]
    ] = {}  # the same of who was merged, by who brought them: his from then on
    for row in elsewhere:
        kept[which := (row["member_id"], row["sequence"])] = row["was_forgiven"]
        if kept[which] or not row["was_voided"]:
            on = day_number(local_date(row["occurred_at"], timeline.time_zone))
            brought.setdefault(row["brought_by"], {})[which] = on
    held = 0
    for sequence, name, row in own:
        if name == "purchase":
            seen = _three(row["hits"], timeline, timeline.row_of(row["revision"]))
            first = script.seen(seen, rooms=rooms_told(row["hits"]))
            bought[member_id, sequence] = (first, row)
            days[member_id, sequence] = day_number(local_date(row["occurred_at"], timeline.time_zone))
            script.add(
                fold.PURCHASE, row=timeline.row_of(row["revision"]), occurred_at=row["occurred_at"],
                recorded_at=row["recorded_at"], amount=row["amount_minor"], hits=first, legs=legs_told(row["legs"] or []),
            )  # fmt: skip
        elif name == "return":
            origin = (row["purchase_member_id"], row["purchase_sequence"])
            if origin in others_bought and origin not in bought:
                bought[origin] = (_seen_elsewhere(script, others_bought[origin]), others_bought[origin])
            first, purchase = bought[origin]
            hits = _three(row["hits"], timeline, timeline.row_of(purchase["revision"]))
            assert len(row["hits"]) == len(purchase["hits"]), "a return has the hits of its purchase"
            back = script.back(hits, of=first)
            kept[origin] = kept.get(origin, False) or any(row["forgiven"])
            others = [day for bought_at, day in days.items() if bought_at != origin]
            if row["is_void"] and not kept[origin]:
                days.pop(origin, None)
            script.add(
                fold.VOID if row["is_void"] else fold.RETURN, row=timeline.row_of(purchase["revision"]),
                occurred_at=purchase["occurred_at"], recorded_at=row["recorded_at"], amount=row["amount_minor"],
                origin=origin[1] if origin[0] == member_id else number_of_merged(purchase["purchase_id"]),
                hits=back, is_whole=row["is_whole"],
                previous_day=max(others, default=-1) if row["is_void"] else -1,
            )  # fmt: skip
        else:
            _write_entry(script, row, by_sequence)
            if (
                row["kind"] == "carry_in" and row["origin"]
            ):  # it undoes another: what that brought is his no more
                for which in brought.get(by_sequence[row["origin"]]["counterpart_id"], {}):
                    days.pop(which, None)
            elif row["kind"] == "carry_in":
                days |= brought.get(row["counterpart_id"], {})
            held += sum(way == fold.W_HELD for way in row["moves"][fold.MOVE_WAY :: fold.MOVE_WIDTH])
    return held


def _seen_elsewhere(script: Script, row: Mapping[str, Any]) -> int:
    """Put down the hits of a purchase of a merged member, with what had come back of it there; return their first row."""
    timeline, revision = script.timeline, script.timeline.row_of(row["revision"])
    hits = _three(row["hits"], timeline, revision)
    rules = [timeline.rule_at(revision, rule) for rule, _, _ in hits]
    returned, forgiven = [0] * len(hits), [0] * len(hits)
    for back in row["backs"] or []:
        for at, rule in enumerate(rules):
            _, amount, quantity, _, _, units = back[at * HIT_KEPT_WIDTH : (at + 1) * HIT_KEPT_WIDTH]
            returned[at] += quantity if fold.is_by_quantity(rule.grant) else amount
            forgiven[at] += units
    lots: dict[int, int] = dict(row["carried_lots"] or [])
    return script.seen(
        hits, granted=row["hits"][4::HIT_KEPT_WIDTH], returned=returned, forgiven=forgiven,
        lots=[lots.get(rule.terms, 0) for rule in rules],
    )  # fmt: skip


def _write_entry(
    script: Script, row: Mapping[str, Any], by_sequence: Mapping[int, Mapping[str, Any]]
) -> None:
    """Write an entry other than a sale or a return."""
    kind = verbs.KIND_OF[row["kind"]]
    flat = row["slices"] or []
    undone = by_sequence[row["origin"]] if kind == fold.REVERSE else None
    known = script.timeline.n_terms
    if kind == fold.EXCHANGE:
        judged = script.timeline.row_of(row["revision"])
        script.add_exchange(row=judged, at=row["occurred_at"], number=row["value"], times=row["units"])
        return
    if fold.is_occasion(kind):
        judged_by = script.timeline.row_of(row["revision"])
        # What time brings is posted when it was due, whenever somebody saw it.
        recorded_at = row["occurred_at"] if kind == fold.MOMENT else row["recorded_at"]
        script.add(
            kind, row=judged_by, occurred_at=row["occurred_at"], recorded_at=recorded_at, value=row["value"] or 0,
            hits=script.seen(
                _three(row["hits"] or [], script.timeline, judged_by), rooms=rooms_told(row["hits"] or [])
            ),
        )  # fmt: skip
        return
    if kind == fold.CARRY_IN:
        carried_of(row["carried"], script.timeline)
    slices = [Slice._make(flat[at : at + SLICE_KEPT_WIDTH]) for at in range(0, len(flat), SLICE_KEPT_WIDTH)]
    named = [one.terms for one in slices]
    if undone is not None:
        named += undone["moves"][fold.MOVE_TERMS :: fold.MOVE_WIDTH]
    assert all(0 <= terms < known for terms in named), "the entry names terms that no revision has"
    script.add(
        kind,
        row=script.timeline.row_at(row["recorded_at"]),
        occurred_at=row["recorded_at"],
        recorded_at=row["recorded_at"],
        origin=row["origin"] or 0,
        undoes=-1 if undone is None else verbs.KIND_OF[undone["kind"]],
        value=row["value"] or 0,
        moves=()
        if undone is None
        else moves_undone(verbs.KIND_OF[undone["kind"]], undone["moves"], row["units"]),
        carried=row["carried"] if kind == fold.CARRY_IN else (),
        legs=legs_of(
            kind,
            zone=script.timeline.time_zone,
            currency=row["currency"] or 0,
            units=row["units"] or 0,
            origin=row["origin"] or 0,
            lapses_at=row["lapses_at"],
            slices=slices,
        ),
    )


def _three(hits: Sequence[int], timeline: Timeline, row: int) -> list[tuple[int, int, int]]:
    """What the fold is given of hits; the compiled fold looks nothing up twice, so that what is not there stops here."""
    known = len(timeline.programs[row].rules)
    assert all(0 <= rule < known for rule in hits[::HIT_KEPT_WIDTH]), (
        "a hit names a rule that its revision does not have"
    )
    return [(hits[at], hits[at + 1], hits[at + 2]) for at in range(0, len(hits), HIT_KEPT_WIDTH)]


def _compare(
    script: Script,
    walked: Walked,
    members: Rows,
    lives: _Lives,
    journal: Mapping[Any, Own],
    postings: Rows,
    lots: Rows,
) -> list[Difference]:
    timeline = script.timeline
    found: list[Difference] = []
    posted = _postings_by_entry(postings)
    lot_rows = _lots_by_member(lots)
    outs, moves = walked.postings.tolist(), walked.moves.tolist()
    told = walked.told.tolist()
    n_ladders = timeline.n_ladders
    events = 0
    before = (0, 0, 0)
    for m, member in enumerate(members):

        def differs(what: str, stored: Any, again: Any, *, member: Mapping[str, Any] = member) -> None:
            if stored != again:
                found.append(_difference(member, what, stored, again))

        for sequence, name, row in journal.get(member["member_id"], []):
            tell = told[events]
            events += 1
            ends = (tell[fold.TOLD_POSTED], tell[fold.TOLD_MOVED], tell[fold.TOLD_CARRIED])
            at = f"entry {sequence}: "
            differs(at + "sequence", sequence, tell[fold.TOLD_SEQUENCE])
            own = [[o[fold.POST_CURRENCY], verbs.VERB_NAMES[o[fold.POST_VERB]], o[fold.POST_UNITS],
                    o[fold.POST_BALANCE_AFTER], o[fold.POST_TERMS], o[fold.POST_LOT] or None]
                   for o in outs[before[0] : ends[0]]]  # fmt: skip
            differs(at + "postings", posted.get((member["member_id"], sequence), []), own)
            again = [number for one in moves[before[1] : ends[1]] for number in one]
            differs(at + "movements", list(row["moves"]), again)
            tiers = tell[fold.TOLD_TIERS : fold.TOLD_TIERS + 2 * n_ladders]
            stored = list(row["tiers_after"])
            differs(at + "tiers after", stored, tiers[n_ladders : n_ladders + len(stored)])
            stored = list(row["balances_after"])
            differs(at + "balances after", stored, tell[fold.TOLD_TIERS + 2 * n_ladders :][: len(stored)])
            if name == "entry" and row["kind"] == "carry_out":
                differs(
                    at + "carried",
                    *_both_carried(timeline, row["carried"], walked.carried[before[2] : ends[2]]),
                )
            if row["hits"] is not None:
                hit = script.events[(events - 1) * fold.EVENT_WIDTH + fold.EVENT_HITS]
                became = walked.results[hit : hit + len(row["hits"]) // HIT_KEPT_WIDTH].tolist()
                last = fold.FORGIVEN if name == "return" else fold.WHY
                again = [n for one in became for n in (one[fold.DESIRED], one[fold.GRANTED], one[last])]
                differs(at + "results of hits", _of_each_hit(row, 3, HIT_KEPT_WIDTH), again)
            if name == "purchase":
                differs(at + "what its rules saw", _of_each_hit(row, 0, 3), _seen(row))
                try:
                    again = _masks(timeline, row)
                except (KeyError, TypeError, ValueError, Refusal) as torn:
                    differs(at + "lines", row["lines"], repr(torn))
                    again = []
                differs(at + "which lines they saw", list(row["masks"]), again)
                stored = list(row["judged_tiers"])
                differs(at + "judged tiers", stored, tiers[: len(stored)])
            before = ends
        own_rows = journal.get(member["member_id"], [])
        enrolled_at = own_rows[0][2]["occurred_at"] if own_rows else None
        _compare_cache(timeline, walked, m, member, enrolled_at, lot_rows, differs)
    return found


def _of_each_hit(row: Mapping[str, Any], first: int, end: int) -> list[int]:
    """Some of the numbers that are kept of each hit."""
    hits = row["hits"]
    return [number for at in range(0, len(hits), HIT_KEPT_WIDTH) for number in hits[at + first : at + end]]


def _both_carried(timeline: Timeline, kept: Sequence[int], again: Any) -> tuple[object, object]:
    """What a member is told to have left, and what he leaves as replayed, in one form."""
    replayed = carried_of(again.tolist(), timeline)
    try:
        stored = carried_of(kept, timeline)
    except AssertionError as torn:
        return repr(torn), replayed
    return stored, replayed.among(len(stored.stood), len(stored.debts))


def _seen(row: Mapping[str, Any]) -> list[int]:
    """What the rules of a purchase saw by its lines and their masks: position, amount and quantity of each, in order."""
    masks, lines = row["masks"], row["lines"]
    words = len(masks) // max(len(lines), 1)
    by_mask: dict[int, list[int]] = {}
    for at, line in enumerate(lines):
        sums = by_mask.setdefault(mask_of(masks[at * words : (at + 1) * words]), [0, 0])
        sums[0] += line["amount_minor"]
        sums[1] += line["quantity_milli"]
    seen: dict[int, list[int]] = {}
    for mask, (amount, quantity) in by_mask.items():
        left = mask
        while left:
            position = (left & -left).bit_length() - 1
            left &= left - 1
            sums = seen.setdefault(position, [0, 0])
            sums[0] += amount
            sums[1] += quantity
    return [number for position in sorted(seen) for number in (position, *seen[position])]


def _masks(timeline: Timeline, row: Mapping[str, Any]) -> list[int]:
    """What select sees of a purchase as the journal tells it, by its revision: a mask of so many words for each line."""
    purchase = Purchase(
        source=row["source"],
        business_no=row["business_no"],
        occurred_at=row["occurred_at"],
        money=row["money"],
        amount_minor=row["amount_minor"],
        lines=tuple(map(line_of, row["lines"])),
        store=row["store"],
        channel=row["channel"],
        payments=tuple(Payment(**payment) for payment in row["payments"] or ()),
        tags=tuple(row["tags"] or ()),
    )
    judged_by = timeline.row_of(row["revision"])
    masks = select_by(timeline, judged_by, purchase).masks
    words = timeline.mask_words[judged_by]
    # What was known of the member then, only the hits tell: of a rule that asked for it they are all there, or none.
    unseen = mask_of_positions(timeline.known[judged_by].keys() - set(row["hits"][::HIT_KEPT_WIDTH]))
    return [word for mask in masks for word in mask_words(mask & ~unseen, words)]


def _compare_cache(
    timeline: Timeline,
    walked: Walked,
    m: int,
    member: Mapping[str, Any],
    enrolled_at: datetime | None,
    lot_rows: Mapping[Any, list[tuple[int, ...]]],
    differs: Callable[[str, Any, Any], None],
) -> None:
    """Hold every column of the member's row, and his lots, against what the walk left."""
    own = walked.members[m].tolist()
    differs("enrolled_at", member["enrolled_at"], enrolled_at)
    differs("status", member["status"], verbs.Status(own[fold.STATUS]).name.lower())
    for name, column in (
        ("joined_day", fold.JOINED_DAY), ("sequence", fold.SEQUENCE), ("purchases", fold.PURCHASES),
        ("last_purchase_day", fold.LAST_PURCHASE_DAY), ("lots_opened", fold.LOTS_OPENED),
        ("next_lapse_at", fold.NEXT_LAPSE_AT), ("clock_day", fold.CLOCK_DAY), ("clock_at", fold.CLOCK_AT),
    ):  # fmt: skip
        differs(name, member[name], own[column])
    _compare_due(timeline, walked, m, member, differs)
    n = len(member["balances"])
    differs("balances", member["balances"], own[fold.BALANCES :: fold.BALANCE_WIDTH][:n])
    differs("debts", member["debts"], own[fold.BALANCES + fold.DEBT :: fold.BALANCE_WIDTH][:n])
    standing = walked.ladders[m].reshape(-1, fold.STANDS_WIDTH)[:, : fold.STANDS_JUDGED].reshape(-1).tolist()
    differs("ladders", list(member["ladders"]), standing[: len(member["ladders"])])
    kept = walked.kept
    starts = kept.starts[m * fold.KEPT_WIDTH : (m + 2) * fold.KEPT_WIDTH]
    low, high = starts[fold.KEPT_DAYS], starts[fold.KEPT_WIDTH + fold.KEPT_DAYS]
    width = fold.DAYS_COUNTED + timeline.n_ladders
    days = kept.days[low * width : high * width].tolist()
    if member["days"] != packed(days, width, own[fold.DAYS_FROM]):
        differs("days", _shown_days(member["days"]), (days, own[fold.DAYS_FROM]))
    for name, rows, column, size in (
        ("tier_history", kept.history, fold.KEPT_HISTORY, fold.HISTORY_WIDTH),
        ("holds", kept.holds, fold.KEPT_HOLDS, fold.HOLD_WIDTH),
    ):
        low, high = starts[column], starts[fold.KEPT_WIDTH + column]
        differs(name, list(member[name]), list(map(int, rows[low * size : high * size])))
    low, high = starts[fold.KEPT_COUNTERS], starts[fold.KEPT_WIDTH + fold.KEPT_COUNTERS]
    count = list(map(int, kept.counters[low * fold.COUNTER_WIDTH : high * fold.COUNTER_WIDTH]))
    differs("counters", _counted(member["counters"]), _counted(count))
    block = walked.lots[m][:, : fold.LOT_QUEUED].tolist()
    differs("lots", lot_rows.get(member["member_id"], []), [tuple(lot) for lot in block])


def _compare_due(
    timeline: Timeline,
    walked: Walked,
    m: int,
    member: Mapping[str, Any],
    differs: Callable[[str, Any, Any], None],
) -> None:
    """When the member is looked at again: never too late, and early only for what was due before it was spent or moved."""
    own, lots = walked.members[m].tolist(), walked.lots[m].tolist()
    reviews = walked.ladders[m][fold.STANDS_REVIEW_DAY :: fold.STANDS_WIDTH].tolist()
    dues = [*reviews, fold.FAR]
    passed = {own[fold.NEXT_DUE_DAY]}
    moments = [one for program in timeline.programs for one in program.moments]
    ahead = {(one.currency, one.days) for one in moments if one.brought is Brought.EXPIRY_AHEAD}
    for lot in lots:
        passed |= {
            lot[fold.LOT_EXPIRES] - days for currency, days in ahead if currency == lot[fold.LOT_CURRENCY]
        }
        expires, matures = lot[fold.LOT_EXPIRES] + 1, lot[fold.LOT_MATURES]
        passed |= {min(expires, fold.FAR), matures}
        if lot[fold.LOT_LEFT] > 0:
            dues.append(expires)
            if own[fold.BALANCES + lot[fold.LOT_CURRENCY] * fold.BALANCE_WIDTH + fold.DEBT] > 0:
                dues.append(matures)
    stored = member["next_due_day"]
    days = days_due(timeline, own, lots, member["counters"], dues)
    # A day of the calendar is looked at by whoever visits the member: early at the latest.
    is_exact = all(one.brought is Brought.EXPIRY_AHEAD for one in moments) and not timeline.has_exchanges
    if stored > max(days) or (is_exact and stored not in passed.union(days)):
        differs("next_due_day", stored, max(days))
    at = next_due_at(stored, member["next_lapse_at"], timeline.time_zone)
    differs("next_due_at", member["next_due_at"], at)


def _shown_days(data: bytes) -> object:
    """What is packed, where that can be read."""
    try:
        return unpacked(data)
    except DaysTorn:
        return data.hex()


def _counted(flat: Sequence[int]) -> list[tuple[int, ...]]:
    """Counters in an order of their own, without those that count nothing."""
    width = fold.COUNTER_WIDTH
    return sorted(
        tuple(flat[i : i + width]) for i in range(0, len(flat), width) if flat[i + fold.COUNTER_USED]
    )


def _postings_by_entry(postings: Rows) -> dict[tuple[Any, int], list[list[Any]]]:
    found: dict[tuple[Any, int], list[list[Any]]] = {}
    for row in postings:
        told = [row["currency"], row["verb"], row["units"], row["balance_after"], row["terms"], row["lot"]]
        found.setdefault((row["member_id"], row["sequence"]), []).append(told)
    return found


def _lots_by_member(lots: Rows) -> dict[Any, list[tuple[int, ...]]]:
    found: dict[Any, list[tuple[int, ...]]] = {}
    for row in lots:
        found.setdefault(row["member_id"], []).append(
            (
                row["number"], row["terms"], row["currency"], row["left_units"], row["held"], row["gone"], row["expired"],
                row["returned"], day_or_never(row["expires_on"]), day_or_never(row["matures_on"]), row["origin"],
                row["opened"],
            )
        )  # fmt: skip
    return found
