"""Answers in a language that is a file in a folder, and no line of code; and which language an answer is in."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.api.conftest import Api, a_purchase_body
from tests.third_language import a_third_language, in_english, unsaid

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_statement_is_told_in_a_third_language_by_address_and_by_header(
    shared_api: Api, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    member = await shared_api.a_member_with(500)
    await shared_api.a_purchase(member)
    path = f"/v1/members/{member}/statement"
    english = [one["sentence"] for one in (await shared_api.get(f"{path}?language=en")).json()["data"]]
    with a_third_language(monkeypatch, tmp_path) as third:
        by_address = (await shared_api.get(f"{path}?language={third}")).json()["data"]
        accept = {"Accept-Language": f"fr, {third};q=0.9, en;q=0.8"}
        by_header = (await shared_api.get(path, headers=accept)).json()["data"]
        lot = (await shared_api.get(f"/v1/members/{member}/lots/1", headers=accept)).json()["postings"]
    for told in (by_address, by_header):
        assert [in_english(one["sentence"]) for one in told] == english
        assert all(one["sentence"].startswith("⟦") and not unsaid(one["sentence"]) for one in told)
    assert all(not unsaid(one["sentence"]) for one in lot)


async def test_the_address_counts_before_the_header_and_chinese_where_nobody_asks(shared_api: Api) -> None:
    member = await shared_api.a_member_with(500)
    path = f"/v1/members/{member}/statement"

    async def first(query: str, header: str | None) -> str:
        headers = {"Accept-Language": header} if header else {}
        sentence: str = (await shared_api.get(path + query, headers=headers)).json()["data"][0]["sentence"]
        return sentence

    assert "adjusted by hand" in await first("?language=en", "zh")
    assert "adjusted by hand" in await first("", "en-US,en;q=0.5")
    assert "人工调整" in await first("", None)
    assert "人工调整" in await first("", "fr")


async def test_a_language_without_a_catalogue_is_refused(shared_api: Api) -> None:
    member = await shared_api.a_member()
    answer = await shared_api.get(f"/v1/members/{member}/statement?language=fr")
    assert (answer.status_code, answer.json()["pointer"], answer.json()["detail"]) == (
        422,
        "/query/language",
        "choose zh or en",
    )


async def test_a_refusal_is_told_in_a_third_language_alone_and_in_a_batch(
    shared_api: Api, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with a_third_language(monkeypatch, tmp_path) as third:
        accept = {"Accept-Language": third}
        unknown = await shared_api.get(f"/v1/members/mbr_{'0' * 32}", headers=accept)
        nowhere = await shared_api.get("/v1/nowhere", headers=accept)
        sale = a_purchase_body(f"mbr_{'0' * 32}")
        batch = await shared_api.post("/v1/purchases:batch", {"purchases": [sale]}, headers=accept)
        spoken = await shared_api.get(f"/v1/members/mbr_{'0' * 32}", headers={"Accept-Language": "en"})
    told = unknown.json()
    assert (told["message"], told["message_zh"]) == ("⟦There is no such member.⟧", "没有这位会员。")
    assert told["title"] == told["detail"] == "There is no such member.", "for integrators, always English"
    assert nowhere.json()["message"] == "⟦There is nothing at this address.⟧"
    assert batch.json()["answers"][0]["problem"]["message"] == "⟦There is no such member.⟧"
    assert spoken.json()["message"] == "There is no such member."
