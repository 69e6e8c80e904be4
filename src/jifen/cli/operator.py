"""`jifen operator`: people who sign in."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jifen.cli.at_ledger import AsJson, Home, Language, at_ledger
from jifen.cli.show import language_spoken, show

if TYPE_CHECKING:
    from uuid import UUID

    from jifen.operations.manage_operators import Invited
    from jifen.store.ledger import Ledger
    from jifen.store.operators import Operator
    from jifen.store.passkeys import Passkey

operator_app = typer.Typer(
    help="Invite, list, disable and change operators: people who sign in.\n\nWho runs these commands may do everything, and is "
    "bound by no second person. `jifen key roles` tells what each role may do.",
    no_args_is_help=True,
)
Who = Annotated[
    str, typer.Argument(help="Login, or id as `jifen operator list` shows it.", metavar="OPERATOR")
]
Roles = Annotated[
    list[str] | None, typer.Option("--role", help="owner, store_manager, cashier ...; may be given again.", show_default=False)
]  # fmt: skip
Permissions = Annotated[
    list[str] | None, typer.Option("--permission", help="One thing more; may be given again.", show_default=False)
]  # fmt: skip
Stores = Annotated[
    list[str] | None, typer.Option("--store", help="A store he is bound to; may be given again.", show_default=False)
]  # fmt: skip
Limit = Annotated[
    int | None,
    typer.Option(help="He adjusts up to so many units alone; more waits for a second person.", show_default=False),
]  # fmt: skip
Url = Annotated[
    str, typer.Option(help="The address by which people reach this ledger, to make a link of the invitation.")
]


@operator_app.command()
def add(
    name: Annotated[str, typer.Argument(help="His name, as it is shown.")],
    login: Annotated[str, typer.Option(help="What he signs in by, such as li.na.")],
    role: Roles = None,
    permission: Permissions = None,
    store: Stores = None,
    adjustment_units_max: Limit = None,
    home: Home = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """Make an operator who signs in at once, such as the first owner. The password is asked for, or is a line of standard input.

    Example: jifen operator add "Li Na" --login li.na --role owner
    """
    password = _password_asked()

    async def work(ledger: Ledger) -> Operator:
        from jifen.operations.manage_operators import add_operator_here, may_of

        return await add_operator_here(
            ledger,
            name=name,
            login=login,
            password=password,
            may=may_of(
                roles=role or (),
                permissions=permission or (),
                stores=store or (),
                adjustment_units_max=adjustment_units_max,
            ),
            language=language_spoken(),
        )

    operator = at_ledger(work, home=home, as_json=as_json)
    _show(operator, _say("operator.added", name=operator.name, login=operator.login), as_json=as_json)


@operator_app.command()
def invite(
    name: Annotated[str, typer.Argument(help="His name, as it is shown.")],
    role: Roles = None,
    permission: Permissions = None,
    store: Stores = None,
    adjustment_units_max: Limit = None,
    url: Url = "http://127.0.0.1:8000",
    home: Home = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """Make an operator and show his invitation, this once: a link by which he sets login and password, good once for 72 hours.

    Example: jifen operator invite "Wang Fang" --role cashier --store s1 --url https://points.example.cn
    """

    async def work(ledger: Ledger) -> Invited:
        from jifen.domain.principal import LOCAL
        from jifen.operations.manage_operators import invite_operator, may_of

        may = may_of(
            roles=role or (),
            permissions=permission or (),
            stores=store or (),
            adjustment_units_max=adjustment_units_max,
        )
        return await invite_operator(ledger, LOCAL, name=name, may=may, language=language_spoken())

    _show_invited(at_ledger(work, home=home, as_json=as_json), url=url, as_json=as_json)


@operator_app.command("list")
def list_all(home: Home = None, language: Language = "en", as_json: AsJson = False) -> None:
    """List the operators, disabled ones too.

    Example: jifen operator list
    """

    async def work(ledger: Ledger) -> Any:
        from jifen.operations.manage_operators import list_operators

        return await list_operators(ledger)

    from jifen.present.operators import operator_line, operator_shown

    operators = at_ledger(work, home=home, as_json=as_json)
    lines = [operator_line(one, language_spoken()) for one in operators]
    show(
        {"operators": [operator_shown(one) for one in operators]},
        as_json=as_json,
        text=lines or _say("operator.none"),
    )


@operator_app.command("show")
def show_one(who: Who, home: Home = None, language: Language = "en", as_json: AsJson = False) -> None:
    """Show an operator.

    Example: jifen operator show li.na
    """

    async def work(ledger: Ledger) -> Operator:
        from jifen.operations.manage_operators import read_operator

        return await read_operator(ledger, await _named(ledger, who))

    from jifen.present.operators import operator_line

    operator = at_ledger(work, home=home, as_json=as_json)
    _show(operator, operator_line(operator, language_spoken()), as_json=as_json)


@operator_app.command()
def disable(who: Who, home: Home = None, language: Language = "en", as_json: AsJson = False) -> None:
    """End an operator's sessions and let him sign in no more.

    Example: jifen operator disable li.na
    """

    async def work(ledger: Ledger) -> Operator:
        from jifen.domain.principal import LOCAL
        from jifen.operations.manage_operators import disable_operator

        return await disable_operator(ledger, LOCAL, await _named(ledger, who))

    operator = at_ledger(work, home=home, as_json=as_json)
    _show(operator, _say("operator.disabled", name=operator.name), as_json=as_json)


@operator_app.command()
def enable(who: Who, home: Home = None, language: Language = "en", as_json: AsJson = False) -> None:
    """Let a disabled operator sign in again.

    Example: jifen operator enable li.na
    """

    async def work(ledger: Ledger) -> Operator:
        from jifen.domain.principal import LOCAL
        from jifen.operations.manage_operators import enable_operator

        return await enable_operator(ledger, LOCAL, await _named(ledger, who))

    operator = at_ledger(work, home=home, as_json=as_json)
    _show(operator, _say("operator.enabled", name=operator.name), as_json=as_json)


@operator_app.command()
def roles(
    who: Who,
    role: Roles = None,
    permission: Permissions = None,
    store: Stores = None,
    adjustment_units_max: Limit = None,
    home: Home = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """Change what an operator may do. What is not given here is taken from him; his open sessions know it within seconds.

    Example: jifen operator roles li.na --role store_manager --store s1 --adjustment-units-max 500
    """

    async def work(ledger: Ledger) -> Operator:
        from jifen.domain.principal import LOCAL
        from jifen.operations.manage_operators import change_operator, may_of

        may = may_of(
            roles=role or (),
            permissions=permission or (),
            stores=store or (),
            adjustment_units_max=adjustment_units_max,
        )
        return await change_operator(ledger, LOCAL, await _named(ledger, who), may)

    operator = at_ledger(work, home=home, as_json=as_json)
    may_do = ", ".join([*operator.roles, *operator.permissions])
    _show(operator, _say("operator.changed", name=operator.name, roles=may_do), as_json=as_json)


@operator_app.command("reset-password")
def reset(
    who: Who,
    second_factor: Annotated[
        bool, typer.Option("--second-factor", help="Remove his second factor and passkeys too: he lost them.")
    ] = False,
    url: Url = "http://127.0.0.1:8000",
    home: Home = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """End an operator's password and sessions, and show a link by which he sets another password, this once.

    Example: jifen operator reset-password li.na
    """

    async def work(ledger: Ledger) -> Invited:
        from jifen.domain.principal import LOCAL
        from jifen.operations.manage_operators import reset_password

        return await reset_password(
            ledger, LOCAL, await _named(ledger, who), removes_second_factor=second_factor
        )

    _show_invited(at_ledger(work, home=home, as_json=as_json), url=url, as_json=as_json)


@operator_app.command("passkeys")
def passkeys(
    who: Who,
    remove: Annotated[
        str | None,
        typer.Option(
            "--remove", help="Remove the one with this id: its laptop was lost.", show_default=False
        ),
    ] = None,
    home: Home = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """List an operator's passkeys, or remove one: nobody signs in by it any more.

    Example: jifen operator passkeys li.na
    """

    async def work(ledger: Ledger) -> tuple[Operator, list[Passkey]]:
        from jifen.domain.principal import LOCAL
        from jifen.domain.refusals_of_people import PasskeyUnknown
        from jifen.operations.manage_operators import read_operator, remove_passkey_of
        from jifen.operations.second_factor import list_passkeys
        from jifen.present.ids import unprefixed
        from jifen.present.operators import PASSKEY_PREFIX

        operator_id = await _named(ledger, who)
        if remove is not None:
            passkey_id = unprefixed(PASSKEY_PREFIX, remove)
            if passkey_id is None:
                raise PasskeyUnknown(f"{remove[:50]!r} is no id of a passkey", pointer="--remove")
            await remove_passkey_of(ledger, LOCAL, operator_id, passkey_id)
        return await read_operator(ledger, operator_id), await list_passkeys(ledger, operator_id)

    from jifen.present.operators import passkey_line, passkey_shown

    operator, kept = at_ledger(work, home=home, as_json=as_json)
    lines = [passkey_line(one, language_spoken()) for one in kept]
    if remove is not None:
        lines.insert(0, _say("operator.passkey_removed", name=operator.name))
    show(
        {"data": [passkey_shown(one) for one in kept]},
        as_json=as_json,
        text=lines or [_say("operator.no_passkey", name=operator.name)],
    )


@operator_app.command("end-sessions")
def end_sessions(who: Who, home: Home = None, language: Language = "en", as_json: AsJson = False) -> None:
    """End an operator's sessions, wherever he is signed in. He may sign in again.

    Example: jifen operator end-sessions li.na
    """

    async def work(ledger: Ledger) -> tuple[Operator, int]:
        from jifen.domain.principal import LOCAL
        from jifen.operations.manage_operators import end_sessions_of, read_operator

        operator_id = await _named(ledger, who)
        ended = await end_sessions_of(ledger, LOCAL, operator_id)
        return await read_operator(ledger, operator_id), ended

    operator, ended = at_ledger(work, home=home, as_json=as_json)
    show({"ended": ended}, as_json=as_json, text=_say("operator.ended", name=operator.name, count=ended))


async def _named(ledger: Ledger, who: str) -> UUID:
    """The operator that a login or an id names."""
    from jifen.domain.operators import login_or_nobody
    from jifen.domain.principal import OPERATOR_PREFIX
    from jifen.domain.refusals import OperatorUnknown
    from jifen.operations.manage_operators import list_operators
    from jifen.present.ids import unprefixed

    found = unprefixed(OPERATOR_PREFIX, who)
    if found is not None:
        return found
    login = login_or_nobody(who)
    for one in await list_operators(ledger):
        if login and one.login == login:
            return one.operator_id
    raise OperatorUnknown(f"nobody signs in as {who[:50]!r}: jifen operator list", pointer="OPERATOR")


def _password_asked() -> str:
    """A password that was typed twice without being shown, or a line of standard input where nobody sits there."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    asked: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return asked


def _say(key: str, **parts: Any) -> str:
    from jifen.present.catalogue import catalogue_of

    return catalogue_of(language_spoken()).say(key, **parts)


def _show(operator: Operator, text: str, *, as_json: bool) -> None:
    from jifen.present.operators import operator_shown

    show(operator_shown(operator), as_json=as_json, text=text)


def _show_invited(invited: Invited, *, url: str, as_json: bool) -> None:
    from jifen.present.operators import invitation_path, operator_shown
    from jifen.present.shown import shown_instant

    link = url.rstrip("/") + invitation_path(invited.token)
    until = f"{invited.expires_at:%Y-%m-%d %H:%MZ}"
    show(
        {
            "operator": operator_shown(invited.operator),
            "token": invited.token,
            "link": link,
            "expires_at": shown_instant(invited.expires_at),
        },
        as_json=as_json,
        text=[
            _say("operator.invited", name=invited.operator.name, until=until),
            f"  {link}",
            _say("operator.accept"),
            f"  POST /v1/invitations:accept {invited.token}",
        ],
    )
