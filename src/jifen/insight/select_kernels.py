"""The loops of the selector for columns, compiled: sparse hits from masks. Shapes as `select_columns` has them."""

from __future__ import annotations

from typing import Any as Anything

import numba
import numpy as np


def _count_hits_plain(
    purchase: Anything, words: Anything, word: Anything, bit: Anything, start: Anything
) -> bool:
    """Fill `start` with the running number of hits; False when the lines are not sorted or a number is out of range."""
    lines = len(purchase)
    purchases = len(start) - 1
    seen = np.zeros(words.shape[0], dtype=np.int64)
    line = 0
    for p in range(purchases):
        seen[:] = 0
        while line < lines and purchase[line] == p:
            for w in range(words.shape[0]):
                seen[w] |= words[w, line]
            line += 1
        count = 0
        for r in range(len(bit)):
            if seen[word[r]] & bit[r] != 0:
                count += 1
        start[p + 1] = start[p] + count
    return line == lines


def _fill_hits_plain(
    purchase: Anything,
    words: Anything,
    amount: Anything,
    quantity: Anything,
    word: Anything,
    bit: Anything,
    numbers: Anything,
    start: Anything,
    rule_out: Anything,
    amount_out: Anything,
    quantity_out: Anything,
) -> None:
    """Fill the outputs with the hits of each purchase and their sums."""
    rules = len(bit)
    lines = len(purchase)
    hit = np.zeros(rules, dtype=np.int64)
    amounts = np.zeros(rules, dtype=np.int64)
    quantities = np.zeros(rules, dtype=np.int64)
    line = 0
    for p in range(len(start) - 1):
        hit[:] = 0
        amounts[:] = 0
        quantities[:] = 0
        while line < lines and purchase[line] == p:
            for r in range(rules):
                if words[word[r], line] & bit[r] != 0:
                    hit[r] = 1
                    amounts[r] += amount[line]
                    quantities[r] += quantity[line]
            line += 1
        out = start[p]
        for r in range(rules):
            if hit[r] == 1:
                rule_out[out] = numbers[r]
                amount_out[out] = amounts[r]
                quantity_out[out] = quantities[r]
                out += 1


def _open_rules_plain(open_rules: Anything, line_start: Anything, words: Anything) -> None:
    """Give each line the mask of its purchase."""
    for w in range(words.shape[0]):
        for p in range(len(line_start) - 1):
            words[w, line_start[p] : line_start[p + 1]] = open_rules[w, p]


def _look_up_plain(table: Anything, codes: Anything, words: Anything) -> None:
    """Leave of each line's mask what the table has for its code."""
    for w in range(words.shape[0]):
        for i in range(len(codes)):
            words[w, i] &= table[w, codes[i]]


def _count_by_basket_plain(
    line_start: Anything, words: Anything, numbers: Anything, seen: Anything, start: Anything
) -> None:
    """Fill `seen` with the rules that see some line of each purchase, and `start` with the running number of hits."""
    for p in range(len(line_start) - 1):
        for w in range(words.shape[0]):
            mask = 0
            for i in range(line_start[p], line_start[p + 1]):
                mask |= words[w, i]
            seen[w, p] = mask
        count = 0
        for r in range(len(numbers)):
            count += seen[numbers[r] // 63, p] >> (numbers[r] % 63) & 1
        start[p + 1] = start[p] + count


def _fill_by_basket_plain(
    line_start: Anything, words: Anything, amount: Anything, quantity: Anything, numbers: Anything, seen: Anything,
    rule_out: Anything, amount_out: Anything, quantity_out: Anything,
) -> None:  # fmt: skip
    """Fill the outputs with the hits of each purchase and their sums."""
    out = 0
    for p in range(len(line_start) - 1):
        for r in range(len(numbers)):
            word, shift = numbers[r] // 63, numbers[r] % 63
            if seen[word, p] >> shift & 1 == 0:
                continue
            amounts = 0
            quantities = 0
            for i in range(line_start[p], line_start[p + 1]):
                own = words[word, i] >> shift & 1
                amounts += own * amount[i]
                quantities += own * quantity[i]
            rule_out[out] = numbers[r]
            amount_out[out] = amounts
            quantity_out[out] = quantities
            out += 1


open_rules = numba.njit(cache=True, nogil=True)(_open_rules_plain)
look_up = numba.njit(cache=True, nogil=True)(_look_up_plain)
count_by_basket = numba.njit(cache=True, nogil=True)(_count_by_basket_plain)
fill_by_basket = numba.njit(cache=True, nogil=True)(_fill_by_basket_plain)
count_hits = numba.njit(cache=True, nogil=True)(_count_hits_plain)
fill_hits = numba.njit(cache=True, nogil=True)(_fill_hits_plain)
