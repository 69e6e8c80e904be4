"""One table of kinds and verbs: what the fold numbers is named once, and everything else is made from it or held to it."""

from __future__ import annotations

from typing import Any

import pytest
from tests.builders import SOMEBODY, a_moment, a_timeline

from jifen.domain import fold, verbs
from jifen.domain.decision import Reason
from jifen.domain.explain import About
from jifen.insight.snapshot import contracts
from jifen.present.catalogue import catalogue_of, languages
from jifen.present.postings import explain
from jifen.store.journal import PostedRow
from jifen.store.tables import metadata


def test_every_kind_that_the_fold_numbers_has_its_row_in_order() -> None:
    assert [kind.number for kind in verbs.KINDS] == list(range(fold.KINDS))
    assert len({kind.name for kind in verbs.KINDS}) == fold.KINDS
    for kind in verbs.KINDS:
        assert getattr(fold, kind.name.upper()) == kind.number


def test_every_verb_that_the_fold_posts_has_its_row_in_order() -> None:
    assert [posts.verb for posts in verbs.POSTS] == list(range(fold.VERBS))
    assert {posts.sign for posts in verbs.POSTS} == {1, -1}
    assert len(set(verbs.VERB_NAMES)) == fold.VERBS


def test_every_way_goes_from_one_place_to_another_and_is_told_by_both() -> None:
    assert len(set(verbs.WAYS)) == sum(name.startswith("W_") for name in vars(fold))
    for way in verbs.WAYS:
        assert way // 8 != way % 8
        assert verbs.way_name(way) == f"{verbs.PLACES[way // 8]} -> {verbs.PLACES[way % 8]}"


def test_a_kind_without_a_table_is_refused_by_the_fold_and_every_other_is_kept_somewhere() -> None:
    kept = {table.name for table in metadata.tables.values()}
    for kind in verbs.KINDS:
        assert kind.table == "" or kind.table in kept
        event = [0] * fold.EVENT_WIDTH
        event[fold.EVENT_KIND] = kind.number
        refused = kind.number in fold_without_use()
        assert refused == (kind.table == "")


def fold_without_use() -> set[int]:
    """The kinds that `fold.apply` refuses by name, asked of it."""
    timeline = a_timeline()
    found = set()
    for kind in range(-1, fold.KINDS + 1):
        event = [0] * fold.EVENT_WIDTH
        event[fold.EVENT_KIND] = kind
        state = fold.State(
            [0] * 64, [0] * 8, [0] * fold.LOT_WIDTH, [0] * 2, [0] * 8, [0] * 64, [0] * 8, [0] * 8, [0]
        )  # fmt: skip
        fold.begin(state, timeline.numbers, 0, keeps_past=True)
        asked = fold.Asked(event, [], [], [0] * 8, [], [], [0] * 64)
        out = fold.Out([0] * 64, [0] * 64, [0] * fold.ISSUES, [0] * 64)
        code = fold.apply(state, asked, timeline.numbers, out)
        if code == fold.KIND_WITHOUT_USE:
            found.add(kind)
        assert (code == fold.KIND_UNKNOWN) == (kind < 0 or kind >= fold.KINDS)
    return found


def test_the_tables_admit_just_the_kinds_and_verbs_that_are_named() -> None:
    kinds = _admitted("entry", "an_entry_has_a_known_kind")
    assert kinds == [kind.name for kind in verbs.KINDS if kind.table == "entry"]
    posted = _admitted("posting", "a_verb_moves_between_the_member_and_its_own_account")
    assert posted == [f"{one.name} {one.account} {str(one.is_credit).lower()}" for one in verbs.POSTS]


def _admitted(table: str, name: str) -> list[str]:
    """The words that a check names as an array."""
    _, _, words = str(_check(table, name)).partition("'{")
    return words.removesuffix("}'::text[])").split(",")


def _check(table: str, name: str) -> Any:
    constraints = metadata.tables[f"jifen.{table}"].constraints
    return next(one.sqltext for one in constraints if one.name == name)  # type: ignore[attr-defined]


def test_a_snapshot_tells_the_kinds_and_verbs() -> None:
    kinds = next(c for c in contracts.ENTRIES.columns if c.name == "kind").holds
    names = next(c for c in contracts.POSTINGS.columns if c.name == "verb").holds
    assert all(name in kinds for name in verbs.ENTRY_KINDS)
    assert all(name in names for name in verbs.VERB_NAMES)


@pytest.mark.parametrize("posts", verbs.POSTS, ids=lambda posts: posts.name)
@pytest.mark.parametrize("language", languages())
def test_every_verb_has_a_sentence(posts: verbs.Posts, language: str) -> None:
    purchase = {
        "source": "pos", "business_no": "1", "occurred_at": a_moment(), "amount_minor": 100, "revision": 1, "lines": [],
        "masks": [], "store": None,
    }  # fmt: skip
    posting = PostedRow(
        member_id=SOMEBODY, sequence=2, part=0, currency=0, verb=posts.name, account=posts.account,
        is_credit=posts.is_credit, units=5, balance_after=5, terms=0, reasons=(Reason(0, 5, 5),), lot=None, revision=1,
        funder="operator", store=None, channel=None, actor=None, occurred_at=a_moment(), recorded_at=a_moment(),
    )  # fmt: skip
    about = About(purchase=purchase, entry={"origin": 7, "note": None, "counterpart_id": None})
    told = explain(a_timeline(), posting, about, language=language)
    assert told.startswith("+5 " if posts.is_credit else "−5 ")
    assert len(told) > 8


@pytest.mark.parametrize("language", languages())
def test_every_kind_and_every_place_has_a_word(language: str) -> None:
    told = catalogue_of(language).messages
    assert {key for key in told if key.startswith("kind.")} == {f"kind.{kind}" for kind in verbs.KIND_NAMES}
    assert {key for key in told if key.startswith("place.")} == {f"place.{place}" for place in verbs.PLACES}
