"""`jifen segment`: named lists of members, given or found by a condition, that rules may ask for."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jifen.cli.at_ledger import AsJson, Home, at_ledger, local, member_named, once_for
from jifen.cli.show import FAILED, say, show

if TYPE_CHECKING:
    from jifen.operations.manage_segments import Seen
    from jifen.store.ledger import Ledger
    from jifen.store.segments import Segment

segment_app = typer.Typer(
    help="Segments: lists of members, given or found by a condition, that rules ask for by member.segments.",
    no_args_is_help=True,
)
Code = Annotated[str, typer.Argument(help="The segment's code.", metavar="SEGMENT")]
When = Annotated[
    str,
    typer.Option(
        help="A condition as in a programme, of the member alone: '{fact: member.tier, is: gold}'; or @FILE."
    ),
]
File = Annotated[
    Path,
    typer.Argument(help="A member a line: card, mbr_ID or KIND:VALUE. What follows a comma is left out."),
]


@segment_app.command("list")
def list_(
    archived: Annotated[bool, typer.Option("--archived", help="Also those that are archived.")] = False,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Every segment, how many are in it, and when that was found out.

    Example: jifen segment list
    """

    async def work(ledger: Ledger) -> list[Segment]:
        from jifen.operations.manage_segments import list_segments

        return await list_segments(ledger, archived=archived)

    found = at_ledger(work, home=home, as_json=as_json)
    show(
        {"data": [_document(one) for one in found]},
        as_json=as_json,
        text=[_line(one) for one in found] or "There is none.",
    )


@segment_app.command("show")
def show_one(code: Code, home: Home = None, as_json: AsJson = False) -> None:
    """One segment: how many were in it day by day, and which rules ask for it.

    Example: jifen segment show sleepers
    """

    async def work(ledger: Ledger) -> Seen:
        from jifen.operations.manage_segments import read_segment

        return await read_segment(ledger, code)

    _show(at_ledger(work, home=home, as_json=as_json), as_json=as_json)


@segment_app.command()
def count(
    when: When,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """How many members meet a condition now. Nothing is kept.

    Example: jifen segment count --when "{fact: member.days_since_purchase, ge: 60}"
    """
    condition = _condition(when)

    async def work(ledger: Ledger) -> Any:
        from jifen.operations.manage_segments import count_segment

        return await count_segment(ledger, condition, most=None)

    found = at_ledger(work, home=home, as_json=as_json)
    text = [f"{found.members} of {found.looked_at} members would be in it."]
    if found.left_out:
        text.append(_left_out(found.left_out))
    show(found._asdict(), as_json=as_json, text=text)


@segment_app.command()
def make(
    code: Code,
    name: Annotated[
        list[str], typer.Option("--name", help="A name by language, zh=睡眠会员; once for each language.")
    ],
    when: Annotated[
        str | None, typer.Option(help="The condition that finds its members; left out: a list to be filled.")
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Make a segment; where it has a condition, that is asked of everybody now.

    Example: jifen segment make sleepers --name zh=睡眠会员 --name en=Sleepers --when "{fact: member.days_since_purchase, ge: 60}"
    """
    names = dict(_named(one) for one in name)
    condition = None if when is None else _condition(when)

    async def work(ledger: Ledger) -> Seen:
        from jifen.operations.manage_segments import make_segment, read_segment, refresh_segment

        await make_segment(ledger, code, names, condition, request=once_for("segment"), principal=local())
        if condition is not None:
            await refresh_segment(ledger, code)
        return await read_segment(ledger, code)

    _show(at_ledger(work, home=home, as_json=as_json), as_json=as_json)


@segment_app.command()
def refresh(code: Code, home: Home = None, as_json: AsJson = False) -> None:
    """Ask a segment's condition of everybody now; a list is counted.

    Example: jifen segment refresh sleepers
    """

    async def work(ledger: Ledger) -> Seen:
        from jifen.operations.manage_segments import read_segment, refresh_segment

        await refresh_segment(ledger, code)
        return await read_segment(ledger, code)

    _show(at_ledger(work, home=home, as_json=as_json), as_json=as_json)


@segment_app.command()
def add(code: Code, file: File, home: Home = None, as_json: AsJson = False) -> None:
    """Put the members of a file into a list.

    Example: jifen segment add vip vip.txt
    """
    _change(code, file, takes_out=False, home=home, as_json=as_json)


@segment_app.command()
def remove(code: Code, file: File, home: Home = None, as_json: AsJson = False) -> None:
    """Take the members of a file out of a list.

    Example: jifen segment remove vip gone.txt
    """
    _change(code, file, takes_out=True, home=home, as_json=as_json)


@segment_app.command()
def members(
    code: Code,
    after: Annotated[str | None, typer.Option(help="Members behind this one: next_cursor of --json.")] = None,
    limit: Annotated[int, typer.Option(help="So many at most.", min=1, max=10_000)] = 200,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Who is in a segment now, by id.

    Example: jifen segment members vip --limit 1000
    """
    from jifen.present.ids import unprefixed

    behind = None if after is None else unprefixed("mbr", after)
    if after is not None and behind is None:
        raise typer.BadParameter("a member is named mbr_ and 32 hexadecimal digits", param_hint="--after")

    async def work(ledger: Ledger) -> Any:
        from jifen.operations.manage_segments import list_of_segment

        return await list_of_segment(ledger, code, after=behind, limit=limit)

    page, following = at_ledger(work, home=home, as_json=as_json)
    ids = [f"mbr_{one.hex}" for one in page]
    cursor = None if following is None else f"mbr_{following.hex}"
    show({"data": ids, "next_cursor": cursor}, as_json=as_json, text=ids or "Nobody is in it.")


@segment_app.command()
def archive(code: Code, home: Home = None, as_json: AsJson = False) -> None:
    """Let nobody be in a segment any more; one that a rule asks for stays.

    Example: jifen segment archive sleepers
    """

    async def work(ledger: Ledger) -> dict[str, Any]:
        from jifen.operations.manage_segments import archive as put_away

        return await put_away(ledger, code, request=once_for("segment"), principal=local())

    answer = at_ledger(work, home=home, as_json=as_json)
    show({"code": answer["code"]}, as_json=as_json, text=f"{code} is archived.")


def _change(code: str, file: Path, *, takes_out: bool, home: Path | None, as_json: bool) -> None:
    lines = _lines(file)
    named = [member_named(one) for _, one in lines]

    async def work(ledger: Ledger) -> dict[str, Any]:
        from jifen.domain.segments import CHANGED_AT_ONCE
        from jifen.operations.manage_segments import change_list

        whole: dict[str, Any] = {"code": code, "members": 0, "changed": 0, "refused": []}
        for first in range(0, len(named), CHANGED_AT_ONCE):
            part = await change_list(
                ledger,
                code,
                named[first : first + CHANGED_AT_ONCE],
                takes_out=takes_out,
                request=once_for("segment"),
                principal=local(),
            )
            whole["members"] = part["members"]
            whole["changed"] += part["changed"]
            whole["refused"] += [
                {"line": lines[first + one["at"]][0], "code": one["code"]} for one in part["refused"]
            ]
        return whole

    answer = at_ledger(work, home=home, as_json=as_json)
    done = "taken out" if takes_out else "put in"
    text = [f"{answer['changed']} {done}; {answer['members']} are in {code} now."]
    text += [f"{file}, line {one['line']}: {one['code']}" for one in answer["refused"]]
    show(answer, as_json=as_json, text=text)


def _lines(file: Path) -> list[tuple[int, str]]:
    """The members of a file with their lines."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as failure:
        say(f"{file} cannot be read: {failure}")
        sys.exit(FAILED)
    found = [(at, line.partition(",")[0].strip()) for at, line in enumerate(text.splitlines(), start=1)]
    found = [one for one in found if one[1] and one[1] != "member"]
    if not found:
        raise typer.BadParameter(f"{file} names nobody", param_hint="FILE")
    return found


def _condition(when: str) -> dict[str, Any]:
    from jifen.document import yaml_text
    from jifen.document.problems import DocumentRefused

    name, text = "--when", when
    if when.startswith("@"):
        name = when[1:]
        try:
            text = Path(name).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as failure:
            say(f"{name} cannot be read: {failure}")
            sys.exit(FAILED)
    try:
        value = yaml_text.read(text, name=name).value
    except DocumentRefused as refused:
        raise typer.BadParameter(str(refused), param_hint="--when") from None
    if not isinstance(value, dict):
        raise typer.BadParameter("a condition is such as {fact: member.tier, is: gold}", param_hint="--when")
    return value


def _named(text: str) -> tuple[str, str]:
    language, equals, name = text.partition("=")
    if not equals or not name.strip() or not language.replace("-", "").isalpha():
        raise typer.BadParameter("a name is written LANGUAGE=NAME: zh=睡眠会员", param_hint="--name")
    return language, name.strip()


def _left_out(left_out: int) -> str:
    return (
        f"{left_out} more meet it and are left out: nobody of them is known, or one objects to being judged."
    )


def _document(one: Segment) -> dict[str, Any]:
    told = one._asdict()
    del told["number"]
    for name in ("made_at", "archived_at", "refreshed_at"):
        told[name] = told[name].isoformat() if told[name] else None
    return told


def _line(one: Segment) -> str:
    kind = "list" if one.condition is None else "condition"
    at = f"{one.refreshed_at:%Y-%m-%d %H:%MZ}" if one.refreshed_at else "not counted yet"
    ends = f"; archived {one.archived_at:%Y-%m-%d}" if one.archived_at else ""
    return f"{one.code}  {kind}  {one.members} members, {at}{ends}"


def _show(found: Seen, *, as_json: bool) -> None:
    import json

    one = found.segment
    sizes = [
        {"on": size.on.isoformat(), "members": size.members, "left_out": size.left_out}
        for size in found.sizes
    ]
    text = [_line(one), *[f"  {language}: {name}" for language, name in one.names.items()]]
    if one.condition is not None:
        text.append(f"  when: {json.dumps(one.condition, ensure_ascii=False)}")
    if one.left_out:
        text.append("  " + _left_out(one.left_out))
    text.append(f"  asked for by: {', '.join(found.rules) or 'no rule'}")
    text += [f"  {size['on']}  {size['members']}" for size in sizes[:10]]
    show({**_document(one), "sizes": sizes, "rules": list(found.rules)}, as_json=as_json, text=text)
