"""What an exchange takes and which comes first, as docs/programme.md has it."""

from typing import Any

from tests.oracle.amounts import smallest
from tests.oracle.facts import Document


def units_taken(document: Document, part: dict[str, Any]) -> int:
    """What an exchange takes each time, in smallest units."""
    takes = part["takes"]
    return int(takes["units"]) * smallest(document, takes["currency"])


def givers_first(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Exchanges in the order of the document, but each behind those that give what it takes."""
    order: list[dict[str, Any]] = []
    while len(order) < len(parts):
        rest = [part for part in parts if part not in order]
        order.append(
            next(
                part
                for part in rest
                if not any(
                    given["currency"] == part["takes"]["currency"] for one in rest for given in one["gives"]
                )
            )
        )
    return order
