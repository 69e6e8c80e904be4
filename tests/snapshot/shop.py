"""A shop to take snapshots of: random lives with every verb, and its books as rows to hold a snapshot to."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
from tests.builders import a_document, a_line
from tests.conftest import FreshDatabase
from tests.machine.till import Till, a_key, days

from jifen.document.model import ProgramDocument
from jifen.domain.calendar import day_number, day_or_never
from jifen.domain.packing import unpacked
from jifen.domain.purchase import Payment
from jifen.domain.refusals import Refusal
from jifen.insight.snapshot import TABLES, open_snapshot
from jifen.jobs.snapshot import Taken, take_snapshot
from jifen.operations.advance_members import advance_members
from jifen.store.ledger import connect
from jifen.store.tables import metadata

OPENED = datetime(2019, 1, 20, 3, 30, tzinfo=UTC)
_MORE = """\
  - code: fruit
    names: {zh: 水果, en: Fruit}
    multiple: {of: base, by: "2"}
    when: {fact: line.category, under: FRUIT}
line_attributes: {origin: text, shelf: integer}
tiers:
  by: spend
  window_days: 60
  keeps_days: 60
  list:
    - {code: member, names: {zh: 普通, en: Member}, reach: 0}
    - {code: gold, names: {zh: 金卡, en: Gold}, reach: 60000, multiplier: "3/2"}
"""
TEXTS = ("甲", 'a "b"', "tab\tnewline\n,{x}\\", "NULL", "")
"""Texts that a careless way through CSV would tear."""


def a_shop_document() -> ProgramDocument:
    """A programme with two rules, caps, expiry, pending, debt, tiers and attributes of lines."""
    return a_document(
        expiry="{days: 40}", pending_days=1, debt="{policy: allow, limit_units: 900}", caps="{day: 700}", by_tier=True,
        more=_MORE,
    )  # fmt: skip


class Lives:
    """Members who buy, bring back, spend, give and wait, by a seed."""

    def __init__(self, till: Till, *, seed: int, merges: bool = False) -> None:
        self.merges = merges
        self.till = till
        self.random = random.Random(seed)
        self.at = OPENED
        self.members: list[UUID] = []
        self.bought: list[str] = []

    async def enrol(self, number: int) -> None:
        await self.till.set_now(self.at)
        self.members += [await self.till.enrol() for _ in range(number)]

    async def go_on(self, steps: int) -> None:
        """So many things happen, hours or days apart; what is refused does not happen."""
        for _ in range(steps):
            self.at += timedelta(hours=self.random.randrange(1, 60))
            await self.till.set_now(self.at)
            try:
                await self._step()
            except Refusal:
                continue
        await advance_members(self.till.ledger)

    async def _step(self) -> None:
        from jifen.operations.handle_reservations import commit_reservation, release_reservation

        one, other = self.random.sample(self.members, 2)
        what = self.random.randrange(12)
        if what < 6:
            await self.buy(one)
        elif what == 6 and self.bought:
            await self.till.bring_back(
                self.random.choice(self.bought), self.random.choice((None, [(1, 200)]))
            )
        elif what == 7:
            await self.till.give(one, other, self.random.randrange(1, 50))
        elif what == 8:
            await self.till.adjust(one, self.random.choice((-20, 35)))
        elif what == 9:
            held = await self.till.reserve(one, self.random.randrange(1, 60))
            end = self.random.choice((commit_reservation, release_reservation, None))
            if end:
                await end(self.till.ledger, UUID(held["reservation_id"]), a_key())
        elif what == 10:
            self.at += days(self.random.randrange(20, 50))
            await self.till.set_now(self.at)
        elif self.merges and self.random.random() < 0.7:
            await self.till.merge(one, other)
            self.members[self.members.index(one)] = await self.till.enrol()
        else:
            await self.till.enrol()

    async def buy(self, member: UUID) -> None:
        draw = self.random
        lines = [
            a_line(
                number,
                draw.randrange(1, 40_000),
                quantity_milli=draw.choice((1_000, 350, 2_000)),
                sku=draw.choice((None, "s1", *TEXTS[:3])),
                name="a name that stays behind",
                category=draw.choice((None, "FRUIT/APPLE", "TEA")),
                brand=draw.choice((None, *TEXTS[:2])),
                discount_minor=draw.choice((0, 5)),
                cost_minor=draw.choice((None, 7)),
                tags=draw.choice(((), ("new",), TEXTS[:3])),
                attributes=draw.choice(({}, {"origin": draw.choice(TEXTS)}, {"origin": "x", "shelf": 3})),
            )
            for number in range(1, draw.randrange(2, 6))
        ]
        amount = sum(line.amount_minor for line in lines)
        late = timedelta(days=draw.choice((0, 0, 3)))
        no = f"secret-no-{len(self.bought)}-{draw.randrange(10**9)}"
        await self.till.buy(
            member,
            no=no,
            at=self.at - late,
            lines=lines,
            store=draw.choice((None, "S1", TEXTS[1])),
            channel=draw.choice((None, "online")),
            cashier="secret-cashier",
            payments=draw.choice(((), (Payment(method="cash", amount_minor=amount),))),
            tags=draw.choice(((), TEXTS[:3])),
        )
        self.bought.append(no)


async def snapshot_of(database: FreshDatabase, folder: Path, **more: Any) -> Taken:
    """A snapshot as the command takes it."""
    return await take_snapshot(database.app, folder, **more)


_MEMBERS = """SELECT m.*, s.segments FROM member m LEFT JOIN
    (SELECT member_id, array_agg(code ORDER BY code) AS segments FROM segment_member JOIN segment USING (number)
     GROUP BY member_id) s USING (member_id)"""


async def rows_of_ledger(database: FreshDatabase) -> dict[str, list[dict[str, Any]]]:
    """What the tables hold, in the words of the contracts, read without any of the code under test."""
    connection = await connect(database.app)
    try:
        return {
            "members": [_member(row) for row in await connection.fetch(_MEMBERS)],
            "lots": [_lot(row) for row in await connection.fetch("SELECT * FROM lot")],
            "purchases": [_purchase(row) for row in await connection.fetch("SELECT * FROM purchase")],
            "lines": [
                line for row in await connection.fetch("SELECT * FROM purchase") for line in _lines(row)
            ],
            "returns": [_return(row) for row in await connection.fetch("SELECT * FROM purchase_return")],
            "entries": [
                _entry(row)
                for row in await connection.fetch(
                    "SELECT entry.*, source, attributes FROM entry LEFT JOIN event USING (member_id, sequence)"
                )
            ],
            "postings": [_named(row) for row in await connection.fetch("SELECT * FROM posting")],
        }
    finally:
        await connection.close()


def rows_of_snapshot(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """What the files hold, members by their ids."""
    snapshot = open_snapshot(folder, checksums=True)
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
    ids: dict[int, str] = {}
    for bucket in range(snapshot.buckets):
        rows = snapshot.collect(bucket).members.to_dicts()
        ids |= {row["member"]: row["member_id"] for row in rows}
    for bucket in range(snapshot.buckets):
        frames = snapshot.collect(bucket)
        bought = frames.purchases.to_dicts()
        for name in TABLES:
            for row in getattr(frames, name).to_dicts():
                if name == "lines":
                    owner = bought[row.pop("purchase")]
                    row |= {"member": owner["member"], "sequence": owner["sequence"]}
                row["member_id"] = ids[row.pop("member")]
                row.pop("purchase", None)
                if name == "entries":
                    other = row.pop("counterpart")
                    row["counterpart_id"] = None if other is None else ids[other]
                if name == "returns":
                    row["purchase_member_id"] = ids[row.pop("purchase_member")]
                found[name].append(row)
    return found


def in_order(rows: list[dict[str, Any]]) -> list[tuple[tuple[str, Any], ...]]:
    """Rows as values that can be compared, in an order that does not depend on the way they came."""
    return sorted((tuple(sorted(row.items())) for row in rows), key=repr)


def assert_same(left: dict[str, list[dict[str, Any]]], right: dict[str, list[dict[str, Any]]]) -> None:
    """Hold two readings to each other, row by row, and say where they part."""
    for name in TABLES:
        one, other = in_order(left[name]), in_order(right[name])
        assert len(one) == len(other), name
        for mine, theirs in zip(one, other, strict=True):
            assert mine == theirs, name


_LEFT_BEHIND = {
    "recorded_xid", "inserted_at", "purchase_id", "return_id", "entry_id", "business_no", "till", "cashier", "actor",
    "note", "money", "occurred_on", "account", "is_credit", "next_due_at",
}  # fmt: skip


def _named(row: asyncpg.Record) -> dict[str, Any]:
    return {name: _plain(name, value) for name, value in row.items() if name not in _LEFT_BEHIND}


LISTED = {
    column.name for table in metadata.tables.values() for column in table.columns if "lists" in column.info
}


def _plain(name: str, value: Any) -> Any:
    if name in LISTED and isinstance(value, str):
        return [int(number) for number in value.strip("{}").split(",") if number]
    return str(value) if isinstance(value, UUID) else value


def _member(row: asyncpg.Record) -> dict[str, Any]:
    days, days_from = unpacked(row["days"])
    return _named(row) | {"days": days, "days_from": days_from}


def _lot(row: asyncpg.Record) -> dict[str, Any]:
    named = _named(row)
    return {
        **{name: value for name, value in named.items() if not name.endswith("_on")},
        "matures_day": day_number(named["matures_on"]),
        "expires_day": day_or_never(named["expires_on"]),
    }


def _purchase(row: asyncpg.Record) -> dict[str, Any]:
    import json

    named = _named(row)
    lines = named.pop("lines")
    named.pop("masks")
    payments = named["payments"]
    named["payments"] = None if payments is None else _postgres_json(json, payments)
    return {**named, "line_count": len(lines)}


def _postgres_json(json: Any, payments: list[dict[str, Any]]) -> str:
    """JSONB as PostgreSQL writes it: shorter keys first."""
    ordered = [{name: each[name] for name in sorted(each, key=lambda n: (len(n), n))} for each in payments]
    return str(json.dumps(ordered, ensure_ascii=False))


def _lines(row: asyncpg.Record) -> Iterator[dict[str, Any]]:
    words = len(_plain("masks", row["masks"])) // len(row["lines"])
    for i, line in enumerate(row["lines"]):
        yield {
            "member_id": str(row["member_id"]),
            "sequence": row["sequence"],
            "number": line["number"],
            **{
                name: line.get(name)
                for name in ("sku", "category", "brand", "quantity_milli", "amount_minor")
            },
            "discount_minor": line.get("discount_minor", 0),
            "cost_minor": line.get("cost_minor"),
            "tags": line.get("tags"),
            "masks": _plain("masks", row["masks"])[i * words : (i + 1) * words],
            "attribute.origin": line.get("attributes", {}).get("origin"),
            "attribute.shelf": line.get("attributes", {}).get("shelf"),
        }


def _return(row: asyncpg.Record) -> dict[str, Any]:
    named = _named(row)
    lines = named.pop("lines")
    return {
        **named,
        "line_numbers": [number for number, _ in lines],
        "line_quantities": [quantity for _, quantity in lines],
    }


def _entry(row: asyncpg.Record) -> dict[str, Any]:
    named = _named(row)
    state = named.pop("value")
    return {**named, "state": state}
