"""No column of a snapshot names a person, and every column of the ledger was thought about."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import FreshDatabase
from tests.machine.till import a_till
from tests.snapshot.shop import Lives, a_shop_document, snapshot_of

from jifen.insight.snapshot import TABLES
from jifen.store.snapshot import SELECTS, column_names
from jifen.store.tables import metadata

LEFT_OUT = {
    "member": {"next_due_at": "for the job loop; it follows from next_due_day"},
    "lot": {},
    "purchase": {
        "purchase_id": "(member, sequence) names it",
        "business_no": "an external id",
        "till": "with the time it names a cashier",
        "cashier": "a person",
        "actor": "a person",
        "inserted_at": "when the row was written says nothing of the past",
        "occurred_on": "follows from occurred_at",
        "money": "one for all, in the manifest",
        "recorded_xid": "a number of this server",
    },
    "purchase_return": {
        "return_id": "(member, sequence) names it",
        "till": "with the time it names a cashier",
        "cashier": "a person",
        "actor": "a person",
        "inserted_at": "when the row was written says nothing of the past",
        "recorded_xid": "a number of this server",
    },
    "entry": {
        "entry_id": "(member, sequence) names it",
        "actor": "a person",
        "inserted_at": "when the row was written says nothing of the past",
        "recorded_xid": "a number of this server",
    },
    "event": {
        "code": "follows from the number in state",
        "business_no": "an external id",
    },
    "posting": {
        "account": "follows from the verb",
        "is_credit": "follows from the verb",
        "actor": "a person",
        "recorded_xid": "a number of this server",
    },
}
"""table -> column -> why it stays behind."""

READ_BESIDE = {"member": {"segments"}}
"""table -> what is read of other tables into its rows: of segments only their codes."""
NEVER_READ = {
    "api_key", "audit", "audit_seal", "backtest", "backtest_report", "book", "carried_lot", "checkpoint",
    "compensation", "compensation_share",
    "consent", "device",
    "duty", "effect", "erasure", "event_text", "file_task",
    "flagged_code", "gift", "lease", "member_answer", "member_key", "note", "operator",
    "one_time_code", "operator_invitation", "operator_session", "parked", "passkey", "passkey_challenge",
    "person", "person_field", "person_session", "pool",
    "pool_back", "pool_use", "programme_balance", "redemption", "stock", "stock_change",
    "proof", "proposal", "purchase_key", "question", "question_step", "question_text", "request_key", "reservation",
    "revision_text", "revision_tests", "setting",
    "household_invitation", "likeness", "merged_member", "segment", "segment_member", "segment_size",
    "sign_in_try", "switch", "terms", "terms_withdrawal", "told_apart",
    "unclaimed_purchase",
    "used_code",
}  # fmt: skip
OF_A_PERSON = {"name", "card", "external", "external_id", "value", "phone", "note", "actor", "cashier", "till", "business_no",
               "published_by"}  # fmt: skip


def test_every_column_of_the_ledger_is_read_or_left_out_on_purpose() -> None:
    read: dict[str, set[str]] = {}
    for name, (of, _) in SELECTS.items():
        first, _, joined = of.partition(" LEFT JOIN ")
        for table in (first, *([joined.partition(" ")[0]] if joined else [])):
            read[table] = set(column_names(name))
    renamed = {
        "lot": {"matures_on": "matures_day", "expires_on": "expires_day"},
        "entry": {"value": "state"},
    }
    tables = {table.name: table for table in metadata.tables.values()}
    assert set(tables) == set(LEFT_OUT) | NEVER_READ | {"revision"}
    for of, left_out in LEFT_OUT.items():
        columns = {renamed.get(of, {}).get(column.name, column.name) for column in tables[of].columns}
        assert columns - set(left_out) <= read[of], of
        assert read[of] - READ_BESIDE.get(of, set()) <= columns or of in ("entry", "event"), of
        assert not read[of] & set(left_out), of
    both = {renamed["entry"].get(c.name, c.name) for name in ("entry", "event") for c in tables[name].columns}
    assert read["entry"] <= both


def test_no_contract_has_a_column_for_a_person() -> None:
    for name, table in TABLES.items():
        columns = set(table.contract.schema)
        assert not columns & OF_A_PERSON, name
        assert ("member_id" in columns) == (name == "members")


async def test_what_a_till_says_of_persons_is_in_no_file(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    """The words are looked for in the columns as they are read, and in the texts of the folder."""
    import polars as pl

    async with a_till(fresh_database, a_shop_document()) as till:
        lives = Lives(till, seed=3)
        await lives.enrol(3)
        await lives.go_on(25)
        taken = await snapshot_of(fresh_database, tmp_path / "s")
        assert await till.fetchval("SELECT count(*) FROM purchase WHERE cashier = 'secret-cashier'") > 0
    said = [path.read_text() for path in (tmp_path / "s").glob("*.json")]
    for file in taken.manifest.files:
        said.append(pl.read_parquet(tmp_path / "s" / file.path).write_json())
    for secret in ("secret", "card-", "a name that stays behind", '"test"'):
        assert not [text for text in said if secret in text], secret
