"""The same sale is the same sale, whichever road it came on and whatever its member was named by; what undid it since is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from tests.builders import a_purchase
from tests.conftest import FreshDatabase
from tests.import_files.builders import a_row, known, mapping, read
from tests.machine.test_attacks import all_of
from tests.machine.till import Till, a_key, a_till, days, request_of

from jifen.domain.person import MemberKey
from jifen.domain.principal import LOCAL
from jifen.domain.purchase import Purchase
from jifen.domain.refusals import KeyReused, Refusal
from jifen.insight.frames import Loaded
from jifen.jobs.import_purchases import import_purchases
from jifen.operations.claim_purchase import claim_purchase
from jifen.operations.read_purchase import read_purchase
from jifen.operations.record_purchases import record_purchases
from jifen.operations.return_purchase import ReturnRequest, return_purchase
from jifen.store.keys import BusinessKey

DAY = datetime(2026, 3, 2, 1, tzinfo=UTC)
CARD = MemberKey("card", "6200001")


def _a_file(folder: Path, numbers: list[str], *, amount: str = "128.00", card: str = CARD.value) -> Loaded:
    rows = [
        a_row(no=no, member=card, qty="1", discount="0", amount=amount, at="2026-03-02 09:00:00")
        for no in numbers
    ]
    return read(
        folder,
        rows,
        by=mapping(constants={"source": "pos", "member_ref_kind": "card"}),
        knowing=known(stores=None, now=datetime.now(UTC)),
    )


async def _told(till: Till, no: str) -> Purchase:
    source = await till.fetchval("SELECT source FROM purchase_key WHERE business_no = $1", no)
    return (await read_purchase(till.ledger, BusinessKey(source, no))).purchase


async def _is_replayed(till: Till, purchase: Purchase, whose: UUID | MemberKey | None) -> bool:
    (answer,) = await record_purchases(till.ledger, [request_of(purchase, whose)])
    if isinstance(answer, Refusal):
        raise answer
    return answer.is_replay


async def test_a_sale_of_a_file_is_known_at_the_till_by_any_name_of_its_member(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    async with a_till(fresh_database) as till:
        member = await till.enrol(CARD.value)
        stranger = await till.enrol()
        await import_purchases(till.ledger, _a_file(tmp_path, ["one"]), actor="import")
        purchase = await _told(till, "one")
        for name in (CARD, member):
            assert await _is_replayed(till, purchase, name)
        cases: list[tuple[Purchase, UUID | MemberKey | None, str]] = [
            (replace(purchase, till="7"), member, "/till"),
            (replace(purchase, tags=("vip",)), member, "/tags"),
            (replace(purchase, occurred_at=DAY + timedelta(seconds=1)), CARD, "/occurred_at"),
            (
                replace(purchase, lines=(purchase.lines[0]._replace(brand="x"),)),
                CARD,
                "/lines/0/brand",
            ),
            (purchase, stranger, "/member"),
            (purchase, None, "/member"),
        ]
        for changed, whose, pointer in cases:
            with pytest.raises(KeyReused) as refused:
                await _is_replayed(till, changed, whose)
            assert refused.value.pointer == pointer
        assert await till.fetchval("SELECT count(*) FROM purchase") == 1
        await till.assert_laws()


async def test_a_sale_of_the_till_is_known_in_a_file(
    fresh_database: FreshDatabase, second_database: FreshDatabase, tmp_path: Path
) -> None:
    async with a_till(second_database) as other:
        await import_purchases(other.ledger, _a_file(tmp_path, ["one"]), actor="import")
        purchase = await _told(other, "one")
    async with a_till(fresh_database) as till:
        member = await till.enrol(CARD.value)
        assert not await _is_replayed(till, purchase, member)
        told = await import_purchases(till.ledger, _a_file(tmp_path, ["one"]), actor="import")
        assert (told.added, told.known, told.refused) == (0, 1, 0)
        for is_dry_run in (True, False):
            wrong = _a_file(tmp_path, ["one"], amount="9.00")
            told = await import_purchases(till.ledger, wrong, actor="import", is_dry_run=is_dry_run)
            assert (told.added, told.known, told.refused) == (0, 0, 1)
            assert told.rejects.get_column("column").to_list() == ["amount_minor"]
        await till.assert_laws()


async def test_a_sale_of_somebody_who_was_merged_is_known_by_the_one_who_stands_for_him(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    async with a_till(fresh_database) as till:
        goes, stays = await till.enrol(CARD.value), await till.enrol()
        await import_purchases(till.ledger, _a_file(tmp_path, ["one"]), actor="import")
        purchase = await _told(till, "one")
        await till.merge(goes, stays)
        for whose in (CARD, goes, stays):
            assert await _is_replayed(till, purchase, whose)


async def test_what_was_voided_says_so_when_it_is_sent_again(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database) as till:
        member, now = await till.enrol(), await till.now()
        request = request_of(a_purchase(10_000, at=now, no="one"), member)
        (first,) = await record_purchases(till.ledger, [request])
        assert not isinstance(first, Refusal)
        assert first.undone is None
        await till.bring_back("one")
        (again,) = await record_purchases(till.ledger, [request])
        assert not isinstance(again, Refusal)
        assert again.undone is not None
        assert (again.is_replay, again.undone.is_void, again.undone.amount_minor) == (True, True, 10_000)
        assert await till.points(member) == [0]


@pytest.mark.parametrize("seed", range(4))
async def test_a_return_beside_a_claim_takes_back_whichever_comes_first(
    fresh_database: FreshDatabase, seed: int
) -> None:
    """Neither is told to ask again: the one that comes second finds what the first has made of the receipt."""
    async with a_till(fresh_database) as till:
        members = [await till.enrol() for _ in range(6)]
        now = await till.now()
        for at, _ in enumerate(members):
            bought = a_purchase(10_000, at=now - days(1), no=f"n{seed}{at}")
            await record_purchases(till.ledger, [request_of(bought, None)])

        async def claim(at: int) -> object:
            return await claim_purchase(
                till.ledger, members[at], BusinessKey("pos", f"n{seed}{at}"), a_key(), principal=LOCAL
            )

        async def void(at: int) -> object:
            request = ReturnRequest(purchase=BusinessKey("pos", f"n{seed}{at}"), lines=None)
            return await return_purchase(till.ledger, request, a_key())

        calls = [call(at) for at, _ in enumerate(members) for call in (claim, void)]
        await all_of(*calls)
        assert await till.points(*members) == [0] * len(members)
        await till.assert_laws()
