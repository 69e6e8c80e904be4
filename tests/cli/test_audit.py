"""`jifen audit`: list, export, verify."""

from __future__ import annotations

import csv
import getpass
import io
import json
from pathlib import Path

from tests.cli.conftest import Jifen


def test_a_command_is_written_down_by_the_account_that_ran_it(jifen: Jifen) -> None:
    key = jifen.data("key", "create", "--name", "till-7", "--role", "till")
    jifen("key", "revoke", key["key_id"])
    rows = jifen.data("audit", "list", "--about", f"key_{key['key_id']}")["data"]
    assert [row["deed"] for row in rows] == ["key.revoked", "key.made"]
    assert {(row["principal_kind"], row["principal"]) for row in rows} == {("local", getpass.getuser())}
    said = jifen("audit", "list", "--deed", "key.made", "--language", "zh")
    assert "创建密钥" in said
    assert "Nothing of that was done." in jifen("audit", "list", "--deed", "import.begun")


def test_a_deed_that_there_is_not_is_told_with_the_one_that_was_meant(jifen: Jifen) -> None:
    assert "key.made" in jifen("audit", "list", "--deed", "key.mad", status=2)
    assert "adt_" in jifen("audit", "list", "--before", "12", status=2)


def test_an_export_is_csv_or_lines_of_json_and_no_formula(jifen: Jifen, tmp_path: Path) -> None:
    jifen("key", "create", "--name", "=HYPERLINK(1)", "--role", "till")
    file = tmp_path / "audit.csv"
    jifen("audit", "export", "--output", str(file))
    rows = list(csv.DictReader(io.StringIO(file.read_text())))
    assert [row["deed"] for row in rows] == ["program.published", "key.made", "key.made", "audit.read"]
    assert not [cell for row in rows for cell in row.values() if cell.startswith("=")]
    assert "is there already" in jifen("audit", "export", "--output", str(file), status=3)
    lines = jifen("audit", "export", "--json", "--deed", "key.made").splitlines()
    assert [json.loads(line)["deed"] for line in lines] == ["key.made", "key.made"]


def test_verify_tells_the_newest_seal_and_holds_the_chain_to_one_that_was_kept(jifen: Jifen) -> None:
    from jifen.cli.at_ledger import at_ledger
    from jifen.operations.seal_audit import seal_audit

    assert jifen.data("audit", "verify")["newest_seal"] is None
    import os

    os.environ.update(jifen.environment)
    try:
        at_ledger(seal_audit, home=None, as_json=True)
    finally:
        for name in jifen.environment:
            del os.environ[name]
    told = jifen.data("audit", "verify")
    assert told["is_kept"]
    assert told["rows"] == told["sealed"] == 2
    assert "as it was sealed" in jifen("audit", "verify", "--expect", told["newest_seal"]["hash"])
    assert "tampered" in jifen("audit", "verify", "--expect", "0" * 64, status=1)
    assert "64 hexadecimal digits" in jifen("audit", "verify", "--expect", "12", status=2)
