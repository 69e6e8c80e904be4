"""Operators: invite, let in, list, change what they may do, disable, enable, and begin anew with a password.

An invitation is a token that is good once, for 72 hours, and shown once. Another one for the same operator takes its place, so
a request that is sent again leaves one that opens. Nobody gives or manages what he has not got himself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from jifen.domain.audit import About, Act, Deed, about
from jifen.domain.operators import (
    INVITATION_LASTS,
    check_limit,
    check_may_grant,
    check_password,
    check_roles,
    login_in_form,
    name_in_form,
    stores_in_form,
)
from jifen.domain.principal import LOCAL, Permission, Principal, permissions_of
from jifen.domain.refusals import FieldWrong, InvitationRefused, LastOwner, OperatorUnknown
from jifen.domain.refusals_of_people import PasskeyUnknown
from jifen.store.audit import note_act
from jifen.store.compiled import begun_again
from jifen.store.ids import new_id
from jifen.store.newest import check_stores
from jifen.store.operators import (
    May,
    Operator,
    add_operator,
    all_operators,
    change_disabled,
    change_may,
    change_password,
    drop_idle_recovery_codes,
    find_operator,
    hold_operators,
    put_invitation,
    remove_totp,
    take_invitation,
)
from jifen.store.passkeys import remove_passkey, remove_passkeys
from jifen.store.passwords import hash_password, new_token, token_hash
from jifen.store.sessions import end_sessions, end_sessions_of_passkey
from jifen.store.sign_in_tries import forget_tries, login_gate

if TYPE_CHECKING:
    from jifen.store.ledger import Connection, Ledger

OPERATORS_MAX = 10_000


class Invited(NamedTuple):
    """An operator with his invitation's token, which is kept nowhere, and until when it is good."""

    operator: Operator
    token: str
    expires_at: datetime


def may_of(
    *,
    roles: Sequence[str],
    permissions: Sequence[str],
    stores: Sequence[str],
    adjustment_units_max: int | None,
) -> May:
    """What an operator may do, checked and in its form.

    Refuses
        FieldWrong   no role or permission, or one that there is not; a store without a form; a limit that is none
    """
    check_roles(roles, permissions)
    check_limit(adjustment_units_max)
    return May(
        roles=sorted(set(roles)),
        permissions=sorted(set(permissions)),
        stores=stores_in_form(stores) or None,
        adjustment_units_max=adjustment_units_max,
    )


@begun_again
async def add_operator_here(
    ledger: Ledger, *, name: str, login: str, password: str, may: May, language: str
) -> Operator:
    """A new operator who can sign in at once: for who sits at the machine, and for the first of a shop.

    Refuses
        FieldWrong   a name, login, password or store that is none
        LoginTaken   another signs in by that name
    """
    shown, named = name_in_form(name), login_in_form(login)
    check_password(password, login=named)
    kept = await hash_password(password)
    async with ledger.transaction() as connection:
        if may.stores:
            await check_stores(ledger, connection, may.stores)
        operator_id = new_id()
        await _noted(connection, LOCAL, Deed.OPERATOR_ADDED, operator_id, "with_password")
        return await add_operator(
            connection, operator_id, name=shown, may=may, language=language, login=named, password_hash=kept
        )


@begun_again
async def invite_operator(
    ledger: Ledger, principal: Principal, *, name: str, may: May, language: str
) -> Invited:
    """A new operator with his invitation. Of the same name, while he has not come, it is the same operator with another one.

    Refuses
        FieldWrong     a name or store that is none
        NotPermitted   it would give more than whoever invites has
        TooMuch        there are 10,000 operators
    """
    shown = name_in_form(name)
    _check_grant(principal, may)
    async with ledger.transaction() as connection:
        await hold_operators(connection)
        if may.stores:
            await check_stores(ledger, connection, may.stores)
        known = await all_operators(connection, limit=OPERATORS_MAX)
        waiting = [
            one for one in known if one.name == shown and one.login is None and one.disabled_at is None
        ]
        if waiting:
            _check_grant(principal, _may(waiting[0]))
            await change_may(connection, waiting[0].operator_id, may)
            operator_id = waiting[0].operator_id
        else:
            if len(known) >= OPERATORS_MAX:
                raise FieldWrong(f"there are {OPERATORS_MAX} operators already", pointer="/name")
            operator_id = new_id()
            await add_operator(connection, operator_id, name=shown, may=may, language=language)
        await _noted(connection, principal, Deed.OPERATOR_ADDED, operator_id, "invited")
        return await _invited(connection, operator_id, principal)


async def accept_invitation(ledger: Ledger, token: str, *, login: str | None, password: str) -> Operator:
    """The operator, who signs in by this login and password from now on. Who had a login may keep it.

    Refuses
        InvitationRefused   it was used, replaced or has expired, or the operator is disabled
        FieldWrong          a login or password that is none, or no login where there is none yet
        LoginTaken          another signs in by that name; the invitation is still good
    """
    named = login_in_form(login) if login is not None else None
    check_password(password, login=named or "")
    kept = await hash_password(password)
    async with ledger.transaction() as connection:
        operator_id = await take_invitation(connection, token_hash(token))
        operator = (
            await find_operator(connection, operator_id, is_locked=True) if operator_id is not None else None
        )
        if operator is None or operator.disabled_at is not None:
            raise InvitationRefused(pointer="/token")
        if named is None and operator.login is None:
            raise FieldWrong("choose a login", pointer="/login")
        check_password(password, login=named or operator.login or "")
        await change_password(connection, operator.operator_id, kept, login=named)
        await end_sessions(connection, operator.operator_id)
        await forget_tries(connection, [login_gate(named or operator.login or "").about])
        return await _found(connection, operator.operator_id)


async def list_operators(ledger: Ledger) -> list[Operator]:
    """The operators, disabled ones too, oldest first."""
    async with ledger.connection() as connection:
        return await all_operators(connection, limit=OPERATORS_MAX)


async def read_operator(ledger: Ledger, operator_id: UUID) -> Operator:
    """One operator.

    Refuses
        OperatorUnknown   there is none with that id
    """
    async with ledger.connection() as connection:
        return await _found(connection, operator_id)


async def disable_operator(ledger: Ledger, principal: Principal, operator_id: UUID) -> Operator:
    """The operator, whose sessions have ended and who signs in no more. Within seconds no process knows them any more.

    Refuses
        OperatorUnknown   there is none with that id
        LastOwner         nobody could manage operators any more
        NotPermitted      he has more than whoever disables him
    """
    async with ledger.transaction() as connection:
        await hold_operators(connection)
        operator = await _found(connection, operator_id)
        _check_grant(principal, _may(operator))
        await change_disabled(connection, operator_id, is_disabled=True)
        await _noted(connection, principal, Deed.OPERATOR_DISABLED, operator_id, "disabled")
        await end_sessions(connection, operator_id)
        await _check_somebody_manages(connection, principal)
        return await _found(connection, operator_id)


async def enable_operator(ledger: Ledger, principal: Principal, operator_id: UUID) -> Operator:
    """The operator, who may sign in again.

    Refuses
        OperatorUnknown   there is none with that id
        NotPermitted      he has more than whoever enables him
    """
    async with ledger.transaction() as connection:
        operator = await _found(connection, operator_id)
        _check_grant(principal, _may(operator))
        await change_disabled(connection, operator_id, is_disabled=False)
        await _noted(connection, principal, Deed.OPERATOR_ENABLED, operator_id, "enabled")
        return await _found(connection, operator_id)


@begun_again
async def change_operator(ledger: Ledger, principal: Principal, operator_id: UUID, may: May) -> Operator:
    """The operator, who may do this from now on, and nothing else. His open sessions know it within seconds.

    Refuses
        OperatorUnknown   there is none with that id
        LastOwner         nobody could manage operators any more
        NotPermitted      he has more than whoever changes it, or would get more
        FieldWrong        a store that the programme does not have
    """
    _check_grant(principal, may)
    async with ledger.transaction() as connection:
        await hold_operators(connection)
        operator = await _found(connection, operator_id)
        _check_grant(principal, _may(operator))
        if may.stores:
            await check_stores(ledger, connection, may.stores)
        await change_may(connection, operator_id, may)
        await _noted(connection, principal, Deed.OPERATOR_CHANGED, operator_id, "permissions")
        await _check_somebody_manages(connection, principal)
        return await _found(connection, operator_id)


async def reset_password(
    ledger: Ledger, principal: Principal, operator_id: UUID, *, removes_second_factor: bool = False
) -> Invited:
    """The operator with an invitation to set another password. The old one opens nothing any more, his sessions have ended.

    Refuses
        OperatorUnknown   there is none with that id
        NotPermitted      he has more than whoever resets it
        FieldWrong        he is disabled
    """
    async with ledger.transaction() as connection:
        await hold_operators(connection)
        operator = await _found(connection, operator_id)
        _check_grant(principal, _may(operator))
        if operator.disabled_at is not None:
            raise FieldWrong("the operator is disabled: enable him first", pointer="/operator_id")
        await change_password(connection, operator_id, None)
        await _noted(connection, principal, Deed.OPERATOR_CHANGED, operator_id, "password_reset")
        if removes_second_factor:
            await remove_totp(connection, operator_id)
            await remove_passkeys(connection, operator_id)
            await drop_idle_recovery_codes(connection, operator_id)
        await end_sessions(connection, operator_id)
        await forget_tries(connection, [login_gate(operator.login or "").about])
        return await _invited(connection, operator_id, principal)


async def end_sessions_of(ledger: Ledger, principal: Principal, operator_id: UUID) -> int:
    """How many sessions of an operator were open; they are no more.

    Refuses
        OperatorUnknown   there is none with that id
        NotPermitted      he has more than whoever ends them
    """
    async with ledger.transaction() as connection:
        _check_grant(principal, _may(await _found(connection, operator_id)))
        await _noted(connection, principal, Deed.OPERATOR_CHANGED, operator_id, "sessions_ended")
        return await end_sessions(connection, operator_id)


async def remove_passkey_of(
    ledger: Ledger, principal: Principal, operator_id: UUID, passkey_id: UUID
) -> Operator:
    """The operator, whose passkey proves nothing any more; the sessions that it opened have ended.

    Refuses
        OperatorUnknown   there is none with that id
        NotPermitted      he has more than whoever removes it
        PasskeyUnknown    he has no such passkey
    """
    async with ledger.transaction() as connection:
        operator = await find_operator(connection, operator_id, is_locked=True)
        _check_grant(principal, _may(operator or await _found(connection, operator_id)))
        if not await remove_passkey(connection, operator_id, passkey_id):
            raise PasskeyUnknown(pointer="/passkey_id")
        await end_sessions_of_passkey(connection, passkey_id)
        await drop_idle_recovery_codes(connection, operator_id)
        await _noted(connection, principal, Deed.PASSKEY_REMOVED, operator_id, "by_another")
        return await _found(connection, operator_id)


async def _invited(connection: Connection, operator_id: UUID, principal: Principal) -> Invited:
    token = new_token()
    expires_at = await put_invitation(
        connection,
        operator_id,
        token_hash=token_hash(token),
        invited_by=principal.actor(),
        lasts=INVITATION_LASTS,
    )
    return Invited(await _found(connection, operator_id), token, expires_at)


async def _noted(
    connection: Connection, principal: Principal, deed: Deed, operator_id: UUID, what: str
) -> None:
    named = (about(About.OPERATOR, operator_id),)
    await note_act(connection, principal, Act(deed=deed, about=named, details={"what": what}))


async def _found(connection: Connection, operator_id: UUID) -> Operator:
    operator = await find_operator(connection, operator_id)
    if operator is None:
        raise OperatorUnknown("there is no operator with that id", pointer="/operator_id")
    return operator


def _may(operator: Operator) -> May:
    return May(
        roles=operator.roles,
        permissions=operator.permissions,
        stores=operator.stores,
        adjustment_units_max=operator.adjustment_units_max,
    )


def _check_grant(principal: Principal, may: May) -> None:
    held = permissions_of(may.roles, may.permissions)
    check_may_grant(principal, held, may.stores, may.adjustment_units_max)


async def _check_somebody_manages(connection: Connection, principal: Principal) -> None:
    """Refuse what leaves nobody who could manage operators; who sits at the machine can always add one."""
    if principal.kind == "local":
        return
    for one in await all_operators(connection, limit=OPERATORS_MAX):
        held = permissions_of(one.roles, one.permissions)
        if one.disabled_at is None and one.password_hash is not None and Permission.OPERATORS_MANAGE in held:
            return
    raise LastOwner(pointer="/operator_id")
