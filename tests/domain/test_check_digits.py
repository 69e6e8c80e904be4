"""Check characters: the standards' own examples, and what they promise to find."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jifen.domain.check_digits import ALPHABET, CardCheck, is_right, with_check


def test_the_examples_of_the_standards() -> None:
    assert with_check("7992739871", CardCheck.LUHN) == "79927398713"  # ISO/IEC 7812-1
    assert is_right("4539578763621486", CardCheck.LUHN)
    assert (
        with_check("A12425GABC1234002", CardCheck.MOD_37_36) == "A12425GABC1234002M"
    )  # the GRid standard, ISO 7064


@given(st.text(ALPHABET[:10], min_size=1, max_size=30), st.data())
def test_every_single_wrong_digit_is_found(digits: str, data: st.DataObject) -> None:
    _every_slip_is_found(digits, CardCheck.LUHN, ALPHABET[:10], data)


@given(st.text(ALPHABET, min_size=1, max_size=30), st.data())
def test_every_single_wrong_letter_is_found(text: str, data: st.DataObject) -> None:
    _every_slip_is_found(text, CardCheck.MOD_37_36, ALPHABET, data)


def _every_slip_is_found(text: str, check: CardCheck, alphabet: str, data: st.DataObject) -> None:
    card = with_check(text, check)
    assert is_right(card, check)
    place = data.draw(st.integers(0, len(card) - 1))
    other = data.draw(st.sampled_from([one for one in alphabet if one != card[place]]))
    assert not is_right(card[:place] + other + card[place + 1 :], check)


@given(st.text(ALPHABET[:10], min_size=2, max_size=30), st.data())
def test_every_swap_of_neighbours_but_09_is_found(digits: str, data: st.DataObject) -> None:
    card = with_check(digits, CardCheck.LUHN)
    at = data.draw(st.integers(0, len(card) - 2))
    pair = card[at : at + 2]
    swapped = card[:at] + pair[::-1] + card[at + 2 :]
    assert is_right(swapped, CardCheck.LUHN) == (pair[0] == pair[1] or set(pair) == {"0", "9"})


@pytest.mark.parametrize("number", ["", "7", "７９９２７３９８７１３", "a12425gabc1234002m", "card-1"])
def test_what_the_check_is_not_of_is_not_right(number: str) -> None:
    assert not is_right(number, CardCheck.LUHN)
    assert not is_right(number, CardCheck.MOD_37_36)
    assert is_right(number, CardCheck.NONE)
