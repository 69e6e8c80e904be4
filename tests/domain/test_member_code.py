"""The member code: what is proven, for how long, and what a photograph of it tells."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jifen.domain.member_code import (
    DIGITS,
    STEP,
    code_at,
    device_key,
    proven_step,
    read_code,
    root_id,
    step_at,
)
from jifen.domain.refusals import CodeWrong

ROOT = bytes(range(32))
DEVICE = UUID(int=7)
NOON = datetime(2026, 11, 28, 12, 0, 10, tzinfo=UTC)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
numbers = st.integers(0, 10**10 - 1)


def test_a_code_is_what_the_decision_says_it_is() -> None:
    """Computed here by hand, so that an app can be written from the page."""
    number, step = 42117306, int(NOON.timestamp()) // 30
    key = hmac.new(
        ROOT, b"jifen member code key 1" + number.to_bytes(8, "big") + DEVICE.bytes, hashlib.sha256
    ).digest()
    told = b"jifen member code 1" + number.to_bytes(8, "big") + step.to_bytes(8, "big")
    proof = int.from_bytes(hmac.new(key, told, hashlib.sha256).digest()[:8], "big") % 10**9
    code = code_at(device_key(ROOT, number, DEVICE), number, NOON)
    assert code[:-1] == f"{number:010}{proof:09}"
    assert code == "00421173066828185629"


@given(numbers, moments, st.integers(-60, 60))
def test_a_phone_whose_clock_is_a_minute_off_is_believed(number: int, at: datetime, off: int) -> None:
    key = device_key(ROOT, number, DEVICE)
    code = code_at(key, number, at + timedelta(seconds=off))
    assert proven_step(key, read_code(code), at) == step_at(at + timedelta(seconds=off))


@given(numbers, moments, st.integers(90, 100_000), st.sampled_from([-1, 1]))
def test_a_photograph_is_worth_nothing_two_minutes_later(
    number: int, at: datetime, later: int, sign: int
) -> None:
    key = device_key(ROOT, number, DEVICE)
    shown = read_code(code_at(key, number, at))
    assert proven_step(key, shown, at + timedelta(seconds=later * sign)) is None


@given(numbers, moments, st.integers(0, DIGITS - 1), st.integers(1, 9))
def test_one_wrong_digit_is_no_code(number: int, at: datetime, place: int, by: int) -> None:
    code = code_at(device_key(ROOT, number, DEVICE), number, at)
    wrong = code[:place] + str((int(code[place]) + by) % 10) + code[place + 1 :]
    with pytest.raises(CodeWrong):
        read_code(wrong)


@pytest.mark.parametrize(
    "text", ["", "1", "٤" * 20, "00421173066828185629 ", "x" * 20, "0042117306682818562"]
)
def test_what_is_no_code_is_refused(text: str) -> None:
    with pytest.raises(CodeWrong):
        read_code(text)


def test_another_phone_another_number_and_another_secret_prove_nothing() -> None:
    code = code_at(device_key(ROOT, 12, DEVICE), 12, NOON)
    for key in (
        device_key(ROOT, 12, UUID(int=8)),
        device_key(ROOT, 13, DEVICE),
        device_key(bytes(32), 12, DEVICE),
    ):
        assert proven_step(key, read_code(code), NOON) is None


def test_the_proof_changes_every_half_minute_and_the_name_of_the_secret_tells_nothing_of_it() -> None:
    key = device_key(ROOT, 12, DEVICE)
    codes = {code_at(key, 12, NOON + STEP * at) for at in range(100)}
    assert len(codes) == 100
    assert root_id(ROOT) not in ROOT.hex()
    assert root_id(ROOT) != root_id(bytes(32))
