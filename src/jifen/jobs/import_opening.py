"""Import opening balances: lots of another system become lots of members here, whole for each member, and once.

Members whom nobody knows are enrolled with the key that the file names. What a member took over before is passed over, so an
import that was killed, or is run again, adds what is missing and nothing twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

import polars as pl

from jifen.domain.calendar import date_of, day_number, day_or_never, local_date
from jifen.domain.events import SLICES_MAX, Slice
from jifen.domain.fold import DATES_EXPIRES, DATES_WIDTH, FAR
from jifen.domain.person import MemberKey
from jifen.domain.principal import LOCAL, Principal
from jifen.domain.refusals import OpeningDiffers, Refusal
from jifen.domain.texts import NOTE
from jifen.domain.timeline import Timeline
from jifen.insight.frames import REJECTS
from jifen.insight.read_opening import CurrencyKnown, OpeningKnown, OpeningRead
from jifen.insight.read_purchases.reasons import reason_languages
from jifen.operations.enrol_member import enrol_by_keys
from jifen.operations.note_import import noted_import
from jifen.operations.open_balances import Opening, is_known, open_balances
from jifen.operations.read_program import read_timeline
from jifen.present.said import Said
from jifen.store.ledger import Ledger
from jifen.store.members import find_by_keys
from jifen.store.openings import Opened, openings_of

BATCH = 200
LOOK_UP = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningImported:
    """What an import came to. members = added + known + refused."""

    members: int
    added: int
    known: int
    refused: int
    new_members: int
    lots: int  # added
    units: dict[str, int]  # added, by currency code, in smallest units
    units_forever: dict[str, int]  # of these such as never expire
    rejects: pl.DataFrame


class OpeningProgress(NamedTuple):
    """How far an import has come."""

    members_done: int
    members: int


async def opening_known_of(ledger: Ledger) -> OpeningKnown:
    """What the rows of files of opening balances are held against.

    Refuses
        ProgramMissing   nothing was ever published
    """
    timeline, now = await read_timeline(ledger)
    currencies = {one.code: CurrencyKnown(one.number, one.scale) for one in timeline.newest.currencies}
    return OpeningKnown(today=local_date(now, timeline.time_zone), currencies=currencies)


async def import_opening(
    ledger: Ledger,
    read: OpeningRead,
    *,
    actor: str,
    say: Callable[[OpeningProgress], None] = lambda _: None,
    is_dry_run: bool = False,
    by: Principal = LOCAL,
    import_id: UUID | None = None,
) -> OpeningImported:
    """Bring lots into the ledger, as `by` in the audit, where it bears `import_id` if it has one. With `is_dry_run` it is
    only told what would happen."""
    if is_dry_run:
        return await _imported(ledger, read, actor=actor, say=say, is_dry_run=True)
    async with noted_import(ledger, what="opening", principal=by, import_id=import_id) as told:
        done = await _imported(ledger, read, actor=actor, say=say, is_dry_run=False)
        told.counts = {
            "members": done.members, "added": done.added, "known": done.known, "refused": done.refused,
            "new_members": done.new_members, "lots": done.lots,
        }  # fmt: skip
    return done


async def _imported(
    ledger: Ledger,
    read: OpeningRead,
    *,
    actor: str,
    say: Callable[[OpeningProgress], None],
    is_dry_run: bool,
) -> OpeningImported:
    timeline, now = await read_timeline(ledger)
    work = _Work(
        ledger=ledger, timeline=timeline, row=timeline.row_at(now), today=local_date(now, timeline.time_zone),
        actor=actor, tells_expiry=read.tells_expiry,
    )  # fmt: skip
    holders = await work.held_by(_groups(read.lots))
    known = len(holders)
    holders = await work.pass_over_known(holders)
    known -= len(holders) + work.refused
    for holder in holders:
        work.refuse_expired(holder)
    holders = [holder for holder in holders if not holder.is_refused]
    total = len(holders) + known + work.refused
    say(OpeningProgress(total - len(holders), total))
    for at in range(0, len(holders), BATCH):
        if not is_dry_run:
            await work.open(holders[at : at + BATCH])
            say(OpeningProgress(total - len(holders) + min(at + BATCH, len(holders)), total))
    added = [holder for holder in holders if not holder.is_refused]
    lots = [(number, one) for holder in added for number, own in holder.slices.items() for one in own]
    codes = {currency.number: currency.code for currency in timeline.newest.currencies}
    return OpeningImported(
        members=total + read.rejected_members,
        added=len(added),
        known=known,
        refused=work.refused + read.rejected_members,
        new_members=sum(holder.is_new for holder in added),
        lots=len(lots),
        units=_units(lots, codes),
        units_forever=_units([lot for lot in lots if lot[1].expires_day >= FAR], codes),
        rejects=work.with_rejects(read.rejects),
    )


def _units(lots: Sequence[tuple[int, Slice]], codes: dict[int, str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for number, one in lots:
        found[codes[number]] = found.get(codes[number], 0) + one.units
    return found


@dataclass(slots=True, kw_only=True)
class _Holder:
    """One member, and his rows by currency; several keys of a file may find the same."""

    keys: list[MemberKey]
    member_id: UUID | None
    rows: list[dict[str, Any]]
    slices: dict[int, tuple[Slice, ...]] = field(default_factory=dict)  # by currency
    is_new: bool = False
    is_refused: bool = False


def _groups(lots: pl.DataFrame) -> dict[MemberKey, list[dict[str, Any]]]:
    """The rows by the key that they name."""
    found: dict[MemberKey, list[dict[str, Any]]] = {}
    for row in lots.iter_rows(named=True):
        found.setdefault(MemberKey(row["member_ref_kind"], row["member_ref"]), []).append(row)
    return found


@dataclass(slots=True, kw_only=True)
class _Work:
    ledger: Ledger
    timeline: Timeline
    row: int  # of the timeline: the revision in force
    today: date
    actor: str
    tells_expiry: bool
    refused: int = 0
    rejects: list[dict[str, Any]] = field(default_factory=list)

    async def held_by(self, groups: dict[MemberKey, list[dict[str, Any]]]) -> list[_Holder]:
        """Who holds the lots; keys of nobody are members to be."""
        found: dict[MemberKey, UUID] = {}
        async with self.ledger.transaction() as connection:
            keys = list(groups)
            for at in range(0, len(keys), LOOK_UP):
                found |= await find_by_keys(self.ledger, connection, keys[at : at + LOOK_UP])
        holders: dict[UUID | MemberKey, _Holder] = {}
        for key, rows in groups.items():
            member_id = found.get(key)
            holder = holders.setdefault(
                member_id or key, _Holder(keys=[], member_id=member_id, rows=[], is_new=member_id is None)
            )
            holder.keys.append(key)
            holder.rows += rows
        for holder in holders.values():
            for currency in sorted({row["currency"] for row in holder.rows}):
                holder.slices[currency] = self._slices(holder, currency)
        return list(holders.values())

    def _slices(self, holder: _Holder, currency: int) -> tuple[Slice, ...]:
        """The lots of one currency, first to expire first, of the same day the one that was earned first."""
        terms = self.timeline.newest.currencies[currency].terms[0].number
        slices = []
        for row in holder.rows:
            if row["currency"] != currency:
                continue
            day = day_or_never(row["expires_on"])
            if not self.tells_expiry:
                dates = self.timeline.dates(self.row, row["earned_on"])
                day = dates[terms * DATES_WIDTH + DATES_EXPIRES]
            row["expires_day"] = day
            slices.append((day, row["earned_on"] or date.max, Slice(terms, day, row["units"])))
        return tuple(one for _, _, one in sorted(slices, key=lambda lot: lot[:2]))

    async def pass_over_known(self, holders: list[_Holder]) -> list[_Holder]:
        """Those who have something to take over, and only that. Who took over something else before is refused."""
        ids = [holder.member_id for holder in holders if holder.member_id is not None]
        before: dict[tuple[UUID, int], list[Opened]] = {}
        async with self.ledger.transaction() as connection:
            for at in range(0, len(ids), LOOK_UP):
                before.update(await openings_of(connection, ids[at : at + LOOK_UP]))
        left = []
        for holder in holders:
            if holder.member_id is not None:
                try:
                    holder.slices = {
                        currency: slices
                        for currency, slices in holder.slices.items()
                        if not is_known(slices, before.get((holder.member_id, currency), ()))
                    }
                except OpeningDiffers as refusal:
                    self.refuse(holder, refusal)
                    continue
            if holder.slices:
                left.append(holder)
        return left

    def refuse_expired(self, holder: _Holder) -> None:
        """Refuse a member of whom a lot is over already, or who has too many by several keys."""
        today = day_number(self.today)
        over = [row for row in holder.rows if row["currency"] in holder.slices and row["expires_day"] < today]
        for row in over:
            day = str(date_of(row["expires_day"]))
            self._reject(row, "expires_on", day, "expired_already", Said("import.expired_already", day=day))
        if over:
            rest = [row for row in holder.rows if row not in over]
            self._refuse(holder, "", "member_refused", Said("row.member_refused"), rows=rest)
            return
        most = max(len(slices) for slices in holder.slices.values())
        if most > SLICES_MAX:
            self._refuse(holder, str(most), "lots_too_many", Said("row.lots_too_many", most=SLICES_MAX))

    async def open(self, holders: Sequence[_Holder]) -> None:
        """Enrol who is new, and open the lots."""
        new = [holder for holder in holders if holder.member_id is None]
        enrolled = await enrol_by_keys(self.ledger, [holder.keys[0] for holder in new], actor=self.actor)
        for holder, answer in zip(new, enrolled, strict=True):
            if isinstance(answer, Refusal):
                self.refuse(holder, answer)
            else:
                holder.member_id = answer
        asked = [
            (
                holder,
                Opening(
                    member_id=holder.member_id, currency=currency, slices=slices, note=_note(holder, currency),
                    actor=self.actor,
                ),
            )
            for holder in holders
            if holder.member_id is not None
            for currency, slices in holder.slices.items()
        ]  # fmt: skip
        answers = await open_balances(self.ledger, [opening for _, opening in asked])
        for (holder, _), opened in zip(asked, answers, strict=True):
            if isinstance(opened, Refusal) and not holder.is_refused:
                self.refuse(holder, opened)

    def refuse(self, holder: _Holder, refusal: Refusal) -> None:
        """Refuse a member for what the ledger says."""
        if isinstance(refusal, OpeningDiffers):
            numbers = {"entry": refusal.numbers["sequence"], "had": refusal.numbers["units_before"]}
            reason = Said("import.opening_differs", **numbers)
        else:
            reason = Said("import.refusal", detail=str(refusal), message=Said(f"refusal.{refusal.code}"))
        self._refuse(holder, holder.keys[0].value, refusal.code, reason)

    def _refuse(
        self,
        holder: _Holder,
        value: str,
        code: str,
        reason: Said,
        *,
        rows: Sequence[dict[str, Any]] | None = None,
    ) -> None:
        holder.is_refused = True
        self.refused += 1
        for row in holder.rows if rows is None else rows:
            self._reject(row, None, value, code, reason)

    def _reject(self, row: dict[str, Any], column: str | None, value: str, code: str, reason: Said) -> None:
        said = {f"reason_{language}": reason.in_language(language) for language in reason_languages()}
        self.rejects.append(
            {"file": row["file"], "row": row["row"], "column": column, "value": value, "code": code, **said}
        )

    def with_rejects(self, rejects: pl.DataFrame) -> pl.DataFrame:
        """All that was not taken, in the order of the files."""
        own = pl.DataFrame(
            self.rejects,
            schema={**REJECTS.schema, **{f"reason_{one}": pl.String for one in reason_languages()}},
        )
        return pl.concat([rejects, own], how="diagonal").sort("file", "row", maintain_order=True)


def _note(holder: _Holder, currency: int) -> str | None:
    """What the other system called the lots and when they were earned there, as far as a note holds it."""
    parts = []
    for row in holder.rows:
        if row["currency"] == currency and (row["reference"] or row["earned_on"]):
            told = (row["reference"], row["earned_on"] and row["earned_on"].isoformat())
            parts.append(" ".join(one for one in told if one) + f": {row['units']}")
    text = "; ".join(parts)
    if len(text) > NOTE.longest:
        text = text[: NOTE.longest - 1].rpartition("; ")[0] + "…"
    return text or None
