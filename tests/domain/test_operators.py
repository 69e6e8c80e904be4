"""How logins and passwords are written, and how long whoever guesses waits."""

from __future__ import annotations

from datetime import timedelta

import pytest

from jifen.domain.operators import (
    WAIT_MAX,
    check_may_grant,
    check_password,
    code_in_form,
    login_in_form,
    login_or_nobody,
    refuse_too_soon,
    wait_after,
)
from jifen.domain.principal import EVERYTHING, PRIVILEGED, ROLES, Permission, Principal
from jifen.domain.refusals import FieldWrong, NotPermitted, SignInTooSoon


def test_waits_double_and_end() -> None:
    waits = [wait_after(failures, free=3, most=WAIT_MAX) // timedelta(seconds=1) for failures in range(16)]
    assert waits == [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]
    assert wait_after(10**9, free=3, most=WAIT_MAX) == WAIT_MAX


def test_what_is_left_to_wait_is_told_in_whole_seconds_and_never_too_few() -> None:
    refuse_too_soon(timedelta())
    for left, seconds in (
        (timedelta(microseconds=1), 1),
        (timedelta(seconds=1.5), 2),
        (timedelta(seconds=30), 30),
    ):
        with pytest.raises(SignInTooSoon) as refused:
            refuse_too_soon(left)
        assert refused.value.numbers == {"seconds": seconds}


@pytest.mark.parametrize(
    ("told", "form"),
    [("Li.Na", "li.na"), (" li.na@shop.cn ", "li.na@shop.cn"), ("ＬＩ", "li"), ("李娜", "李娜"), ("straße", "STRASSE".lower())],
)  # fmt: skip
def test_two_logins_that_a_person_takes_for_one_are_one(told: str, form: str) -> None:
    assert login_in_form(told) == form


@pytest.mark.parametrize("told", ["", " ", "-li", "li na", "li\u200bna", "a" * 65, "li;drop", "\u202eil"])
def test_what_is_no_login_is_refused_and_nobodys(told: str) -> None:
    with pytest.raises(FieldWrong):
        login_in_form(told)
    assert login_or_nobody(told) == ""


def test_length_makes_a_password_and_what_is_guessed_first_does_not() -> None:
    check_password("correct horse battery staple", login="li")
    check_password("我的密码是很长的一句话", login="li")
    for wrong in ("short", "aaaaaaaaaaaa", "1234567890", "lina.chen2026", "x" * 201):
        with pytest.raises(FieldWrong) as refused:
            check_password(wrong, login="lina.chen")
        assert wrong not in str(refused.value)


def test_a_code_is_the_same_however_it_is_grouped() -> None:
    assert code_in_form(" abcd-EFGH 0123 ") == "ABCDEFGH0123"
    assert code_in_form("１２３ ４５６") == "123456"


def a_manager(
    *permissions: Permission, stores: set[str] | None = None, limit: int | None = None
) -> Principal:
    """Somebody who manages operators."""
    held = frozenset({Permission.OPERATORS_MANAGE, *permissions})
    return Principal(
        kind="operator",
        id=None,
        name="manager",
        permissions=held,
        stores=frozenset(stores) if stores else None,
        adjustment_units_max=limit,
    )


def test_nobody_gives_more_than_he_has() -> None:
    adjusts = frozenset({Permission.UNITS_ADJUST})
    check_may_grant(a_manager(Permission.UNITS_ADJUST), adjusts, None, None)
    for manager, permissions, stores, limit in (
        (a_manager(), adjusts, None, None),
        (a_manager(), EVERYTHING, None, None),
        (a_manager(stores={"s1"}), frozenset[Permission](), None, None),
        (a_manager(stores={"s1"}), frozenset[Permission](), ["s1", "s2"], None),
        (a_manager(Permission.UNITS_ADJUST, limit=100), adjusts, None, None),
        (a_manager(Permission.UNITS_ADJUST, limit=100), adjusts, None, 101),
    ):
        with pytest.raises(NotPermitted):
            check_may_grant(manager, permissions, stores, limit)
    check_may_grant(a_manager(Permission.UNITS_ADJUST, stores={"s1"}, limit=100), adjusts, ["s1"], 100)


def test_whoever_serves_at_a_till_does_nothing_privileged() -> None:
    assert not ROLES["cashier"] & PRIVILEGED
    assert all(one.changes_something for one in PRIVILEGED)
