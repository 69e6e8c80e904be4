"""One answer on every road for what scanners, spreadsheets and attackers give: keys, empty cells, characters, numbers.

Each sale is told on eight roads, on each in a writing of its own. It is refused on all of them, or it is the same purchase of the
same member with the same lines and the same hits on all of them.
"""

from __future__ import annotations

import asyncio
import csv
import itertools
import json
import unicodedata
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.builders import a_document
from tests.conftest import FreshDatabase
from tests.hostile import texts
from tests.machine.till import Till, a_till

from jifen.api.app import create_app
from jifen.domain.texts import BLANKS
from jifen.insight.read_purchases import Known, Mapping, read_purchases
from jifen.jobs.import_purchases import import_purchases
from jifen.operations.manage_keys import create_key
from jifen.vault import Vault

EXAMPLES, SALES = 6, 40
# What rules see of a line decides what it earns: the category, a tag, the brand in another composition, an attribute.
PROGRAMME = a_document(
    more="""
  - {code: milk, names: {en: Milk}, currency: points, fixed: {points: 3}, when: {fact: line.category, under: 乳品/鲜奶}}
  - {code: creme, names: {en: Creme}, currency: points, fixed: {points: 5}, when: {fact: line.brand, is: "Cre\u0300me"}}
  - {code: organic, names: {en: Organic}, currency: points, fixed: {points: 7}, when: {fact: line.tags, has: organic}}
  - {code: light, names: {en: Light}, currency: points, fixed: {points: 11}, when: {fact: line.attribute.grams, lt: 100}}
  - {code: online, names: {en: Online}, currency: points, fixed: {points: 13}, when: {fact: purchase.channel, is: "Ｗｅｂ"}}
line_attributes: {shelf: text, grams: integer}
""",
)
ROADS = ("short", "long", "batch", "claim", "csv", "parquet", "csv_of_new", "parquet_of_new")
LINE_TEXTS = ("sku", "name", "category", "brand", "shelf")
HEAD_TEXTS = ("store", "till", "cashier", "channel")
NUMBERS = ("quantity_milli", "discount_minor", "cost_minor", "grams")
AT = datetime.now(UTC).replace(microsecond=0) - timedelta(days=2)
_count = itertools.count(1)


@dataclass(frozen=True, kw_only=True)
class Sale:
    """One sale of one line; None is what is not told."""

    business_no: str
    member: str  # "": nobody; else the last part of a card
    number: int
    amount_minor: int
    heads: dict[str, str | None]
    texts: dict[str, str | None]
    numbers: dict[str, int | None]
    tags: list[str]
    method: str | None

    def in_writing(self, road: int) -> Sale:
        """The same sale as another scanner, keyboard or spreadsheet writes it."""
        return replace(
            self,
            business_no=otherwise(self.business_no, road, is_code=True),
            heads={name: text and otherwise(text, road, is_code=True) for name, text in self.heads.items()},
            texts={name: text and otherwise(text, road, is_code=name == "sku") for name, text in self.texts.items()},
            tags=[otherwise(tag, road) for tag in self.tags],
        )  # fmt: skip


def otherwise(text: str, road: int, *, is_code: bool = False) -> str:
    """The text in one of several writings that have one form."""
    wide = {point - 0xFEE0: point for point in range(0xFF10, 0xFF5B)}
    return (
        text,
        f"{text}\r",
        f" {text}  ",
        unicodedata.normalize("NFD", text),
        f"\u3000{text}\xa0",
        text.translate(wide) if is_code else f"{text}\t",
        f"{text}\r\n",
        text.strip(BLANKS) or text,
    )[road]


def grouped(card: str, road: int) -> str:
    """The number as it is printed on the card, on every second road in groups."""
    return f"{card[:4]} {card[4:6]}\xa0{card[6:]}" if road % 2 else card


@st.composite
def sales(draw: st.DrawFn) -> Sale:
    """Sales that are odd in some fields and plain in the others, or most would be refused for several reasons."""
    odd = draw(
        st.sets(st.sampled_from([*HEAD_TEXTS, *LINE_TEXTS, "business_no", "tags", "method"]), max_size=3)
    )

    def text(name: str, plain: list[str | None]) -> str | None:
        return draw(texts(longest=4)) if name in odd else draw(st.sampled_from(plain))

    plain = {
        "store": [None, "S01"], "till": [None, "7"], "cashier": [None, "张三"], "channel": [None, "Web"], "sku": [None, "690"],
        "name": [None, "牛奶（1L）"], "category": [None, "乳品 / 鲜奶/低脂", "A"], "brand": [None, "Crème"],
        "shelf": [None, "A3"],
    }  # fmt: skip
    whole = st.one_of(st.none(), st.sampled_from([0, 1, 99, 100, 1_500]))
    signed = st.one_of(whole, st.sampled_from([-1, -500, 10**12, -(10**12)]))
    attribute = st.one_of(signed, st.sampled_from([10**15 - 1, -(10**15) + 1]))
    wrong = draw(st.sampled_from(["", "", "", "", "number", "quantity_milli", "discount_minor", "grams"]))
    tags: st.SearchStrategy[list[str]] = st.lists(st.sampled_from(["organic", "a", "organic"]), max_size=3)
    return Sale(
        business_no=text("business_no", ["R1", "Ｒ-1", "r 2"]) or "",
        member=draw(st.sampled_from(["", "1", "2"])),
        number=draw(st.sampled_from([2**31, -1] if wrong == "number" else [1, 0, 7, 2**31 - 1])),
        amount_minor=draw(st.sampled_from([0, 1, 12_345])),
        heads={name: text(name, plain[name]) for name in HEAD_TEXTS},
        texts={name: text(name, plain[name]) for name in LINE_TEXTS},
        numbers={
            "quantity_milli": draw(signed if wrong == "quantity_milli" else whole),
            "discount_minor": draw(signed if wrong == "discount_minor" else whole),
            "cost_minor": draw(signed),
            "grams": draw(st.sampled_from([10**15, -(10**15)]) if wrong == "grams" else attribute),
        },
        tags=draw(st.lists(texts(longest=3), max_size=3) if "tags" in odd else tags),
        method=text("method", [None, "cash", "微信"]),
    )


def told(text: str | None) -> str | None:
    """What a call leaves out where a file leaves the cell empty."""
    return text if text and text.strip(BLANKS) and not _is_no_path(text) else None


def _is_no_path(text: str) -> bool:
    return not text.strip(BLANKS).replace("/", "").strip(BLANKS)


def card_of(sale: Sale, number: int) -> str:
    return f"62{number:07}{sale.member}"


NOBODY = ("", "NULL", " ", "None", "n/a\r", "\\N", "", "ＮＵＬＬ")


def body_of(sale: Sale, source: str, card: str | None) -> dict[str, Any]:
    """The sale as a till tells it."""
    line = {
        "number": sale.number,
        "amount_minor": sale.amount_minor,
        **{name: text for name, text in sale.texts.items() if name != "shelf" and told(text) is not None},
        **{name: n for name, n in sale.numbers.items() if name != "grams" and n is not None},
        "tags": [tag for tag in sale.tags if tag.strip(BLANKS)],
        "attributes": {
            **({"shelf": sale.texts["shelf"]} if _has(sale.texts["shelf"]) else {}),
            **({"grams": sale.numbers["grams"]} if sale.numbers["grams"] is not None else {}),
        },
    }
    return {
        "source": source,
        "business_no": sale.business_no,
        "occurred_at": AT.isoformat(),
        "money": "CNY",
        "amount_minor": sale.amount_minor,
        "lines": [line],
        **{name: text for name, text in sale.heads.items() if _has(text)},
        **({"payments": [{"method": sale.method, "amount_minor": sale.amount_minor}]} if _has(sale.method) else {}),
        **({"member": {"card": card}} if card else {}),
    }  # fmt: skip


def _has(text: str | None) -> bool:
    return bool(text and text.strip(BLANKS))


def rows_of(sale: Sale, card: str) -> dict[str, str]:
    """The sale as a row of a file."""
    quantity, discount, cost, grams = (sale.numbers[name] for name in NUMBERS)
    return {
        "no": sale.business_no,
        "at": AT.isoformat(),
        "card": card,
        "line": str(sale.number),
        "amount": f"{Decimal(sale.amount_minor) / 100:.2f}",
        **{name: text or "" for name, text in (sale.heads | sale.texts).items()},
        "quantity": "" if quantity is None else f"{Decimal(quantity) / 1000:.3f}",
        "discount": "" if discount is None else f"{Decimal(discount) / 100:.2f}",
        "cost": "" if cost is None else f"{Decimal(cost) / 100:.2f}",
        "grams": "" if grams is None else str(grams),
        "tags": "~~".join(sale.tags),
        "method": sale.method or "",
    }


COLUMNS: dict[str, Any] = {
    "source": "source", "business_no": "no", "occurred_at": "at", "member_ref": "card", "line_number": "line",
    "line_tags": "tags", "payment_method": "method", "attributes": {"shelf": "shelf", "grams": "grams"},
    **{name: name for name in (*HEAD_TEXTS, "sku", "name", "category", "brand", "amount", "quantity", "discount", "cost")},
}  # fmt: skip
MAPPING = Mapping.model_validate(
    {"columns": COLUMNS, "constants": {"member_ref_kind": "card"}, "tag_separator": "~~"}
)
FileRow = tuple[Sale, str, str | None]
"""A sale, its source, and the card that its row names."""


@dataclass(frozen=True, kw_only=True)
class World:
    """A ledger with an API before it."""

    till: Till
    client: httpx.AsyncClient
    token: str
    runner: asyncio.Runner
    folder: Path
    draw_types: Iterator[int]

    async def post(self, path: str, body: Any, *, is_long: bool = False) -> httpx.Response:
        kind = "application/json; charset=utf-8" if is_long else "application/json"
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": kind,
            "Idempotency-Key": f"k{next(_count)}",
        }
        return await self.client.post(path, content=json.dumps(body).encode(), headers=headers)

    async def enrol(self, card: str) -> None:
        answer = await self.post("/v1/members", {"keys": [{"kind": "card", "value": card}]})
        assert answer.status_code == 201, answer.text

    async def tell(self, sale: Sale, road: str, source: str, card: str | None) -> bool:
        """Tell the sale on one road; whether it was taken."""
        if road in ("short", "long"):
            answer = await self.post("/v1/purchases", body_of(sale, source, card), is_long=road == "long")
            assert answer.status_code in (201, 422), answer.text
            return answer.status_code == 201
        if road == "batch":
            body = {"purchases": [body_of(sale, source, card)]}
            answer = await self.post("/v1/purchases:batch", body)
            assert answer.status_code == 200, answer.text
            return bool(answer.json()["answers"][0]["status"] == 201)
        if road == "claim":
            answer = await self.post("/v1/purchases", body_of(sale, source, None))
            if answer.status_code == 201 and card is not None:
                claim = {"member": {"card": card}, "source": source, "business_no": sale.business_no}
                claimed = await self.post("/v1/purchases:claim", claim)
                assert claimed.status_code == 201, claimed.text
            return answer.status_code == 201
        raise AssertionError(road)

    async def tell_again(self, sale: Sale, road: str, source: str, card: str | None) -> None:
        """Tell a sale that came before: it is answered as a replay."""
        body = body_of(sale, source, card)
        if road == "batch":
            answer = await self.post("/v1/purchases:batch", {"purchases": [body]})
            (one,) = answer.json()["answers"]
            assert one["status"] == 200, f"{sale}: {one}"
            return
        answer = await self.post("/v1/purchases", body, is_long=road == "long")
        assert (answer.status_code, answer.headers.get("idempotent-replay")) == (200, "true"), (
            f"{sale}: {answer.text}"
        )

    async def tell_by_file(self, road: str, rows: list[FileRow], *, before: int = 0) -> list[bool]:
        """Tell sales by one file, of which so many came before; which of them were taken."""
        told_ = [
            {"source": source, **rows_of(sale, NOBODY[next(_count) % len(NOBODY)] if card is None else card)}
            for sale, source, card in rows
        ]
        if road.startswith("csv"):
            path, first_row = self.folder / "sales.csv", 2
            with path.open("w", encoding="utf-8", newline="") as stream:
                writer = csv.DictWriter(stream, list(told_[0]), quoting=csv.QUOTE_ALL)
                writer.writeheader()
                writer.writerows(told_)
        else:
            path, first_row = self.folder / "sales.parquet", 1
            _typed(told_, next(self.draw_types)).write_parquet(path)
        known = Known(
            now=datetime.now(UTC), money="CNY", money_decimals=2, line_attributes={"shelf": "text", "grams": "integer"},
            purchase_amount_minor_max=PROGRAMME.limits.purchase_amount_minor_max,
            stores=None if PROGRAMME.any_store else frozenset(store.code for store in PROGRAMME.stores),
        )  # fmt: skip
        loaded = read_purchases([path], MAPPING, known=known)
        came = await import_purchases(self.till.ledger, loaded, actor="import")
        refused = set(came.rejects["row"])
        assert (came.added + len(refused), came.known) == (len(rows) - before, before), came
        return [at + first_row not in refused for at in range(len(rows))]

    def blind(self, card: str) -> bytes:
        """Under what a card is kept."""
        return Vault().blind("card", card)

    async def kept(self, sources: list[str]) -> dict[str, dict[str, Any]]:
        """What the books keep of the one sale of each source."""
        async with self.till.ledger.transaction() as connection:
            rows = await connection.fetch(
                """SELECT source, business_no, k.blind AS card, store, till, cashier, channel, money, amount_minor, payments,
                          tags, lines, hits, occurred_at
                   FROM purchase LEFT JOIN member_key k USING (member_id) WHERE source = ANY($1)""",
                sources,
            )
            nobodys = await connection.fetch(
                "SELECT source, body FROM unclaimed_purchase WHERE source = ANY($1)", sources
            )
        found = {row["source"]: {**row, "source": ""} for row in rows}
        return found | {row["source"]: {**row["body"], "source": ""} for row in nobodys}


def _typed(rows: list[dict[str, str]], kind: int) -> pl.DataFrame:
    """The rows as Parquet has them: all text, or numbers as decimals, or as floats and integers."""
    decimals = {"amount": 2, "quantity": 3, "discount": 2, "cost": 2, "grams": 0}
    columns: dict[str, pl.Series] = {}
    for name in rows[0]:
        texts_ = [row[name] for row in rows]
        if name not in decimals or kind == 0:
            columns[name] = pl.Series(
                [text if kind == 0 else text or None for text in texts_], dtype=pl.String
            )
        elif kind == 1:
            values = [Decimal(text) if text else None for text in texts_]
            columns[name] = pl.Series(values, dtype=pl.Decimal(30, decimals[name]))
        elif name == "grams":
            columns[name] = pl.Series([int(text) if text else None for text in texts_], dtype=pl.Int64)
        else:
            columns[name] = pl.Series([float(text or "nan") for text in texts_], dtype=pl.Float64)
    return pl.DataFrame(columns)


@pytest.fixture
def world(fresh_database: FreshDatabase, tmp_path: Path) -> Iterator[World]:
    """One ledger for all examples; each has sources and cards of its own."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()

        async def begin() -> World:
            till = await stack.enter_async_context(a_till(fresh_database, PROGRAMME))
            _, token = await create_key(till.ledger, name="test", roles=["owner"])
            transport = httpx.ASGITransport(app=create_app(ledger=till.ledger, runs_jobs=False))
            client = await stack.enter_async_context(
                httpx.AsyncClient(transport=transport, base_url="http://jifen.test")
            )
            kinds = itertools.cycle(range(3))
            return World(
                till=till, client=client, token=token, runner=runner, folder=tmp_path, draw_types=kinds
            )

        yield runner.run(begin())
        runner.run(stack.aclose())


def is_plain_enough(sale: Sale) -> bool:
    """Whether nothing in it is what a file alone cannot say: a code that looks like a spreadsheet's 1E5, the mark between
    tags, and a cell with line ends and separators in it, behind which a file is not believed at all."""
    codes = [*sale.heads.values(), sale.business_no, sale.texts["sku"], sale.method]
    every = [one or "" for one in (*codes, *sale.texts.values(), *sale.tags)]
    return not (
        any(text and text.lstrip()[:1].isdigit() and "e" in text.lower() for text in codes)
        or any("~" in tag for tag in sale.tags)
        or any("," in text for text in every)
    )


def test_every_road_gives_one_answer(world: World) -> None:
    taken: list[bool] = []

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(told_=st.lists(sales().filter(is_plain_enough), min_size=SALES, max_size=SALES))
    def ask(told_: list[Sale]) -> None:
        answers = world.runner.run(on_every_road(world, told_))
        for at, sale in enumerate(told_):
            first = answers["short"][at]
            for road in ROADS:
                assert answers[road][at] == first, f"{road} and a single call: {sale}"
            taken.append(first is not None)

    ask()
    assert min(taken.count(True), taken.count(False)) > len(taken) // 6, "the sales are all of one kind"


async def on_every_road(world: World, told_: list[Sale]) -> dict[str, list[dict[str, Any] | None]]:
    """What the books keep of each sale, road by road; None: it was refused, and nothing is kept."""
    first = next(_count)
    numbers = itertools.count(first * SALES)
    cards = [card_of(sale, next(numbers)) if sale.member else None for sale in told_]
    for card in cards:
        if card is not None:
            await world.enrol(f"{card}\r\n")
    answers: dict[str, list[dict[str, Any] | None]] = {}
    for at, road in enumerate(ROADS):
        sources = [f"{road}-{first}-{n}" for n in range(len(told_))]
        own = [card and (f"{card}-{road}" if road.endswith("_of_new") else card) for card in cards]
        rows = [
            (sale.in_writing(at), source, card and otherwise(grouped(card, at), at, is_code=True))
            for sale, source, card in zip(told_, sources, own, strict=True)
        ]
        if road.startswith(("csv", "parquet")):
            was_taken = await world.tell_by_file(road, rows)
        else:
            was_taken = [await world.tell(sale, road, source, card) for sale, source, card in rows]
        kept = await world.kept(sources)
        for sale, source, card, is_taken in zip(told_, sources, own, was_taken, strict=True):
            assert (source in kept) == is_taken, f"{road}: {sale}"
            if is_taken and "card" in kept[source]:
                blind = card and world.blind(card)
                assert kept[source].pop("card") == blind, f"{road}: {sale}"
        answers[road] = [kept.get(source) for source in sources]
    return answers


def test_what_one_road_brought_every_other_finds(world: World) -> None:
    """Told again in other writings by the other roads, nothing is added and nothing is refused."""
    roads = ("short", "csv", "batch", "parquet", "long")
    asked = again = 0

    async def ask_each(told_: list[Sale], first: str) -> int:
        example = next(_count)
        cards = [card_of(sale, example * SALES + n) if sale.member else None for n, sale in enumerate(told_)]
        for card in cards:
            if card is not None:
                await world.enrol(card)
        sources = [f"again-{example}-{n}" for n in range(len(told_))]
        rows = list(zip(told_, sources, cards, strict=True))
        if first in ("csv", "parquet"):
            await world.tell_by_file(first, rows)
        else:
            for sale, source, card in rows:
                await world.tell(sale, first, source, card)
        kept = await world.kept(sources)
        assert len(kept) > SALES // 6
        for at, road in enumerate(roads):
            same = [
                (sale.in_writing(at + 1), source, card and otherwise(grouped(card, at), at + 1, is_code=True))
                for sale, source, card in rows
                if source in kept
            ]
            if road in ("csv", "parquet"):
                await world.tell_by_file(road, same, before=len(same))
            else:
                for sale, source, card in same:
                    await world.tell_again(sale, road, source, card)
        assert await world.kept(sources) == kept
        return len(kept) * len(roads)

    @settings(
        max_examples=EXAMPLES - 1,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(told_=st.lists(sales().filter(is_plain_enough), min_size=SALES, max_size=SALES))
    def ask(told_: list[Sale]) -> None:
        nonlocal asked, again
        again += world.runner.run(ask_each(told_, roads[asked % len(roads)]))
        asked += 1

    ask()
    assert again > 0


def test_one_writing_of_a_card_is_one_member(world: World) -> None:
    async def enrol() -> None:
        await world.enrol("６２７７\r")
        for writing in ("6277", " 6277", "6277\n", "６277"):
            answer = await world.post("/v1/members", {"keys": [{"kind": "card", "value": writing}]})
            assert (answer.status_code, answer.json()["code"]) == (409, "key_taken")
        for writing in ("NULL", "none", "62\u200b77", "62\x1b77", " "):
            answer = await world.post("/v1/members", {"keys": [{"kind": "card", "value": writing}]})
            assert (answer.status_code, answer.json()["code"]) == (422, "field_wrong"), writing

    world.runner.run(enrol())


def test_the_same_sale_said_with_other_blanks_is_the_same_sale(world: World) -> None:
    async def sell() -> None:
        sale = Sale(
            business_no="N   ", member="", number=1, amount_minor=100, method="cash", tags=["a"],
            heads={"store": "S01", "till": "7", "cashier": "é", "channel": "Web"}, numbers=dict.fromkeys(NUMBERS),
            texts={"sku": "1", "name": "A  B", "category": "A / B", "brand": "b", "shelf": "s"},
        )  # fmt: skip
        first = await world.post("/v1/purchases", body_of(sale, "same", None))
        assert first.status_code == 201, first.text
        for number in range(len(ROADS)):
            body = body_of(sale.in_writing(number), " same\n", None)
            for is_long in (False, True):
                again = await world.post("/v1/purchases", body, is_long=is_long)
                assert (again.status_code, again.headers.get("idempotent-replay")) == (200, "true"), (
                    again.text
                )

    world.runner.run(sell())
