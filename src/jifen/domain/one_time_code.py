"""The one-time code by which a member signs in: six digits to phone or e-mail, good once, for ten minutes (decision 0130)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

DIGITS: Final = 6
LASTS: Final = timedelta(minutes=10)
TRIES: Final = 5
"""So many are looked at; then another code is asked for. Of a million codes these are five."""

FREE_SENDS: Final = 3
"""So many codes go to a phone or e-mail without a wait."""
WAIT_MAX_OF_SENDS: Final = timedelta(hours=1)
FREE_SENDS_OF_ADDRESS: Final = 30
"""A shop's customers share an address: only codes by which nobody came in are counted there."""
WAIT_MAX_OF_ADDRESS: Final = timedelta(minutes=15)

SESSION_LASTS: Final = timedelta(days=180)
"""A member stays signed in on his phone for so long, used or not."""
SESSIONS_MAX: Final = 10
"""A person has at most so many at once; the one used longest ago ends for the next."""
