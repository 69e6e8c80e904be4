"""Renew what is sealed and found under older keys, while everything goes on: a piece at a time, each its own transaction."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal, NamedTuple

from jifen.domain.audit import Act, Deed
from jifen.domain.principal import Principal
from jifen.store.audit import note_act
from jifen.store.persons import (
    SealedKey,
    keys_under_other_indexes,
    opened_keys,
    persons_under_other_masters,
    save_blinds,
    save_wrapped,
)
from jifen.vault import LOOKS_EVERY_SECONDS
from jifen.vault.keyfile import with_new

if TYPE_CHECKING:
    from jifen.store.ledger import Ledger

PIECE = 500


class Renewed(NamedTuple):
    """How much was renewed."""

    persons: int
    keys: int


async def rotate_vault(ledger: Ledger, which: Literal["master", "index"], *, principal: Principal) -> Renewed:
    """Put a new key above the others in the file, wait until every process on this machine has read it, and renew what stands
    under older ones. Another machine that serves refuses what was renewed until the file is copied to it.

    Refuses
        VaultClosed   the keys of personal data are not there
    """
    async with ledger.transaction() as connection:
        vault = await ledger.vault(connection, writes=True)
        await note_act(connection, principal, Act(deed=Deed.VAULT_ROTATED, details={"which": which}))
    with_new(vault.path, master=which == "master", index=which == "index")
    vault.look_again()
    await asyncio.sleep(2 * LOOKS_EVERY_SECONDS)
    return await renew_vault(ledger)


async def renew_vault(ledger: Ledger) -> Renewed:
    """Wrap the keys of persons under the newest master key, and let what finds them be found under the newest index key.

    Refuses
        VaultClosed   the keys of personal data are not there
    """
    persons = keys = 0
    while done := await _wrap_piece(ledger):
        persons += done
    while done := await _blind_piece(ledger):
        keys += done
    return Renewed(persons, keys)


async def _wrap_piece(ledger: Ledger) -> int:
    async with ledger.transaction() as connection:
        vault = await ledger.vault(connection)
        found = await persons_under_other_masters(connection, vault.keys.newest_master, limit=PIECE)
        await save_wrapped(
            connection, {one.person_id: vault.rewrapped(one.person_id, one.key) for one in found}
        )
    return len(found)


async def _blind_piece(ledger: Ledger) -> int:
    async with ledger.transaction() as connection:
        vault = await ledger.vault(connection)
        found = await keys_under_other_indexes(connection, vault.keys.newest_index, limit=PIECE)
        blinds = []
        for one in found:
            sealer = vault.person(one.person_id, one.key)
            (key,) = opened_keys(sealer, [SealedKey(one.kind, one.sealed)])
            blinds.append((one.blind, one.kind, vault.blind(key.kind, key.value)))
        await save_blinds(connection, vault.keys.newest_index, blinds)
    return len(found)


async def is_anything_old(ledger: Ledger) -> bool:
    """Whether anything stands under older keys."""
    async with ledger.transaction() as connection:
        vault = await ledger.vault(connection)
        keys = vault.keys
        return bool(
            await persons_under_other_masters(connection, keys.newest_master, limit=1)
            or await keys_under_other_indexes(connection, keys.newest_index, limit=1)
        )
