"""Import: frames of purchases become entries of the ledger, once, whoever they belong to.

Members who are new are loaded in bulk by the compiled fold; those who have a history already get theirs one after the
other like at the till; receipts of nobody wait to be claimed. What is known already is passed over, so an import that was
killed, or is run again, adds what is missing and nothing twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, cast
from uuid import UUID

import msgspec
import numpy as np
import polars as pl

from jifen.domain.person import MemberKey
from jifen.domain.principal import LOCAL, Principal
from jifen.domain.purchase import Purchase
from jifen.domain.refusals import Refusal
from jifen.domain.timeline import Timeline
from jifen.insight.frames import REJECTS, Loaded
from jifen.insight.ledger_rows import purchase_documents
from jifen.insight.lives import enrolments, with_calendar
from jifen.insight.read_purchases.known import Known
from jifen.insight.read_purchases.reasons import reason_languages
from jifen.operations.load_history import History, body_hashes, load_history
from jifen.operations.note_import import noted_import
from jifen.operations.read_program import read_timeline
from jifen.operations.record_purchases import PurchaseRequest, record_purchases, same_as_before
from jifen.operations.turn_switches import read_switches
from jifen.present.said import Said
from jifen.store.bulk import known_business_numbers
from jifen.store.ledger import Ledger
from jifen.store.members import find_by_keys
from jifen.store.purchases import purchase_of

BATCH = 200
LOOK_UP = 50_000

Extra = Callable[[pl.DataFrame, Timeline], pl.DataFrame]
"""Makes further events (`lives.EXTRA`) of new members from their purchases: the demo's simulation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import came to. purchases = added + known + refused (the rows of those stand in `rejects`)."""

    purchases: int
    added: int
    added_lines: int
    known: int
    refused: int
    new_members: int
    unclaimed: int
    rejects: pl.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far an import has come."""

    purchases_done: int
    purchases: int
    lines_done: int


async def known_of(ledger: Ledger) -> Known:
    """What the rows of files of purchases are held against.

    Refuses
        ProgramMissing   nothing was ever published
    """
    timeline, now = await read_timeline(ledger)
    program = timeline.newest
    return Known(
        now=now,
        money=program.money,
        money_decimals=program.money_decimals,
        stores=None if program.any_store else frozenset(program.stores),
        line_attributes=cast("dict[str, Literal['text', 'integer']]", program.line_attributes),
        purchase_amount_minor_max=program.purchase_amount_minor_max,
    )


async def import_purchases(
    ledger: Ledger,
    loaded: Loaded,
    *,
    actor: str,
    say: Callable[[Progress], None] = lambda _: None,
    extra: Extra | None = None,
    is_dry_run: bool = False,
    by: Principal = LOCAL,
    import_id: UUID | None = None,
) -> Imported:
    """Bring frames into the ledger, as `by` in the audit, where it bears `import_id` if it has one. With `is_dry_run` it is
    only told what would happen."""
    if is_dry_run:
        return await _imported(ledger, loaded, actor=actor, say=say, extra=extra, is_dry_run=True)
    async with noted_import(ledger, what="purchases", principal=by, import_id=import_id) as told:
        done = await _imported(ledger, loaded, actor=actor, say=say, extra=extra, is_dry_run=False)
        told.counts = {
            "purchases": done.purchases, "added": done.added, "known": done.known, "refused": done.refused,
            "new_members": done.new_members,
        }  # fmt: skip
    return done


async def _imported(
    ledger: Ledger,
    loaded: Loaded,
    *,
    actor: str,
    say: Callable[[Progress], None],
    extra: Extra | None,
    is_dry_run: bool,
) -> Imported:
    timeline, now = await read_timeline(ledger, is_whole=True)
    has_switches = bool(await read_switches(ledger))
    work = _Work(
        ledger=ledger, timeline=timeline, actor=actor, say=say, extra=extra, total=loaded.purchases.height
    )
    purchases = with_calendar(loaded.purchases, timeline)
    purchases = work.admit(purchases, now)
    purchases = await work.pass_over_known(purchases, loaded.lines)
    new, rest = await work.part_members(purchases)
    if is_dry_run:
        return work.told(
            loaded, added=purchases.height, added_lines=_lines_of(purchases, loaded.lines).height, new=new
        )
    if new.height and (timeline.is_decided_in_turns or has_switches):
        # Whoever comes first draws from a pool first, moments fall due, and what is off is so from a moment on: everybody is
        # enrolled, then all is told in order.
        assert extra is None, "nothing is drawn for a programme with pools or moments"
        await work.load(new, loaded.lines, is_enrolment=True)
        rest = pl.concat([new, rest]).sort("occurred_at", "source", "business_no")
    elif new.height:
        await work.load(new, loaded.lines)
    if rest.height:
        await work.record(rest, loaded.lines)
    return work.told(loaded, added=work.added, added_lines=work.added_lines, new=new)


def _lines_of(purchases: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """The lines of some purchases, renumbered 0, 1, 2 ... in the order of the purchases."""
    number = purchases.select("purchase").with_columns(own=pl.int_range(pl.len(), dtype=pl.Int64))
    if number.height == 0:
        return lines.clear()
    joined = lines.join(number, on="purchase", how="inner").sort("own", "number", maintain_order=True)
    return joined.with_columns(purchase=pl.col("own")).drop("own")


@dataclass(slots=True, kw_only=True)
class _Work:
    ledger: Ledger
    timeline: Timeline
    actor: str
    say: Callable[[Progress], None]
    extra: Extra | None
    total: int
    added: int = 0
    added_lines: int = 0
    passed: int = 0
    unclaimed: int = 0
    rejects: list[dict[str, Any]] | None = None

    def _refuse(self, row: dict[str, Any], *, column: str, value: object, code: str, reason: Said) -> None:
        self.rejects = self.rejects or []
        self.rejects.append(
            {
                "file": row["file"], "row": row["row_first"], "column": column, "value": str(value)[:200], "code": code,
                **{f"reason_{language}": reason.in_language(language) for language in reason_languages()},
            }
        )  # fmt: skip

    def _done(self, purchases: int, lines: int) -> None:
        self.added += purchases
        self.added_lines += lines
        self._show()

    def _show(self) -> None:
        done = self.added + self.passed + len(self.rejects or ())
        self.say(Progress(purchases_done=done, purchases=self.total, lines_done=self.added_lines))

    def admit(self, purchases: pl.DataFrame, now: datetime) -> pl.DataFrame:
        """Those that the programme can judge; the others are refused with a reason."""
        program = self.timeline.newest
        stores = (
            pl.col("store").is_null()
            | pl.lit(program.any_store)
            | pl.col("store").is_in(list(program.stores))
        )
        most = program.purchase_amount_minor_max
        tests: list[tuple[pl.Expr, str, str, Said]] = [
            (pl.col("row") >= 0, "occurred_at", "program_missing", Said("import.program_missing")),
            (pl.col("occurred_at") <= now, "occurred_at", "time_out_of_bounds", Said("import.time_in_future")),
            (pl.col("money") == program.money, "money", "field_wrong",
             Said("import.money_differs", money=program.money)),
            (pl.col("amount_minor") <= most, "amount_minor", "field_wrong", Said("import.amount_too_large", most=most)),
            (stores, "store", "store_unknown", Said("import.store_unknown")),
        ]  # fmt: skip
        for holds, column, code, reason in tests:
            for row in purchases.filter(~holds).iter_rows(named=True):
                self._refuse(row, column=column, value=row[column], code=code, reason=reason)
            purchases = purchases.filter(holds)
        return purchases

    async def pass_over_known(self, purchases: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
        """Those whose key is new. Of the others each is the very sale that came before, by whichever road, or is refused."""
        known: dict[tuple[str, str], bytes] = {}
        async with self.ledger.transaction() as connection:
            for (source,), part in purchases.group_by("source"):
                numbers = part.get_column("business_no")
                for at in range(0, len(numbers), LOOK_UP):
                    found = await known_business_numbers(
                        connection, str(source), numbers[at : at + LOOK_UP].to_list()
                    )
                    known.update({(str(source), number): told[0] for number, told in found.items()})
        if not known:
            return purchases
        keys = pl.DataFrame(
            [(source, number, body_hash.hex()) for (source, number), body_hash in known.items()],
            schema={"source": pl.String, "business_no": pl.String, "known_hash": pl.String},
            orient="row",
        )
        joined = purchases.join(keys, on=["source", "business_no"], how="left", maintain_order="left")
        seen = joined.filter(pl.col("known_hash").is_not_null())
        documents = _documents(_lines_of(seen, lines), seen.height)
        hashes = pl.Series("hash", body_hashes(seen, documents), dtype=pl.String)
        seen = seen.with_columns(hashes, pl.Series("document", documents, dtype=pl.String))
        differs = seen.filter(pl.col("hash") != pl.col("known_hash")).to_dicts()
        refused = 0
        for at in range(0, len(differs), BATCH):
            some = differs[at : at + BATCH]
            asked = [self._request(row, row["document"], row["hash"]) for row in some]
            for row, refusal in zip(some, await same_as_before(self.ledger, asked), strict=True):
                if refusal is not None:
                    refused += 1
                    self._refuse(
                        row, column=refusal.pointer.strip("/"), value=row["business_no"], code=refusal.code,
                        reason=_reason(refusal),
                    )  # fmt: skip
        self.passed = seen.height - refused
        self._show()
        return joined.filter(pl.col("known_hash").is_null()).drop("known_hash")

    async def part_members(self, purchases: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Purchases of members who are new, and the rest, each in the order of the fold."""
        known: list[tuple[str, str]] = []
        async with self.ledger.transaction() as connection:
            for (kind,), part in purchases.group_by("member_ref_kind"):
                refs = part.get_column("member_ref").drop_nulls().unique()
                named = [MemberKey(str(kind), ref) for ref in refs.to_list()]
                known.extend(await find_by_keys(self.ledger, connection, named))
        keys = pl.DataFrame(
            known, schema={"member_ref_kind": pl.String, "member_ref": pl.String}, orient="row"
        ).with_columns(is_known=pl.lit("yes"))
        joined = purchases.join(keys, on=["member_ref_kind", "member_ref"], how="left")
        is_new = pl.col("is_known").is_null() & pl.col("member_ref").is_not_null()
        order = ["member_ref_kind", "member_ref", "occurred_at", "source", "business_no"]
        return (
            joined.filter(is_new).drop("is_known").sort(order),
            joined.filter(~is_new).drop("is_known").sort(["occurred_at", "source", "business_no"]),
        )

    async def load(self, new: pl.DataFrame, lines: pl.DataFrame, *, is_enrolment: bool = False) -> None:
        """Load the lives of new members in bulk; as an enrolment only their beginnings."""
        own = _lines_of(new, lines)
        refs = new.select("member_ref_kind", "member_ref").unique(maintain_order=True)
        refs = refs.with_columns(member=pl.int_range(pl.len(), dtype=pl.Int64))
        purchases = new.join(refs, on=["member_ref_kind", "member_ref"], how="left", maintain_order="left")
        purchases = purchases.with_columns(purchase=pl.int_range(pl.len(), dtype=pl.Int64))
        more = [self.extra(purchases, self.timeline)] if self.extra else []
        history = History(
            purchases=purchases.clear() if is_enrolment else purchases,
            lines=own.clear() if is_enrolment else own,
            refs=refs.select(kind="member_ref_kind", value="member_ref"),
            extra=pl.concat([enrolments(purchases), *more]),
        )
        await load_history(self.ledger, self.timeline, history, actor=self.actor, say=self._done)

    async def record(self, rest: pl.DataFrame, lines: pl.DataFrame) -> None:
        """Record what belongs to members with a history, or to nobody, like at the till."""
        own = _lines_of(rest, lines)
        documents = _documents(own, rest.height)
        hashes = body_hashes(rest, documents)
        rows = rest.to_dicts()
        for at in range(0, len(rows), BATCH):
            part = rows[at : at + BATCH]
            requests = [
                self._request(row, document, body_hash)
                for row, document, body_hash in zip(
                    part, documents[at : at + BATCH], hashes[at : at + BATCH], strict=True
                )
            ]
            answers = await record_purchases(self.ledger, requests, is_import=True)
            added = lines_added = 0
            for row, request, answer in zip(part, requests, answers, strict=True):
                if isinstance(answer, Refusal):
                    self._refuse(
                        row, column=answer.pointer.strip("/"), value="", code=answer.code,
                        reason=_reason(answer),
                    )  # fmt: skip
                    continue
                added += 1
                lines_added += len(request.purchase.lines)
                self.unclaimed += answer.member_id is None
            self._done(added, lines_added)

    def _request(self, row: dict[str, Any], document: str, body_hash: str) -> PurchaseRequest:
        """A row of the frame as a till would tell it."""
        return PurchaseRequest(
            purchase=_purchase(row, document),
            whose=MemberKey(row["member_ref_kind"], row["member_ref"]) if row["member_ref"] else None,
            body_hash=bytes.fromhex(body_hash),
            actor=self.actor,
        )

    def told(self, loaded: Loaded, *, added: int, added_lines: int, new: pl.DataFrame) -> Imported:
        """What it came to."""
        own = pl.DataFrame(
            self.rejects or [],
            schema={**REJECTS.schema, **{f"reason_{one}": pl.String for one in reason_languages()}},
        )
        return Imported(
            purchases=loaded.purchases.height + loaded.counts.rejected_purchases,
            added=added,
            added_lines=added_lines,
            known=self.passed,
            refused=len(self.rejects or ()) + loaded.counts.rejected_purchases,
            new_members=new.select("member_ref_kind", "member_ref").n_unique() if new.height else 0,
            unclaimed=self.unclaimed,
            rejects=pl.concat([loaded.rejects, own], how="diagonal"),
        )


def _reason(refusal: Refusal) -> Said:
    """Why a purchase is refused that a till would be refused too: its detail, or what its code means."""
    return Said("import.refusal", detail=str(refusal), message=Said(f"refusal.{refusal.code}"))


def _documents(lines: pl.DataFrame, purchases: int) -> pl.Series:
    """For each of `purchases` purchases its lines as a JSON array."""
    counts = np.bincount(lines.get_column("purchase").to_numpy(), minlength=purchases)
    return purchase_documents(lines, np.concatenate([[0], np.cumsum(counts)]).astype(np.int64))


def _purchase(row: dict[str, Any], lines: str) -> Purchase:
    """A row of the frame as a purchase."""
    document = {
        "source": row["source"],
        "business_no": row["business_no"],
        "occurred_at": row["occurred_at"].isoformat(),
        "money": row["money"],
        "amount_minor": row["amount_minor"],
        "store": row["store"],
        "till": row["till"],
        "cashier": row["cashier"],
        "channel": row["channel"],
        "payments": msgspec.json.decode(row["payments"]) if row["payments"] else [],
        "tags": row["tags"] or [],
        "lines": msgspec.json.decode(lines),
    }
    return purchase_of(document)
