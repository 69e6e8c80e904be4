"""The house's rules that no type checker sees."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import jifen
from jifen.store.tables import metadata

SOURCE = Path(jifen.__file__).parent
DOMAIN = sorted((SOURCE / "domain").rglob("*.py"))
FOLD = SOURCE / "domain" / "fold.py"


def _calls(tree: ast.AST) -> list[str]:
    return [ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)]


@pytest.mark.parametrize("path", DOMAIN, ids=lambda path: str(path.relative_to(SOURCE)))
def test_the_domain_holds_no_float_no_clock_and_no_chance(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    numbers = [
        node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, float)
    ]
    divisions = [
        node for node in ast.walk(tree) if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)
    ]
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    modules = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    calls = _calls(tree)

    assert not numbers, "a float stands in the domain"
    assert not divisions, "a division that names no rounding"
    assert not names & {"float", "round"}
    assert not modules & {"random", "time", "decimal"}
    assert not [call for call in calls if call.endswith((".now", ".today", ".utcnow"))]


def test_the_fold_imports_only_types_and_holds_only_functions_numbers_and_tuples_of_numbers() -> None:
    tree = ast.parse(FOLD.read_text(encoding="utf-8"))
    for statement in tree.body:
        kinds = ast.Expr | ast.Assign | ast.FunctionDef | ast.ImportFrom | ast.ClassDef
        assert isinstance(statement, kinds), ast.unparse(statement)
    for node in ast.walk(tree):
        assert not isinstance(node, ast.Import | ast.Dict | ast.ListComp | ast.JoinedStr | ast.Try)
        if isinstance(node, ast.ImportFrom):
            assert node.module in ("__future__", "typing")
        if isinstance(node, ast.ClassDef):
            assert [ast.unparse(base) for base in node.bases] == ["NamedTuple"]
            assert all(isinstance(part, ast.Expr | ast.AnnAssign) for part in node.body)
            assert sum(isinstance(part, ast.AnnAssign) for part in node.body) <= 13, (
                "Numba's compile time explodes"
            )


@pytest.mark.parametrize("room", ["operations", "jobs", "api"])
def test_the_only_sql_is_in_the_store(room: str) -> None:
    queries = (".fetch", ".fetchval", ".fetchrow", ".execute", ".executemany", ".copy_to_table")
    for path in (SOURCE / room).rglob("*.py"):
        calls = _calls(ast.parse(path.read_text(encoding="utf-8")))
        assert not [call for call in calls if call.endswith(queries)], path.name


def test_the_serving_process_loads_neither_polars_nor_numba() -> None:
    script = "import sys, jifen.api.app; print([m for m in ('polars', 'numba', 'pyarrow', 'pandas') if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_the_journal_has_no_column_for_personal_data() -> None:
    personal = ("name", "phone", "mail", "address", "birth", "gender", "person")
    for table in metadata.tables.values():
        if str(table.info["class"]).endswith("journal"):
            assert not [
                column.name for column in table.columns if any(word in column.name for word in personal)
            ]


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda path: str(path.relative_to(SOURCE)))
def test_every_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


def test_no_function_is_longer_than_a_long_screen_and_no_file_teaches_two_ideas() -> None:
    """STYLE section 3: about 40 lines a function, about 100 to 300 a file; the limits here are where it stops being a
    matter of taste. The fold is the one exception."""
    too_long = []
    for path in SOURCE.rglob("*.py"):
        if path == FOLD:
            continue
        text = path.read_text(encoding="utf-8")
        if text.count("\n") > 520:
            too_long.append(f"{path.relative_to(SOURCE)}: {text.count(chr(10))} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno
                if length > 130:
                    too_long.append(f"{path.relative_to(SOURCE)}:{node.name}: {length} lines")
    assert not too_long
