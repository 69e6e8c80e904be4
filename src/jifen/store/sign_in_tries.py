"""Wrong tries to sign in, shared by every process. A try is counted before it is looked at, and given back when it was right.

So a thousand tries at once are counted one after the other, at the row, and not looked at all together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from jifen.domain.operators import FORGOTTEN_AFTER, FREE_TRIES_OF_LOGIN, WAIT_MAX_OF_LOGIN, wait_after

if TYPE_CHECKING:
    from jifen.store.ledger import Connection, Ledger


class Gate(NamedTuple):
    """What tries are counted by, how many cost no wait, and how long the longest wait is."""

    about: bytes
    free: int
    most: timedelta


def gate(kind: str, about: str, *, free: int, most: timedelta) -> Gate:
    """A gate of this kind for what it is about, of which only a hash is kept: whom somebody tried to be is nobody's to read."""
    return Gate(hashlib.sha256(f"{kind}|{about}".encode("utf-8", "replace")).digest(), free, most)


def login_gate(login: str) -> Gate:
    """Where tries at a login from anywhere are counted: gently, for whoever tries makes its owner wait."""
    return gate("login", login, free=FREE_TRIES_OF_LOGIN, most=WAIT_MAX_OF_LOGIN)


async def count_try(connection: Connection, gates: Sequence[Gate]) -> timedelta:
    """Count a try at every gate, if all are open, and say that nothing is left to wait; or how long, counting nothing.

    The rows stay locked until the transaction ends: who comes at the same time waits for this one to be counted.
    """
    await connection.executemany(
        """INSERT INTO sign_in_try (about, failures, failed_at, free_at)
           VALUES ($1, 0, clock_timestamp(), clock_timestamp()) ON CONFLICT (about) DO NOTHING""",
        [(gate.about,) for gate in sorted(gates)],
    )
    rows = await connection.fetch(
        """SELECT about, failures, failed_at <= clock_timestamp() - $2::interval AS is_forgotten,
                  free_at - clock_timestamp() AS wait
           FROM sign_in_try WHERE about = ANY ($1::bytea[]) ORDER BY about FOR UPDATE""",
        [gate.about for gate in gates],
        FORGOTTEN_AFTER,
    )
    longest: timedelta = max((row["wait"] for row in rows), default=timedelta())
    if longest > timedelta():
        return longest
    by_gate = {gate.about: gate for gate in gates}
    counted = []
    for row in rows:
        failures = 1 if row["is_forgotten"] else row["failures"] + 1
        gate = by_gate[row["about"]]
        counted.append((gate.about, failures, wait_after(failures, free=gate.free, most=gate.most)))
    await connection.executemany(
        """UPDATE sign_in_try SET failures = $2, failed_at = clock_timestamp(), free_at = clock_timestamp() + $3::interval
           WHERE about = $1""",
        counted,
    )
    return timedelta()


async def give_back(connection: Connection, gates: Sequence[Gate]) -> None:
    """The last try was right: it does not count, and nobody waits for it."""
    await connection.executemany(
        """UPDATE sign_in_try SET failures = greatest(failures - 1, 0), free_at = clock_timestamp() WHERE about = $1""",
        [(gate.about,) for gate in sorted(gates)],
    )


async def count_one_less(connection: Connection, gate: Gate) -> None:
    """One try more was right: the next wait is the shorter for it. One that runs already goes on."""
    await connection.execute(
        "UPDATE sign_in_try SET failures = greatest(failures - 1, 0) WHERE about = $1", gate.about
    )


async def forget_tries(connection: Connection, abouts: Sequence[bytes]) -> None:
    """Nothing is counted there any more."""
    await connection.execute("DELETE FROM sign_in_try WHERE about = ANY ($1::bytea[])", list(abouts))


async def prune_tries(ledger: Ledger) -> int:
    """Forget what nobody tried for a day, so that guesses at made-up logins do not fill the disk; return how much it was."""
    async with ledger.transaction() as connection:
        done: str = await connection.execute(
            "DELETE FROM sign_in_try WHERE failed_at < clock_timestamp() - $1::interval AND free_at < clock_timestamp()",
            FORGOTTEN_AFTER,
        )
    return int(done.rpartition(" ")[2])
