"""Four eyes: what one proposes another decides, once, and a shop of one waits and types a word."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
from tests.api.conftest import Api, Shop, a_purchase_body, an_api
from tests.api.people import Person, a_person
from tests.api.writes import the_document

from jifen.domain.refusals import PointsMissing
from jifen.embedded import Server
from jifen.jobs.proposals import do_proposal
from jifen.operations.handle_proposals import approve_proposal, read_proposal
from jifen.operations.manage_keys import create_key
from jifen.operations.manage_sessions import principal_of_session, read_session
from jifen.store.once import Once
from jifen.store.proposals import Proposal

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def api_of_one(postgres: Server, shop: Shop) -> AsyncIterator[Api]:
    """A shop that one operator runs."""
    async with an_api(postgres, shop) as known:
        yield known


async def adjusting(api: Api, units: int = 500, **more: Any) -> dict[str, Any]:
    """The body of an adjustment for a new member."""
    member = {"id": await api.a_member()}
    return {"member": member, "currency": "points", "units": units, "note": "the scale was wrong", **more}


async def proposed(api: Api, who: Person, body: dict[str, Any] | None = None) -> str:
    """The id of what he proposed."""
    answer = await who.ask(api, "POST", "/v1/adjustments", body or await adjusting(api))
    assert answer.status_code == 202, answer.text
    return str(answer.json()["proposal"])


async def decide(api: Api, who: Person, proposal: str, verb: str = "approve", **body: Any) -> httpx.Response:
    """What deciding it is answered."""
    return await who.ask(
        api, "POST", f"/v1/proposals/{proposal}:{verb}", body if verb != "withdraw" else None, key=None
    )


async def balance(api: Api, body: dict[str, Any]) -> int:
    """How many points the member of an adjustment has."""
    known = (await api.get(f"/v1/members/{body['member']['id']}/balances")).json()
    return int(known["balances"][0]["balance"])


def code(answer: httpx.Response) -> tuple[int, str]:
    """Status and code."""
    return answer.status_code, answer.json().get("code", "")


async def in_the_database(api: Api, statement: str, *arguments: object) -> None:
    """Change what is kept, as time would."""
    async with api.ledger.pool.acquire() as connection:
        await connection.execute(statement, *arguments)


async def test_above_his_limit_an_operator_proposes_and_another_approves(shared_api: Api) -> None:
    service = await a_person(shared_api, name="Sun Li", roles=["service"], limit=100)
    manager = await a_person(shared_api, name="Ma Wei", roles=["store_manager"])
    within = await adjusting(shared_api, 100)
    assert (await service.ask(shared_api, "POST", "/v1/adjustments", within)).status_code == 201
    body = await adjusting(shared_api, 101)
    proposal = await proposed(shared_api, service, body)
    assert await balance(shared_api, body) == 0, "nothing is done yet"
    listed = (await manager.ask(shared_api, "GET", "/v1/proposals?state=waiting&language=en")).json()["data"]
    shown = next(one for one in listed if one["id"] == proposal)
    assert shown["sentence"] == (
        f"Sun Li proposes to adjust {body['member']['id']} by +101 points: the scale was wrong"
    )
    assert shown["confirm"] is None

    done = await decide(shared_api, manager, proposal)
    assert done.status_code == 200, done.text
    told = done.json()
    assert (told["state"], told["proposed_by"]["name"], told["decided_by"]["name"]) == (
        "approved",
        "Sun Li",
        "Ma Wei",
    )
    assert told["result"]["balance_after"] == 101
    assert [step["what"] for step in told["trail"]] == ["proposed", "approved", "done"]
    assert await balance(shared_api, body) == 101
    async with shared_api.ledger.pool.acquire() as connection:
        actor = await connection.fetchval(
            "SELECT actor FROM entry WHERE entry_id = $1", UUID(told["result"]["entry_id"][4:])
        )
    assert actor == f"{service.id}+{manager.id}", "the journal names both, by number"
    page = (await shared_api.get(f"/v1/members/{body['member']['id']}/statement?language=en")).json()
    assert page["data"][0]["actor"] == "Sun Li+Ma Wei", "and a person reads names"


async def test_a_cashiers_text_is_never_taken_for_an_operator(shared_api: Api) -> None:
    who = await a_person(shared_api, name="Real Name", roles=["cashier"])
    member = await shared_api.a_member()
    for cashier, actor in ((f"x+{who.id}", f"admin-key/x+{who.id}"), (who.id, f"admin-key/{who.id}")):
        await shared_api.post("/v1/purchases", a_purchase_body(member, cashier=cashier))
        page = (await shared_api.get(f"/v1/members/{member}/statement?language=en")).json()
        assert page["data"][0]["actor"] == actor
    await who.ask(shared_api, "POST", "/v1/purchases", a_purchase_body(member, cashier=f"+{who.id}"))
    page = (await shared_api.get(f"/v1/members/{member}/statement?language=en")).json()
    assert page["data"][0]["actor"] == f"Real Name/+{who.id}"


async def test_a_key_above_its_limit_proposes_too_and_decides_nothing(shared_api: Api) -> None:
    _, token = await create_key(shared_api.ledger, name="a key", roles=["owner"], adjustment_units_max=10)
    body = await adjusting(shared_api)
    first = await shared_api.post("/v1/adjustments", body, as_=token, key="the key of a proposal")
    again = await shared_api.post("/v1/adjustments", body, as_=token, key="the key of a proposal")
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json() == again.json()
    changed = await shared_api.post(
        "/v1/adjustments", {**body, "units": 501}, as_=token, key="the key of a proposal"
    )
    assert code(changed) == (409, "key_reused")
    path = f"/v1/proposals/{first.json()['proposal']}:approve"
    assert code(await shared_api.post(path, {}, as_=token)) == (403, "not_permitted")
    manager = await a_person(shared_api, roles=["store_manager"])
    assert (await decide(shared_api, manager, first.json()["proposal"])).status_code == 200
    assert await balance(shared_api, body) == 500


async def test_undoing_a_large_adjustment_waits_too(shared_api: Api) -> None:
    service = await a_person(shared_api, roles=["service"], limit=100)
    manager = await a_person(shared_api, roles=["store_manager"])
    body = await adjusting(shared_api)
    made = (await shared_api.post("/v1/adjustments", body)).json()
    path = f"/v1/members/{made['member_id']}/entries/{made['sequence']}:reverse"
    asked = [
        await service.ask(shared_api, "POST", path, {"note": "a mistake"}, key=f"undo {made['entry_id']}")
        for _ in range(2)
    ]
    assert [one.status_code for one in asked] == [202, 200]
    assert asked[0].json() == asked[1].json()
    done = await decide(shared_api, manager, asked[0].json()["proposal"])
    assert done.status_code == 200, done.text
    assert await balance(shared_api, body) == 0
    other = await service.ask(shared_api, "POST", path, {"note": "again"})
    assert other.status_code in (202, 409)


async def test_nobody_approves_his_own_while_somebody_else_could(shared_api: Api) -> None:
    owner = await a_person(shared_api, roles=["owner"], limit=10)
    await a_person(shared_api, roles=["store_manager"])
    proposal = await proposed(shared_api, owner)
    assert code(await decide(shared_api, owner, proposal)) == (403, "own_proposal")
    assert code(await decide(shared_api, owner, proposal, confirm="ABCDE")) == (403, "own_proposal")


async def test_who_decides_has_what_is_proposed_himself_and_its_store(shared_api: Api) -> None:
    service = await a_person(shared_api, roles=["service"], limit=0)
    proposal = await proposed(shared_api, service, await adjusting(shared_api, store="main"))
    decides_only = await a_person(shared_api, permissions=["proposals.decide"])
    assert code(await decide(shared_api, decides_only, proposal)) == (403, "not_permitted")
    of_elsewhere = await a_person(shared_api, roles=["store_manager"], stores=["elsewhere"])
    assert code(await decide(shared_api, of_elsewhere, proposal)) == (403, "store_not_permitted")
    of_the_shop = await a_person(shared_api, roles=["store_manager"], stores=["main"], limit=1)
    assert (await decide(shared_api, of_the_shop, proposal)).status_code == 200


async def test_two_who_approve_at_once_do_it_once(shared_api: Api) -> None:
    service = await a_person(shared_api, roles=["service"], limit=0)
    managers = [await a_person(shared_api, roles=["store_manager"]) for _ in range(3)]
    body = await adjusting(shared_api)
    proposal = await proposed(shared_api, service, body)
    answers = await asyncio.gather(*(decide(shared_api, one, proposal) for one in managers * 2))
    assert [one.status_code for one in answers] == [200] * 6
    assert len({one.json()["result"]["entry_id"] for one in answers}) == 1
    assert len({one.json()["decided_by"]["id"] for one in answers}) == 1
    assert await balance(shared_api, body) == 500


async def test_an_approval_that_a_process_died_in_is_gone_on_with_and_done_once(shared_api: Api) -> None:
    service = await a_person(shared_api, roles=["service"], limit=0)
    manager, other = [await a_person(shared_api, roles=["store_manager"]) for _ in range(2)]
    body = await adjusting(shared_api)
    proposal = await proposed(shared_api, service, body)
    session = await read_session(shared_api.ledger, manager.session_id)
    assert session is not None

    class Died(BaseException):
        """The process."""

    async def dies(ledger: Any, proposal: Proposal, request: Once, actor: str) -> dict[str, Any]:
        await do_proposal(ledger, proposal, request, actor)
        raise Died

    with pytest.raises(Died):
        await approve_proposal(
            shared_api.ledger, principal_of_session(session), UUID(proposal[4:]), confirm=None, effect=dies
        )
    assert await balance(shared_api, body) == 500
    assert code(await decide(shared_api, other, proposal, "refuse", reason="no")) == (409, "proposal_over")
    done = (await decide(shared_api, other, proposal)).json()
    assert done["decided_by"]["id"] == manager.id, "who approved it did"
    assert done["result"]["balance_after"] == 500
    assert await balance(shared_api, body) == 500


async def test_what_cannot_be_done_is_refused_and_waits_as_before(shared_api: Api) -> None:
    service = await a_person(shared_api, roles=["service"], limit=0)
    manager = await a_person(shared_api, roles=["store_manager"])
    body = await adjusting(shared_api, -500)
    await shared_api.post(f"/v1/members/{body['member']['id']}:close")
    proposal = await proposed(shared_api, service, body)
    assert code(await decide(shared_api, manager, proposal)) == (409, "member_closed")
    kept = await read_proposal(shared_api.ledger, UUID(proposal[4:]))
    assert (str(kept.state), kept.decided_by) == ("waiting", None)
    assert kept.trail[-1]["what"] == "failed"
    assert kept.trail[-1]["said"] == "member_closed"
    await shared_api.post(f"/v1/members/{body['member']['id']}:reopen")
    missing = code(await decide(shared_api, manager, proposal))
    assert missing in ((422, PointsMissing.code), (200, ""))


async def test_refused_withdrawn_and_expired_it_does_nothing_and_is_over(shared_api: Api) -> None:
    service, other = [await a_person(shared_api, roles=["service"], limit=0) for _ in range(2)]
    manager = await a_person(shared_api, roles=["store_manager"])
    bodies = [await adjusting(shared_api) for _ in range(3)]
    refused, withdrawn, expired = [await proposed(shared_api, service, body) for body in bodies]
    told = await decide(shared_api, manager, refused, "refuse", reason="ask me first")
    assert (told.json()["state"], told.json()["reason"]) == ("refused", "ask me first")
    assert code(await decide(shared_api, other, withdrawn, "withdraw")) == (403, "not_permitted")
    assert (await decide(shared_api, service, withdrawn, "withdraw")).json()["state"] == "withdrawn"
    await in_the_database(
        shared_api,
        "UPDATE proposal SET expires_at = clock_timestamp() WHERE proposal_id = $1",
        UUID(expired[4:]),
    )
    for proposal, state in ((refused, "refused"), (withdrawn, "withdrawn"), (expired, "expired")):
        for verb, body in (("approve", {}), ("refuse", {"reason": "no"})):
            answer = await decide(shared_api, manager, proposal, verb, **body)
            assert code(answer) == (409, "proposal_over")
            assert answer.json()["numbers"] == {"state": state}
        listed = (await manager.ask(shared_api, "GET", f"/v1/proposals?state={state}")).json()["data"]
        assert proposal in {one["id"] for one in listed}
    assert [await balance(shared_api, body) for body in bodies] == [0, 0, 0]


async def test_a_proposal_waits_seven_days(shared_api: Api) -> None:
    service = await a_person(shared_api, roles=["service"], limit=0)
    kept = await read_proposal(shared_api.ledger, UUID((await proposed(shared_api, service))[4:]))
    assert abs((kept.expires_at - kept.proposed_at).total_seconds() - 7 * 86_400) < 1


async def test_a_shop_of_one_types_the_word_after_ten_minutes_and_may_call_it_off(api_of_one: Api) -> None:
    api = api_of_one
    owner = await a_person(api, roles=["owner"], limit=10)
    body, other = await adjusting(api), await adjusting(api)
    answer = (await owner.ask(api, "POST", "/v1/adjustments", body)).json()
    assert answer["confirm"]
    assert answer["may_confirm_at"]
    assert code(await decide(api, owner, answer["proposal"])) == (422, "field_wrong")
    early = await decide(api, owner, answer["proposal"], confirm=answer["confirm"])
    assert code(early) == (409, "proposal_too_early")
    assert 0 < early.json()["numbers"]["seconds"] <= 600
    await in_the_database(api, "UPDATE proposal SET proposed_at = proposed_at - interval '10 minutes'")
    assert (await decide(api, owner, answer["proposal"], confirm="WRONG")).json()["pointer"] == "/confirm"
    done = await decide(api, owner, answer["proposal"], confirm=f" {answer['confirm'].lower()} ")
    assert done.status_code == 200, done.text
    assert await balance(api, body) == 500

    called_off = await proposed(api, owner, other)
    assert (await decide(api, owner, called_off, "withdraw")).json()["state"] == "withdrawn"

    # Somebody else comes: from now on he decides, also what was proposed before he came.
    before = (await owner.ask(api, "POST", "/v1/adjustments", other)).json()
    await in_the_database(api, "UPDATE proposal SET proposed_at = proposed_at - interval '10 minutes'")
    second = await a_person(api, roles=["store_manager"])
    assert code(await decide(api, owner, before["proposal"], confirm=before["confirm"])) == (
        403,
        "own_proposal",
    )
    assert (await decide(api, second, before["proposal"])).status_code == 200
    # And sending him away does not make him alone for what was proposed while he was there.
    with_him = await proposed(api, owner)
    gone = await owner.ask(api, "POST", f"/v1/operators/{second.id}:disable", key=None)
    assert gone.status_code in (200, 403)
    await in_the_database(
        api, "UPDATE operator SET disabled_at = clock_timestamp() WHERE operator_id = $1", second.operator_id
    )
    assert code(await decide(api, owner, with_him, confirm="ABCDE")) == (403, "own_proposal")


async def changed(api: Api, name: str) -> dict[str, Any]:
    """The published document with another name."""
    document = await the_document(api)
    return {**document, "program": {**document["program"], "names": {"zh": "新名", "en": name}}}


async def test_an_operator_proposes_a_revision_and_another_publishes_it(shared_api: Api) -> None:
    author = await a_person(shared_api, name="Author", roles=["marketing"])
    owner = await a_person(shared_api, name="Owner", roles=["owner"])
    document = await changed(shared_api, "By two")
    before = (await shared_api.get("/v1/program")).json()["newest"]["number"]
    answer = await author.ask(shared_api, "POST", "/v1/program:apply", {"document": document})
    assert answer.status_code == 202, answer.text
    assert (await shared_api.get("/v1/program")).json()["newest"]["number"] == before
    done = await decide(shared_api, owner, answer.json()["proposal"])
    assert done.status_code == 200, done.text
    newest = (await shared_api.get("/v1/program")).json()["newest"]
    assert newest["number"] == done.json()["result"]["number"] == before + 1
    assert newest["published_by"] == "Author+Owner"
    async with shared_api.ledger.pool.acquire() as connection:
        kept = await connection.fetchval("SELECT published_by FROM revision ORDER BY number DESC LIMIT 1")
    assert kept == f"{author.id}+{owner.id}", "what is never changed holds no name"
    assert newest["document"]["program"]["names"]["en"] == "By two"
    same = await author.ask(shared_api, "POST", "/v1/program:apply", {"document": newest["document"]})
    assert (same.status_code, same.json()["is_new"]) == (201, False), (
        "it is the newest already: nobody is asked"
    )


async def test_who_approves_publishes_after_the_revision_that_was_looked_at_or_nothing(
    shared_api: Api,
) -> None:
    author, owner = [await a_person(shared_api, roles=["owner"]) for _ in range(2)]
    proposals = [
        (
            await author.ask(
                shared_api, "POST", "/v1/program:apply", {"document": await changed(shared_api, f"Draft {i}")}
            )
        ).json()["proposal"]
        for i in range(2)
    ]
    assert (await decide(shared_api, owner, proposals[0])).status_code == 200
    assert code(await decide(shared_api, owner, proposals[1])) == (409, "revision_stale")


async def test_what_is_wrong_with_a_document_is_said_to_who_proposes_it(shared_api: Api) -> None:
    author = await a_person(shared_api, roles=["owner"])
    document = await the_document(shared_api)
    wrong = {**document, "earn_rules": [{"code": "x"}]}
    assert code(await author.ask(shared_api, "POST", "/v1/program:apply", {"document": wrong}))[0] == 422
    body = {"document": await changed(shared_api, "Late"), "effective_at": "2020-01-01T00:00:00Z"}
    assert code(await author.ask(shared_api, "POST", "/v1/program:apply", body)) == (
        422,
        "effective_in_the_past",
    )
    stale = {"document": await changed(shared_api, "Stale"), "expected_revision": 999}
    assert code(await author.ask(shared_api, "POST", "/v1/program:apply", stale)) == (409, "revision_stale")
    unknown = await adjusting(shared_api, currency="gold")
    limited = await a_person(shared_api, roles=["service"], limit=0)
    assert code(await limited.ask(shared_api, "POST", "/v1/adjustments", unknown)) == (
        422,
        "currency_unknown",
    )
