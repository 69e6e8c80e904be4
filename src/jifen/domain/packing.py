"""Days packed for the member's row: as short as what stands in them allows, and one way only to write the same days.

Layout, little-endian: how many rows (uint16), numbers in a row (uint8), the first day from which they are complete (int32).
Up to SHORT rows follow as they are, eight bytes a number. More follow column by column: a code and what it says.

    `B` `H` `i` `q`   a number of 1, 2, 4 or 8 bytes for each row: the narrowest that holds all of them
    `1`               one number of 8 bytes, the same in every row
    `=`               a uint8: the column is the same as that one before it
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Sequence

SHORT = 4
_HEAD = struct.Struct("<HBi")
_MOST = (("B", 0xFF), ("H", 0xFFFF), ("i", (1 << 31) - 1), ("q", (1 << 63) - 1))
_CODES = {code: code for code, _ in _MOST}


class DaysTorn(ValueError):
    """Bytes that no days are packed into."""


def packed(rows: Sequence[int], width: int, first_day: int) -> bytes:
    """Flat rows of `width` numbers, the first of each its day, as bytes."""
    n = len(rows) // width
    head = _HEAD.pack(n, width, first_day)
    if n <= SHORT:
        return head + struct.pack(f"<{n * width}q", *rows)
    parts = [head]
    columns: list[Sequence[int]] = []
    for at in range(width):
        column = rows[at::width]
        parts.append(_column(column, columns))
        columns.append(column)
    return b"".join(parts)


def _column(column: Sequence[int], before: Sequence[Sequence[int]]) -> bytes:
    if column in before:
        return b"=" + bytes((before.index(column),))
    if column.count(column[0]) == len(column):
        return struct.pack("<cq", b"1", column[0])
    high = max(column)
    for code, most in _MOST:
        if high <= most:
            try:
                return code.encode() + _swapped(array(code, column)).tobytes()
            except OverflowError:
                pass  # a number below what this code holds
    raise AssertionError("a number of the fold has 64 bits")


def _swapped(numbers: array[int]) -> array[int]:
    """Little-endian, wherever this runs; and back."""
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def unpacked(data: bytes) -> tuple[list[int], int]:
    """The flat rows, and the first day from which they are complete.

    Raises
        DaysTorn   they were not packed here
    """
    try:
        n, width, first_day = _HEAD.unpack_from(data)
        if n <= SHORT:
            return list(struct.unpack_from(f"<{n * width}q", data, _HEAD.size)), first_day
        rows = [0] * (n * width)
        offset = _HEAD.size
        for at in range(width):
            code = data[offset : offset + 1].decode("ascii")
            offset += 1
            if code == "=":
                rows[at::width] = rows[data[offset] :: width]
                offset += 1
            elif code == "1":
                rows[at::width] = [struct.unpack_from("<q", data, offset)[0]] * n
                offset += 8
            else:
                numbers = array(_CODES[code])
                end = offset + n * numbers.itemsize
                numbers.frombytes(data[offset:end])
                rows[at::width] = _swapped(numbers)
                offset = end
    except (struct.error, UnicodeDecodeError, LookupError, ValueError) as torn:
        raise DaysTorn(f"{len(data)} bytes are no packed days") from torn
    return rows, first_day
