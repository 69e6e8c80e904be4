"""`jifen key`: the keys of the API."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from jifen.cli.at_ledger import AsJson, Home, Language, at_ledger, in_form, local, moment_named
from jifen.cli.show import show

if TYPE_CHECKING:
    from uuid import UUID

    from jifen.store.api_keys import ApiKey
    from jifen.store.ledger import Ledger

key_app = typer.Typer(
    help="Make, list, renew, rotate and revoke the keys of the API.\n\nA key has roles, or single permissions: `jifen key roles` "
    "tells them. It may be bound to stores, and may end by itself. Of its secret only a hash is kept.",
    no_args_is_help=True,
)
KeyId = Annotated[str, typer.Argument(help="The key's id, as `jifen key list` shows it.", metavar="KEY_ID")]
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_EXPIRES = "After how long it ends (90d, 12h, 30m), after which day (2027-01-31, in the programme's zone), or when (RFC 3339)."


@key_app.command()
def create(
    name: Annotated[str, typer.Option(help="What the journal calls whoever uses it, such as till-7.")],
    role: Annotated[
        list[str] | None,
        typer.Option(help="till, cashier, service, owner ...; may be given again.", show_default=False),
    ] = None,
    permission: Annotated[
        list[str] | None,
        typer.Option(help="One thing more, such as metrics.read; may be given again.", show_default=False),
    ] = None,
    store: Annotated[
        list[str] | None,
        typer.Option(
            help="A store that it is bound to: what it writes down is of that store. May be given again.",
            show_default=False,
        ),
    ] = None,
    expires: Annotated[
        str | None, typer.Option(help=_EXPIRES + " Otherwise never.", show_default=False)
    ] = None,
    adjustment_units_max: Annotated[
        int | None,
        typer.Option(
            help="It adjusts up to so many units alone; for more a second person is needed.",
            show_default=False,
        ),
    ] = None,
    needs_code: Annotated[
        bool | None,
        typer.Option(
            "--needs-code/--no-needs-code",
            help="It spends only for a member who shows his code; without this option so where it has the role till.",
            show_default=False,
        ),
    ] = None,
    requests_per_minute: Annotated[
        int | None,
        typer.Option(help="How often it may ask; otherwise as often as any key.", min=1, show_default=False),
    ] = None,
    test: Annotated[bool, typer.Option("--test", help="It can quote and read, and changes nothing.")] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and show it, this once. `jifen key roles` tells what each role may do.

    Example: jifen key create --name till-7 --role till --store s1 --expires 365d
    """
    ends = _expires_named(expires)

    async def work(ledger: Ledger) -> tuple[ApiKey, str]:
        from jifen.domain.texts import CODE
        from jifen.operations.manage_keys import create_key

        return await create_key(
            ledger,
            name=in_form(name, CODE, hint="--name"),
            roles=role or (),
            permissions=permission or (),
            stores=[in_form(one, CODE, hint="--store") for one in store or ()],
            adjustment_units_max=adjustment_units_max,
            needs_code=needs_code,
            requests_per_minute=requests_per_minute,
            expires=ends,
            is_test=test,
            by=local(),
        )

    key, token = at_ledger(work, home=home, as_json=as_json)
    lines = [token, "", f"This is shown once; only a hash of it is kept. Its id: {key.key_id.hex}"]
    if key.expires_at is not None:
        lines.append(
            f"It ends at {_minute(key.expires_at)}; jifen key renew {key.key_id.hex} --expires 90d puts that off."
        )
    show({**_document(key), "token": token}, as_json=as_json, text=lines)


@key_app.command("list")
def list_all(home: Home = None, as_json: AsJson = False) -> None:
    """List the keys, revoked and expired ones too; their secrets are kept nowhere. The last use is told to the hour.

    Example: jifen key list
    """

    async def work(ledger: Ledger) -> Any:
        from jifen.operations.manage_keys import list_keys

        return await list_keys(ledger)

    keys = at_ledger(work, home=home, as_json=as_json)
    show(
        {"keys": [_document(key) for key in keys]},
        as_json=as_json,
        text=[_line(key) for key in keys]
        or "There is no key yet: jifen key create --name till-7 --role till",
    )


@key_app.command()
def roles(language: Language = "en", as_json: AsJson = False) -> None:
    """Tell what each role may do, and what each permission is.

    Example: jifen key roles --language zh
    """
    from jifen.domain.principal import ROLES, Permission
    from jifen.present.principals import permission_said, role_said

    lines = []
    for role, held in ROLES.items():
        lines += [f"{role:<16} {role_said(role, language)}", f"{'':<16} {', '.join(sorted(held))}"]
    lines.append("")
    lines += [f"{one:<24} {permission_said(one, language)}" for one in Permission]
    result = {
        "roles": [
            {"role": role, "sentence": role_said(role, language), "permissions": sorted(held)}
            for role, held in ROLES.items()
        ],
        "permissions": [
            {
                "permission": str(one),
                "sentence": permission_said(one, language),
                "changes_something": one.changes_something,
            }
            for one in Permission
        ],
    }
    show(result, as_json=as_json, text=lines)


@key_app.command()
def change(
    key_id: KeyId,
    needs_code: Annotated[
        bool | None,
        typer.Option(
            "--needs-code/--no-needs-code",
            help="Whether it spends only for a member who shows his code.",
            show_default=False,
        ),
    ] = None,
    requests_per_minute: Annotated[
        int | None,
        typer.Option(help="How often it may ask; 0: as often as any key.", min=0, show_default=False),
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Change settings of a key; what is not named stays. Its token stays as it is.

    Example: jifen key change 01a200873b877db499c27d29c0902c7e --no-needs-code
    """
    which = _key_named(key_id)
    if needs_code is None and requests_per_minute is None:
        raise typer.BadParameter("name what is to change", param_hint="--needs-code, --requests-per-minute")

    async def work(ledger: Ledger) -> ApiKey:
        from jifen.operations.manage_keys import change_key

        rate: int | Literal["any", "same"]
        rate = "same" if requests_per_minute is None else requests_per_minute or "any"
        return await change_key(ledger, which, needs_code=needs_code, requests_per_minute=rate, by=local())

    key = at_ledger(work, home=home, as_json=as_json)
    show(_document(key), as_json=as_json, text=_line(key))


@key_app.command()
def renew(
    key_id: KeyId,
    expires: Annotated[str, typer.Option(help=_EXPIRES + " Or: never.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Give a key another end, counted from now, also when it has expired. Its token stays as it is.

    Example: jifen key renew 01a200873b877db499c27d29c0902c7e --expires 90d
    """
    which, ends = _key_named(key_id), _expires_named(expires)

    async def work(ledger: Ledger) -> ApiKey:
        from jifen.operations.manage_keys import renew_key

        return await renew_key(ledger, which, expires=ends, by=local())

    key = at_ledger(work, home=home, as_json=as_json)
    until = f"opens until {_minute(key.expires_at)}" if key.expires_at else "opens without an end"
    show(_document(key), as_json=as_json, text=f"{key.name} {until}; every process knows it within seconds.")


@key_app.command()
def rotate(
    key_id: KeyId,
    overlap: Annotated[
        str, typer.Option(help="How long the old secret opens it still (24h, 7d); 0d: not any more.")
    ] = "24h",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Give a key a new secret and show its token, this once; the old one opens it for a while. Nothing else of it changes.

    Example: jifen key rotate 01a200873b877db499c27d29c0902c7e --overlap 7d
    """
    which, while_ = _key_named(key_id), _length_named(overlap)
    if while_ is None:
        raise typer.BadParameter("a length is written 24h, 7d or 30m", param_hint="--overlap")

    async def work(ledger: Ledger) -> tuple[ApiKey, str]:
        from jifen.operations.manage_keys import rotate_key

        return await rotate_key(ledger, which, overlap=while_, by=local())

    key, token = at_ledger(work, home=home, as_json=as_json)
    assert key.old_secret_until is not None, "it was rotated just now"
    show(
        {**_document(key), "token": token},
        as_json=as_json,
        text=[
            token,
            "",
            f"This is shown once. The old secret of {key.name} opens until {_minute(key.old_secret_until)}.",
        ],
    )


@key_app.command()
def revoke(key_id: KeyId, home: Home = None, as_json: AsJson = False) -> None:
    """Revoke a key: within seconds it opens nothing any more, and it cannot be renewed.

    Example: jifen key revoke 01a200873b877db499c27d29c0902c7e
    """
    which = _key_named(key_id)

    async def work(ledger: Ledger) -> ApiKey:
        from jifen.operations.manage_keys import revoke_key

        return await revoke_key(ledger, which, by=local())

    key = at_ledger(work, home=home, as_json=as_json)
    show(_document(key), as_json=as_json, text=f"{key.name} opens nothing any more.")


def _key_named(key_id: str) -> UUID:
    from uuid import UUID

    try:
        return UUID(key_id)
    except ValueError:
        raise typer.BadParameter(
            "an id is 32 hexadecimal digits: jifen key list", param_hint="KEY_ID"
        ) from None


def _length_named(text: str) -> timedelta | None:
    found = re.fullmatch(r"([0-9]{1,6})([mhd])", text.strip())
    return int(found[1]) * _UNITS[found[2]] if found else None


def _expires_named(text: str | None) -> timedelta | date | datetime | None:
    """A length, a day or a moment, as --expires names it."""
    if text is None or text == "never":
        return None
    length = _length_named(text)
    if length is not None:
        return length
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise typer.BadParameter("there is no such day", param_hint="--expires") from None
    return moment_named(text, option="--expires")


def _line(key: ApiKey) -> str:
    may = [*key.roles, *key.permissions]
    more = [
        *([f"stores {','.join(key.stores)}"] if key.stores else []),
        *(["needs the member's code"] if key.needs_code else []),
        *([f"asks up to {key.requests_per_minute} a minute"] if key.requests_per_minute else []),
        *([f"adjusts up to {key.adjustment_units_max}"] if key.adjustment_units_max is not None else []),
        f"last used {_minute(key.last_used_at)}" if key.last_used_at else "never used",
    ]
    if key.expires_at is not None:
        more.append(f"{'expired' if key.is_expired else 'ends'} {_minute(key.expires_at)}")
    if key.old_secret_until is not None and key.old_secret_until > key.read_at:
        more.append(f"old secret until {_minute(key.old_secret_until)}")
    if key.revoked_at is not None:
        more.append(f"revoked {_minute(key.revoked_at)}")
    return (
        f"{key.key_id.hex}  {key.name:<20} {'test' if key.is_test else 'live'}  {','.join(may):<24} "
        f"{key.created_at:%Y-%m-%d}  {'; '.join(more)}"
    )


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%MZ}"


def _document(key: ApiKey) -> dict[str, Any]:
    return {
        "key_id": key.key_id.hex,
        "name": key.name,
        "roles": list(key.roles),
        "permissions": list(key.permissions),
        "stores": list(key.stores) if key.stores else None,
        "adjustment_units_max": key.adjustment_units_max,
        "needs_code": key.needs_code,
        "requests_per_minute": key.requests_per_minute,
        "is_test": key.is_test,
        "created_at": key.created_at.isoformat(),
        "expires_at": key.expires_at.isoformat() if key.expires_at else None,
        "is_expired": key.is_expired,
        "last_used_at": key.last_used_at.isoformat() if key.last_used_at else None,
        "old_secret_until": key.old_secret_until.isoformat() if key.old_secret_until else None,
        "revoked_at": key.revoked_at.isoformat() if key.revoked_at else None,
    }
