"""People for the demo: each household gets a name, a phone and an e-mail from a seed. All of it is made up.

The phones are of the range that is given out to nobody (NXX-555-0100 to 0199, North American Numbering Plan), the e-mail
addresses of a domain that is reserved for examples (RFC 2606).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from jifen.domain.person import Consent, MemberKey, Told
from jifen.operations.tell_persons import Telling, tell_persons
from jifen.vault.contacts import email_in_form, phone_in_form

if TYPE_CHECKING:
    from jifen.store.ledger import Ledger

SEED = 84_51
PIECE = 500
AGREES = 0.6
AREAS = (
    201, 202, 203, 205, 206, 207, 208, 209, 210, 212, 213, 214, 215, 216, 217, 218, 219, 223, 224, 225, 228, 229, 231, 234, 239,
)  # fmt: skip
FIRST = (
    "Ada", "Alan", "Amara", "Ben", "Carla", "Chen", "Clara", "Dana", "David", "Elena", "Emil", "Fatima", "Felix", "Grace", "Hana",
    "Hugo", "Ines", "Ivan", "Jana", "Jun", "Kai", "Lara", "Leo", "Lin", "Maya", "Ming", "Nina", "Noah", "Omar", "Paula", "Priya",
    "Quinn", "Rosa", "Sam", "Sara", "Tariq", "Tess", "Uma", "Vera", "Wei", "Xin", "Yara", "Yong", "Zoe",
)  # fmt: skip
LAST = (
    "Abbott", "Baker", "Chen", "Cruz", "Diaz", "Evans", "Fischer", "Garcia", "Huang", "Ito", "Jansen", "Khan", "Kim", "Lee", "Li",
    "Lopez", "Meyer", "Moreau", "Nakamura", "Novak", "Okafor", "Olsen", "Park", "Patel", "Qiu", "Reed", "Rossi", "Santos",
    "Silva", "Singh", "Tan", "Torres", "Ueda", "Vogel", "Wang", "Weber", "Wu", "Xu", "Yang", "Young", "Zhang", "Zhou",
)  # fmt: skip


async def make_people_up(ledger: Ledger, members: Sequence[UUID]) -> int:
    """Tell something of every household, in the order of the data; how many there are. Run again it changes nothing."""
    done = 0
    for at in range(0, len(members), PIECE):
        piece = members[at : at + PIECE]
        done += await tell_persons(ledger, [_made_up(at + i, member_id) for i, member_id in enumerate(piece)])
    return done


def _made_up(number: int, member_id: UUID) -> Telling:
    chance = random.Random(f"{SEED}-{number}")  # noqa: S311
    first, last = chance.choice(FIRST), chance.choice(LAST)
    phone = phone_in_form(f"+1{AREAS[number // 100]}55501{number % 100:02}", region=None)
    email = email_in_form(f"{first}.{last}.{number}@example.com")
    born = f"{chance.randint(1940, 1999)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
    told = Told(
        (MemberKey("phone", phone), MemberKey("email", email)), {"name": f"{first} {last}", "birthday": born}
    )
    agrees = Consent("marketing", chance.random() < AGREES, "demo", "import")
    return Telling(member_id, told, [agrees])
