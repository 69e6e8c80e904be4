"""`jifen template`: the programmes to start from."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from jifen.cli.at_ledger import AsJson, Language
from jifen.cli.show import show, show_document

template_app = typer.Typer(
    help="Programmes to start from, each with its tests. Change one, look at the plan, apply it: docs/templates/.",
    no_args_is_help=True,
)


@template_app.command("list")
def list_templates(language: Language = "en", as_json: AsJson = False) -> None:
    """The templates, each in three sentences. Needs no database.

    Example: jifen template list --language zh
    """
    from jifen.templates import template_names

    found = [_told(name, language) for name in template_names()]
    lines = [
        line
        for one in found
        for line in (f"{one['name']}: {one['title']}", *(f"  {sentence}" for sentence in one["sentences"]))
    ]
    show({"data": found}, as_json=as_json, text=lines)


@template_app.command("show")
def show_template(
    name: Annotated[
        str, typer.Argument(help="The template, as `jifen template list` calls it.", metavar="NAME")
    ],
    language: Language = "en",
    as_json: AsJson = False,
) -> None:
    """The text of a template, to be saved and changed. Needs no database.

    Example: jifen template show coffee-chain > shop.yaml
    """
    from jifen.templates import template_names, template_text

    if name not in template_names():
        raise typer.BadParameter(f"choose one of {', '.join(template_names())}", param_hint="NAME")
    if as_json:
        show({**_told(name, language), "text": template_text(name)}, as_json=True, text="")
    else:
        show_document(template_text(name))


def _told(name: str, language: str) -> dict[str, Any]:
    from jifen.document.load import parse_document
    from jifen.present.templates import template_sentences, template_title
    from jifen.templates import template_text

    document = parse_document(template_text(name), name=f"{name}.yaml")
    return {
        "name": name,
        "title": template_title(name, language),
        "sentences": template_sentences(name, language),
        "rules": len(document.earn_rules),
        "tests": len(document.tests),
    }
