"""`jifen key`: the keys of the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from jifen.cli.at_ledger import AsJson, Home, at_ledger, in_form
from jifen.cli.show import show

if TYPE_CHECKING:
    from jifen.store.api_keys import ApiKey
    from jifen.store.ledger import Ledger

key_app = typer.Typer(
    help="Make, list and revoke the keys of the API.\n\nA key has scopes: till, members, console, integration, or admin "
    "for all of them. Of its secret only a hash is kept.",
    no_args_is_help=True,
)


@key_app.command()
def create(
    name: Annotated[str, typer.Option(help="What the journal calls whoever uses it, such as till-7.")],
    scope: Annotated[
        list[str], typer.Option(help="till, members, console, integration or admin; may be given again.")
    ],
    test: Annotated[bool, typer.Option("--test", help="It can quote and read, and changes nothing.")] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and show it, this once.

    Example: jifen key create --name till-7 --scope till
    """

    async def work(ledger: Ledger) -> tuple[ApiKey, str]:
        from jifen.domain.texts import CODE
        from jifen.operations.manage_keys import create_key

        named = in_form(name, CODE, hint="--name")
        return await create_key(ledger, name=named, scopes=scope, is_test=test)

    key, token = at_ledger(work, home=home, as_json=as_json)
    show(
        {**_document(key), "token": token},
        as_json=as_json,
        text=[token, "", f"This is shown once; only a hash of it is kept. Its id: {key.key_id.hex}"],
    )


@key_app.command("list")
def list_all(home: Home = None, as_json: AsJson = False) -> None:
    """List the keys, revoked ones too; their secrets are kept nowhere.

    Example: jifen key list
    """

    async def work(ledger: Ledger) -> Any:
        from jifen.operations.manage_keys import list_keys

        return await list_keys(ledger)

    keys = at_ledger(work, home=home, as_json=as_json)
    lines = [
        f"{key.key_id.hex}  {key.name:<20} {'test' if key.is_test else 'live'}  {','.join(key.scopes):<24} "
        f"{key.created_at:%Y-%m-%d}{f'  revoked {key.revoked_at:%Y-%m-%d %H:%M}' if key.revoked_at else ''}"
        for key in keys
    ]
    show(
        {"keys": [_document(key) for key in keys]},
        as_json=as_json,
        text=lines or "There is no key yet: jifen key create --name till-7 --scope till",
    )


@key_app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="The key's id, as `jifen key list` shows it.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Revoke a key: within seconds it opens nothing any more.

    Example: jifen key revoke 01a200873b877db499c27d29c0902c7e
    """
    from uuid import UUID

    try:
        which = UUID(key_id)
    except ValueError:
        raise typer.BadParameter(
            "an id is 32 hexadecimal digits: jifen key list", param_hint="KEY_ID"
        ) from None

    async def work(ledger: Ledger) -> ApiKey:
        from jifen.operations.manage_keys import revoke_key

        return await revoke_key(ledger, which)

    key = at_ledger(work, home=home, as_json=as_json)
    show(_document(key), as_json=as_json, text=f"{key.name} opens nothing any more.")


def _document(key: ApiKey) -> dict[str, Any]:
    return {
        "key_id": key.key_id.hex,
        "name": key.name,
        "scopes": list(key.scopes),
        "is_test": key.is_test,
        "created_at": key.created_at.isoformat(),
        "revoked_at": key.revoked_at.isoformat() if key.revoked_at else None,
    }
