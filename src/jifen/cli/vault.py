"""`jifen vault`: the keys of personal data; see, rotate, renew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from jifen.cli.at_ledger import AsJson, Home, Language, at_ledger, local
from jifen.cli.show import language_spoken, show

if TYPE_CHECKING:
    from jifen.store.ledger import Ledger

vault_app = typer.Typer(no_args_is_help=True, help="Keys of personal data: see, rotate, renew.")


@vault_app.command("show")
def show_vault(language: Language = "en", home: Home = None, as_json: AsJson = False) -> None:
    """Say where the keys stand, and whether they are this ledger's.

    Example: jifen vault show
    """

    async def work(ledger: Ledger) -> dict[str, Any]:
        async with ledger.reading() as connection:
            vault = await ledger.vault(connection)
        keys = vault.keys
        return {
            "path": str(vault.path),
            "is_proven": ledger.has_sealed,
            "masters": list(keys.masters),
            "indexes": list(keys.indexes),
        }

    result = at_ledger(work, home=home, as_json=as_json)
    said = "proven" if result["is_proven"] else "unproven"
    show(result, as_json=as_json, text=[_words("path", path=result["path"]), _words(said)])


@vault_app.command()
def rotate(
    master: Annotated[
        bool, typer.Option("--master", help="A new key that wraps the keys of persons.")
    ] = False,
    index: Annotated[bool, typer.Option("--index", help="A new key of what finds persons.")] = False,
    language: Language = "en",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Put a new key above the others and renew under it what stands under older ones, while everything serves.

    Each `jifen serve` of this machine reads the file within a second; to other machines copy it, then `jifen vault drop-old`.

    Example: jifen vault rotate --master
    """
    if master == index:
        raise typer.BadParameter("name one of --master and --index", param_hint="--master")

    async def work(ledger: Ledger) -> dict[str, Any]:
        from jifen.operations.renew_vault import rotate_vault

        renewed = await rotate_vault(ledger, "master" if master else "index", principal=local())
        async with ledger.reading() as connection:
            vault = await ledger.vault(connection)
        return {"path": str(vault.path), "persons": renewed.persons, "keys": renewed.keys}

    result = at_ledger(work, home=home, as_json=as_json)
    what = "master" if master else "index"
    show(result, as_json=as_json, text=[_words("rotated", what=what, **result), _words("rest")])


@vault_app.command()
def renew(language: Language = "en", home: Home = None, as_json: AsJson = False) -> None:
    """Go on with a rotation that was cut off.

    Example: jifen vault renew
    """

    async def work(ledger: Ledger) -> dict[str, Any]:
        from jifen.operations.renew_vault import renew_vault

        return (await renew_vault(ledger))._asdict()

    result = at_ledger(work, home=home, as_json=as_json)
    show(result, as_json=as_json, text=_words("rest"))


@vault_app.command("drop-old")
def drop_old(language: Language = "en", home: Home = None, as_json: AsJson = False) -> None:
    """Leave only the newest keys in the file. Refused while anything stands under others.

    Example: jifen vault drop-old
    """

    async def work(ledger: Ledger) -> dict[str, Any]:
        from jifen.operations.renew_vault import is_anything_old
        from jifen.vault.keyfile import without_old

        async with ledger.reading() as connection:
            vault = await ledger.vault(connection)
        if await is_anything_old(ledger):
            return {"path": str(vault.path), "is_dropped": False}
        without_old(vault.path)
        return {"path": str(vault.path), "is_dropped": True}

    result = at_ledger(work, home=home, as_json=as_json)
    said = _words("dropped", path=result["path"]) if result["is_dropped"] else _words("still_used")
    show(result, as_json=as_json, text=said)
    if not result["is_dropped"]:
        raise typer.Exit(3)


@vault_app.command("forget-again")
def forget_again(language: Language = "en", home: Home = None, as_json: AsJson = False) -> None:
    """After a backup was restored: erase anew whoever was erased since it was made, by the list beside the keys.

    Example: jifen vault forget-again
    """

    async def work(ledger: Ledger) -> dict[str, Any]:
        from jifen.operations.erase_person import forget_again as forget

        return {"persons": await forget(ledger)}

    result = at_ledger(work, home=home, as_json=as_json)
    show(result, as_json=as_json, text=_words("forgotten", count=result["persons"]))


def _words(key: str, **values: object) -> str:
    from jifen.present.catalogue import catalogue_of

    return catalogue_of(language_spoken()).say(f"vault.said.{key}", **values)
