"""Who asks: what he was not given he may not do; stores and limits hold him."""

from __future__ import annotations

import re

import pytest

from jifen.domain.principal import (
    EVERYTHING,
    JOB,
    LOCAL,
    ROLES,
    Permission,
    Principal,
    permissions_of,
)
from jifen.domain.refusals import SecondPersonNeeded, StoreNotPermitted
from jifen.present.catalogue import catalogue_of, languages
from jifen.present.principals import permission_said, role_said

MOVES_UNITS_BY_HAND = {Permission.UNITS_ADJUST, Permission.ENTRIES_REVERSE, Permission.UNITS_GIVE}
BY_WHAT_A_PERSON_DOES = {
    "owner", "marketing", "store_manager", "cashier", "service", "analyst", "accountant", "auditor", "privacy_officer",
    "integrator",
}  # fmt: skip
BY_WHAT_A_KEY_SITS_IN = {"till", "members", "console", "integration", "admin"}


def a_principal(
    *permissions: Permission,
    stores: set[str] | None = None,
    adjustment_units_max: int | None = None,
    is_test: bool = False,
) -> Principal:
    """Somebody with these permissions."""
    return Principal(
        kind="key",
        id=None,
        name="somebody",
        permissions=frozenset(permissions),
        stores=frozenset(stores) if stores is not None else None,
        adjustment_units_max=adjustment_units_max,
        is_test=is_test,
    )


def test_whoever_was_given_nothing_may_do_nothing() -> None:
    assert not any(a_principal().may(one) for one in Permission)


def test_a_permission_is_a_noun_and_a_verb_and_is_said_in_every_language() -> None:
    for one in Permission:
        assert re.fullmatch(r"[a-z]+\.[a-z]+(_[a-z]+)*", one)
        for language in languages():
            assert permission_said(one, language)
    for role in ROLES:
        for language in languages():
            assert role_said(role, language)


def test_the_catalogues_say_no_permission_and_no_role_that_there_is_not() -> None:
    said = catalogue_of("en").messages
    of = {key.partition(".")[2] for key in said if key.startswith("permission.")}
    assert of == set(Permission)
    assert {key.partition(".")[2] for key in said if key.startswith("role.")} == set(ROLES)


def test_the_roles_of_the_design_and_what_a_key_sits_in() -> None:
    assert set(ROLES) == BY_WHAT_A_PERSON_DOES | BY_WHAT_A_KEY_SITS_IN
    assert ROLES["owner"] == ROLES["admin"] == EVERYTHING


@pytest.mark.parametrize("role", ["till", "cashier"])
def test_whoever_serves_at_a_till_moves_no_units_by_hand(role: str) -> None:
    assert not ROLES[role] & MOVES_UNITS_BY_HAND


@pytest.mark.parametrize("role", ["auditor", "accountant"])
def test_whoever_reads_the_books_changes_nothing(role: str) -> None:
    assert not any(one.changes_something for one in ROLES[role])


def test_an_auditor_reads_everything() -> None:
    reads = {one for one in Permission if not one.changes_something}
    assert reads - ROLES["auditor"] == {Permission.PURCHASES_QUOTE, Permission.PROGRAM_PLAN}


@pytest.mark.parametrize("role", sorted(set(ROLES) - {"owner", "admin"}))
def test_only_the_owner_manages_keys(role: str) -> None:
    assert Permission.KEYS_MANAGE not in ROLES[role]


def test_what_this_release_does_not_know_gives_nothing() -> None:
    assert permissions_of(["astronaut"], ["rockets.launch"]) == frozenset()
    assert permissions_of(["till"], ["metrics.read"]) == ROLES["till"] | {Permission.METRICS_READ}


def test_a_test_has_no_permission_that_changes_something() -> None:
    a_principal(Permission.MEMBERS_READ, is_test=True)
    with pytest.raises(AssertionError, match="a test changes nothing"):
        a_principal(Permission.UNITS_ADJUST, is_test=True)


def test_nobody_is_bound_to_no_store_at_all() -> None:
    with pytest.raises(AssertionError, match="no store"):
        a_principal(stores=set())


# -- stores -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bound", "named", "found"),
    [
        (None, None, None),
        (None, "s1", "s1"),
        ({"s1"}, None, "s1"),
        ({"s1"}, "s1", "s1"),
        ({"s1", "s2"}, "s2", "s2"),
    ],
)
def test_what_is_written_down_is_of_a_store_of_whoever_asks(
    bound: set[str] | None, named: str | None, found: str | None
) -> None:
    assert a_principal(stores=bound).store_for(named) == found


@pytest.mark.parametrize(
    ("bound", "named"), [({"s1"}, "s2"), ({"s1", "s2"}, "s3"), ({"s1", "s2"}, None), ({"s1"}, "")]
)
def test_another_store_is_refused_and_none_where_there_are_several(
    bound: set[str], named: str | None
) -> None:
    with pytest.raises(StoreNotPermitted) as refused:
        a_principal(stores=bound).store_for(named)
    assert refused.value.pointer == "/store"
    assert refused.value.numbers["stores"] == ", ".join(sorted(bound))


@pytest.mark.parametrize(
    ("bound", "of", "is_own"),
    [
        (None, None, True),
        (None, "s1", True),
        ({"s1"}, "s1", True),
        ({"s1"}, "s2", False),
        ({"s1"}, None, False),
    ],
)
def test_what_stands_there_already_is_of_a_store_of_whoever_asks(
    bound: set[str] | None, of: str | None, is_own: bool
) -> None:
    principal = a_principal(stores=bound)
    if is_own:
        principal.check_own_store(of, pointer="/business_no")
    else:
        with pytest.raises(StoreNotPermitted) as refused:
            principal.check_own_store(of, pointer="/business_no")
        assert refused.value.pointer == "/business_no"


# -- limits -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("units", [1, 500, -500])
def test_up_to_its_limit_it_adjusts_alone(units: int) -> None:
    a_principal(adjustment_units_max=500).check_adjustment(units)


@pytest.mark.parametrize("units", [501, -501, 10**9])
def test_above_it_a_second_person_is_needed_whether_units_are_given_or_taken(units: int) -> None:
    with pytest.raises(SecondPersonNeeded) as refused:
        a_principal(adjustment_units_max=500).check_adjustment(units)
    assert refused.value.numbers == {"units": abs(units), "adjustment_units_max": 500}


def test_a_limit_of_nothing_is_a_limit() -> None:
    with pytest.raises(SecondPersonNeeded):
        a_principal(adjustment_units_max=0).check_adjustment(1)


@pytest.mark.parametrize("principal", [LOCAL, JOB])
def test_a_command_and_a_job_may_do_everything_and_are_bound_by_no_second_person(
    principal: Principal,
) -> None:
    assert principal.permissions == EVERYTHING
    assert principal.store_for("s9") == "s9"
    principal.check_adjustment(10**9)
