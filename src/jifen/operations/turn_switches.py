"""Switch a rule, a store or a reward off at once, and on again; say what was switched."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from jifen.domain.audit import About, Act, Deed, about
from jifen.domain.principal import Principal
from jifen.domain.refusals import FieldWrong, StoreUnknown
from jifen.domain.switches import Switches, SwitchKind
from jifen.store.audit import note_act
from jifen.store.ledger import Connection, Ledger
from jifen.store.once import Once, once
from jifen.store.revisions import newest_revision
from jifen.store.switches import Turned, add_turn, all_switches, lock_switches, page_of_turns, turned_off

PAGE_MAX: Final = 200


async def turn_switch(
    ledger: Ledger, kind: SwitchKind, code: str, *, is_off: bool, request: Once, principal: Principal
) -> dict[str, Any]:
    """The switch as it stands now, and whether that changed anything.

    Whatever comes into the books from this moment on is judged by it, in every process: there is no lead. What is off stays off
    through revisions, by its code. Nothing that stands in the books is changed.

    Refuses
        FieldWrong          no revision ever had a rule or reward of that code
        StoreUnknown        the programme has no such store
        StoreNotPermitted   who asks is bound to other stores; a rule and a reward are of all of them
        ProgramMissing      nothing was ever published
    """
    if kind is SwitchKind.STORE:
        principal.check_own_store(code, pointer="/code")
    else:
        principal.check_unbound(pointer="/code")

    async def effect(connection: Connection) -> dict[str, Any]:
        await _check_known(ledger, connection, kind, code)
        await lock_switches(connection)
        switches = await all_switches(connection)
        now = (await ledger.clock(connection)).now
        is_changed = (code in switches.off(kind, now)) is not is_off
        if is_changed:
            turned = await add_turn(connection, kind, code, is_off=is_off, switched_by=principal.name)
            deed = Deed.SWITCH_OFF if is_off else Deed.SWITCH_ON
            named = (about(About.SWITCH, turned.number),)
            await note_act(connection, principal, Act(deed=deed, about=named, details={"kind": str(kind)}))
        return {"kind": str(kind), "code": code, "is_off": is_off, "is_changed": is_changed}

    return await once(ledger, request, effect)


async def read_switches(ledger: Ledger) -> Switches:
    """What is off, and since when."""
    async with ledger.connection() as connection:
        return await all_switches(connection)


class SwitchesListed(NamedTuple):
    """A page of turns, newest first; where the next one begins (None: at the end); the last turn of each switch that is off."""

    turns: list[Turned]
    next_before: int | None
    off: list[Turned]


async def list_switches(
    ledger: Ledger, *, before: int | None = None, limit: int = PAGE_MAX
) -> SwitchesListed:
    """Turns of switches, and what is off now."""
    assert 1 <= limit <= PAGE_MAX, "a page has a limit"
    async with ledger.reading() as connection:
        found = await page_of_turns(connection, before=before, limit=limit + 1)
        off = await turned_off(connection)
    page = found[:limit]
    return SwitchesListed(page, page[-1].number if len(found) > limit else None, off)


async def _check_known(ledger: Ledger, connection: Connection, kind: SwitchKind, code: str) -> None:
    newest = await newest_revision(connection)
    if newest is None:
        await ledger.timeline(connection, 0)  # which says so
        return
    if kind is not SwitchKind.STORE:
        known = newest.numbering.get(str(kind), {})
        if code not in known:
            raise FieldWrong(
                f"no revision has a {kind} {code!r}; there are {', '.join(sorted(known))}",
                pointer="/code",
                value=code,
            )
        return
    document = newest.document
    stores = [one["code"] for one in document.get("stores", ())]
    if not document.get("any_store") and code not in stores:
        raise StoreUnknown(f"there is no store {code!r}", pointer="/code", value=code)
