"""`jifen operator`: from the first owner to a lost password, in both languages."""

from __future__ import annotations

import asyncio

from tests.api.conftest import a_ledger
from tests.cli.conftest import Jifen
from tests.conftest import FreshDatabase

from jifen.cli.demo import OPERATORS, _new_operators
from jifen.domain.principal import LOCAL
from jifen.domain.refusals import SignInRefused
from jifen.operations.manage_operators import disable_operator, list_operators
from jifen.operations.sign_in import sign_in

PASSWORD = "several words are good\n"


def test_the_first_owner_is_made_at_the_machine_and_a_cashier_invited(jifen: Jifen) -> None:
    assert "jifen operator add" in jifen("operator", "list")
    said = jifen(
        "operator", "add", "李娜", "--login", "Li.Na", "--role", "owner", "--language", "zh", input=PASSWORD
    )
    assert said.strip() == "李娜 以登录名 li.na 登录。"
    invited = jifen.data(
        "operator",
        "invite",
        "Wang Fang",
        "--role",
        "cashier",
        "--store",
        "main",
        "--url",
        "https://points.example.cn/",
    )
    assert invited["link"] == f"https://points.example.cn/console/invitation#{invited['token']}"
    assert invited["operator"]["stores"] == ["main"]
    listed = {one["name"]: one for one in jifen.data("operator", "list")["operators"]}
    assert {name: one["state"] for name, one in listed.items()} == {"李娜": "active", "Wang Fang": "invited"}
    assert "token" not in str(listed), "an invitation is shown once"


def test_an_operator_is_changed_disabled_enabled_and_begins_anew(jifen: Jifen) -> None:
    jifen("operator", "add", "Li Na", "--login", "li.na", "--role", "owner", input=PASSWORD)
    changed = jifen.data(
        "operator", "roles", "LI.NA", "--role", "store_manager", "--adjustment-units-max", "500"
    )
    assert (changed["roles"], changed["adjustment_units_max"]) == (["store_manager"], 500)
    assert jifen.data("operator", "disable", "li.na")["state"] == "disabled"
    assert "已停用" in jifen("operator", "show", changed["id"], "--language", "zh")
    assert jifen.data("operator", "enable", "li.na")["state"] == "active"
    assert jifen.data("operator", "end-sessions", "li.na") == {"ended": 0}
    reset = jifen.data("operator", "reset-password", "li.na", "--second-factor")
    assert reset["operator"]["state"] == "invited"


def test_what_is_wrong_is_said_with_the_way_out(jifen: Jifen) -> None:
    assert jifen.data("operator", "show", "nobody", status=3)["code"] == "operator_unknown"
    nothing = jifen.data("operator", "invite", "X", status=3)
    assert nothing["pointer"] == "/roles"
    near = jifen.data("operator", "invite", "X", "--role", "cashir", status=3)
    assert "Did you mean cashier?" in near["detail"]
    store = jifen.data("operator", "invite", "X", "--role", "cashier", "--store", "mian", status=3)
    assert "did you mean main?" in store["detail"]
    short = jifen("operator", "add", "X", "--login", "x", "--role", "owner", status=3, input="short\n")
    assert "10 to 200" in short
    jifen("operator", "add", "X", "--login", "x", "--role", "owner", input=PASSWORD)
    taken = jifen("operator", "add", "Y", "--login", "X", "--role", "owner", status=3, input=PASSWORD)
    assert "login_taken" in taken


def test_each_run_of_a_demo_gives_its_three_operators_other_passwords(fresh_database: FreshDatabase) -> None:
    async def two_runs() -> None:
        async with a_ledger(fresh_database.app) as ledger:
            runs = [await _new_operators(ledger)]
            cashier = next(one for one in await list_operators(ledger) if one.login == "cashier")
            await disable_operator(ledger, LOCAL, cashier.operator_id)  # as whoever tries a demo does
            runs.append(await _new_operators(ledger))
            assert [[one[0] for one in run] for run in runs] == [[login for login, _, _ in OPERATORS]] * 2
            for (login, old, role), (_, new, _) in zip(*runs, strict=True):
                assert old != new
                where = {"code": None, "address": "", "agent": ""}
                opened = await sign_in(ledger, login=login, password=new, **where)  # type: ignore[arg-type]
                assert opened.session.roles == (role,)
                try:
                    await sign_in(ledger, login=login, password=old, **where)  # type: ignore[arg-type]
                except SignInRefused:
                    continue
                raise AssertionError("the password of an earlier run opens")

    asyncio.run(two_runs())
