"""What a rule grants, from the document to numbers: one amount, bands, or the least of several."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import lcm
from typing import NamedTuple

from jifen.document.model import AmountPart, Band, EarnRulePart
from jifen.document.problems import Finding, Steps
from jifen.domain.program.meaning import Amount, Grant, Shape
from jifen.present.said import Said

ONE = Fraction(1)


class Granted(NamedTuple):
    """What a rule grants, as `EarnRule` has it."""

    grant: Grant
    rate: tuple[int, int]
    shape: Shape = Shape.PLAIN
    amounts: tuple[Amount, ...] = ()


def granted_by(rule: EarnRulePart, smallest: int, factor: Fraction = ONE) -> Granted:
    """What a rule that is no multiple grants, times a factor, in smallest units. It has been checked."""
    if rule.bands is not None:
        return _banded(rule, smallest, factor)
    if rule.lesser_of is not None:
        first, *others = (_plain(one, smallest, factor) for one in rule.lesser_of)
        more = tuple(Amount(grant=grant, rate=rate) for grant, rate in others)
        return Granted(*first, Shape.LESSER, more)
    return Granted(*_plain(rule, smallest, factor))


def _plain(rule: EarnRulePart | AmountPart, smallest: int, factor: Fraction) -> tuple[Grant, tuple[int, int]]:
    """One amount. A step must stay a step, so only its units grow."""
    if rule.fixed is not None:
        return Grant.FIXED, (int(rule.fixed.points * smallest * factor), 1)
    if rule.per_amount is not None:
        per = rule.per_amount.amount_minor
        whole, rate = Grant.PER_WHOLE_AMOUNT, Grant.PER_AMOUNT
        points, is_whole = rule.per_amount.points, rule.per_amount.whole_steps
    elif rule.per_quantity is not None:
        per = int(Fraction(rule.per_quantity.quantity) * 1000)
        whole, rate = Grant.PER_WHOLE_QUANTITY, Grant.PER_QUANTITY
        points, is_whole = rule.per_quantity.points, rule.per_quantity.whole_steps
    else:
        assert isinstance(rule, EarnRulePart), "an amount is one of three"
        assert rule.per_attribute is not None, "a rule grants in one way"
        per = rule.per_attribute.each
        whole, rate = Grant.PER_WHOLE_QUANTITY, Grant.PER_QUANTITY
        points, is_whole = rule.per_attribute.points, rule.per_attribute.whole_steps
    units = points * smallest * factor
    return (whole, (int(units), per)) if is_whole else (rate, (units / per).as_integer_ratio())


def _banded(rule: EarnRulePart, smallest: int, factor: Fraction) -> Granted:
    """Bands have one `per`: the least that all of their rates can be written with."""
    assert rule.bands is not None
    by = Grant.PER_AMOUNT if rule.bands.of == "amount" else Grant.PER_QUANTITY
    units = [band.points * smallest * factor for band in rule.bands.list]
    pers = [_size(rule, band.per) for band in rule.bands.list]
    grant, per = by, 1
    if pers[0] is None:
        grant = Grant.FIXED
    else:
        units = [points / (size or 1) for points, size in zip(units, pers, strict=True)]
        per = lcm(*(one.denominator for one in units))
    amounts = tuple(
        Amount(grant=by, begins=_size(rule, band.begins) or 0, rate=(int(rate * per), per))
        for band, rate in zip(rule.bands.list, units, strict=True)
    )
    shape = Shape.WHOLE_BAND if rule.bands.mode == "whole" else Shape.MARGINAL
    return Granted(grant, (max(one.rate[0] for one in amounts), per), shape, amounts)


def _size(rule: EarnRulePart, written: int | str | None) -> int | None:
    """Minor money, or thousandths of a quantity."""
    assert rule.bands is not None
    if written is None or rule.bands.of == "amount":
        return None if written is None else int(written)
    return int(Fraction(written) * 1000)


_SIZE_MAX = 1_000_000_000


def amount_findings(rule: EarnRulePart, here: Steps) -> Iterator[Finding]:
    """What is wrong with the bands of a rule, or its several amounts."""
    for at, one in enumerate(rule.lesser_of or ()):
        written = [name for name in ("per_amount", "per_quantity", "fixed") if getattr(one, name) is not None]
        if len(written) != 1:
            yield Finding(
                code="amount_unclear", steps=(*here, "lesser_of", at), value=", ".join(written),
                said=Said("problem.amount_unclear.said", count=len(written)), out=Said("problem.amount_unclear.out"),
            )  # fmt: skip
    if rule.bands is None:
        return
    steps: Steps = (*here, "bands", "list")
    below = Fraction(-1)
    for at, band in enumerate(rule.bands.list):
        begins = _read(band.begins, rule.bands.of)
        per = ONE if band.per is None else _read(band.per, rule.bands.of)
        if begins is None or per is None or per <= 0:
            wrong = "from" if begins is None else "per"
            value = band.begins if begins is None else band.per
            yield Finding(
                code="band_size_wrong", steps=(*steps, at, wrong), value=value,
                said=Said("problem.band_size_wrong.said"), out=Said(f"problem.band_size_wrong.{rule.bands.of}"),
            )  # fmt: skip
            return
        if (at == 0 and begins != 0) or begins <= below:
            yield Finding(
                code="bands_not_ascending", steps=(*steps, at, "from"), value=band.begins,
                said=Said("problem.bands_not_ascending.said"), out=Said("problem.bands_not_ascending.out"),
            )  # fmt: skip
        below = begins
    yield from _mixed(rule.bands.list, rule.bands.mode, steps)


def _mixed(bands: tuple[Band, ...], mode: str, steps: Steps) -> Iterator[Finding]:
    fixed = [at for at, band in enumerate(bands) if band.per is None]
    if fixed and (len(fixed) < len(bands) or mode == "marginal"):
        yield Finding(
            code="bands_mixed", steps=(*steps, fixed[0]), value=bands[fixed[0]].points,
            said=Said("problem.bands_mixed.said"), out=Said("problem.bands_mixed.out"),
        )  # fmt: skip


def _read(written: int | str, of: str) -> Fraction | None:
    """A size as it is written; None: it is none."""
    if of == "amount":
        return Fraction(written) if isinstance(written, int) and 0 <= written <= _SIZE_MAX else None
    if not isinstance(written, str):
        return None
    whole, _, part = written.partition(".")
    digits = whole.isascii() and whole.isdigit() and len(whole) <= 6
    if not digits or ("." in written and not (part.isascii() and part.isdigit() and len(part) <= 3)):
        return None
    return Fraction(written)


def whole_points(rule: EarnRulePart) -> list[int]:
    """The points of a rule that are given in one piece or by step: times a factor they must be whole again."""
    parts: list[EarnRulePart | AmountPart] = [rule, *(rule.lesser_of or ())]
    steps = [part.per_amount or part.per_quantity for part in parts if part.fixed is None]
    found = [part.fixed.points for part in parts if part.fixed]
    found += [step.points for step in [*steps, rule.per_attribute] if step and step.whole_steps]
    if rule.bands is not None:
        found += [band.points for band in rule.bands.list if band.per is None]
    return found


def is_positive(ratio: str) -> bool:
    try:
        return Fraction(ratio) > 0
    except ZeroDivisionError:
        return False
