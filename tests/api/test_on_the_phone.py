"""A member signs in by a code, joins by one, and asks about nobody but himself."""

from __future__ import annotations

import asyncio
import itertools

import pytest
from tests.api.conftest import Api, a_purchase_body
from tests.api.people import OnPhone, a_code, a_phone_of, on_phone

from jifen.domain.one_time_code import FREE_SENDS, TRIES
from jifen.senders import Message, NotSent

pytestmark = pytest.mark.asyncio(loop_scope="module")
_phones = itertools.count(13_800_000_000)


async def enrolled(api: Api, **person: str) -> tuple[str, str]:
    """A new member's id and phone."""
    phone = str(next(_phones))
    answer = await api.post("/v1/members", {"person": {"phone": phone, **person}})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["member_id"]), phone


async def on_a_phone(api: Api) -> OnPhone:
    """A member who is signed in."""
    member_id, phone = await enrolled(api)
    who = await a_phone_of(api, phone)
    assert who.member_id == member_id
    return who


async def in_the_database(api: Api, statement: str, *arguments: object) -> None:
    """Change what is kept, as time would."""
    async with api.ledger.pool.acquire() as connection:
        await connection.execute(statement, *arguments)


# -- the code -------------------------------------------------------------------------------------------------------------


async def test_a_code_goes_to_whomever_and_the_answer_does_not_tell_whether_he_is_a_member(
    shared_api: Api,
) -> None:
    _, phone = await enrolled(shared_api)
    answers = []
    for one in (phone, str(next(_phones))):
        answer = await shared_api.ask("POST", "/v1/me/codes", {"phone": one}, as_=None)
        assert answer.status_code == 201
        answers.append(answer.json())
    assert [sorted(one) for one in answers] == [sorted(answers[0])] * 2
    assert all(one["code"] is None and phone[:7] not in one["sent_to"] for one in answers)


async def test_a_code_is_good_once(shared_api: Api) -> None:
    member_id, phone = await enrolled(shared_api)
    sign_in_id, code = await a_code(shared_api, phone=phone)
    body = {"sign_in_id": sign_in_id, "code": f"{code[:3]} {code[3:]}"}
    first = await shared_api.ask("POST", "/v1/me/session", body, as_=None)
    assert (first.status_code, first.json()["member_id"]) == (200, member_id)
    cookie = first.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    again = await shared_api.ask("POST", "/v1/me/session", body, as_=None)
    assert (again.status_code, again.json()["code"]) == (401, "one_time_code_wrong")


async def test_twenty_at_once_with_one_code_are_one_session(shared_api: Api) -> None:
    _, phone = await enrolled(shared_api)
    sign_in_id, code = await a_code(shared_api, phone=phone)
    body = {"sign_in_id": sign_in_id, "code": code}
    answers = await asyncio.gather(
        *(shared_api.ask("POST", "/v1/me/session", body, as_=None) for _ in range(20))
    )
    assert [one.status_code for one in answers].count(200) == 1


async def test_a_code_is_guessed_at_five_times_and_then_the_right_one_is_refused_too(shared_api: Api) -> None:
    _, phone = await enrolled(shared_api)
    sign_in_id, code = await a_code(shared_api, phone=phone)
    wrong = [f"{(int(code) + one) % 1_000_000:06}" for one in range(1, TRIES + 1)]
    for at, one in enumerate(wrong):
        answer = await shared_api.ask(
            "POST", "/v1/me/session", {"sign_in_id": sign_in_id, "code": one}, as_=None
        )
        assert (answer.status_code, answer.json()["numbers"]["tries_left"]) == (401, TRIES - 1 - at)
    answer = await shared_api.ask(
        "POST", "/v1/me/session", {"sign_in_id": sign_in_id, "code": code}, as_=None
    )
    assert (answer.status_code, answer.json()["code"]) == (401, "one_time_code_wrong")


async def test_a_code_that_is_too_old_is_refused(shared_api: Api) -> None:
    _, phone = await enrolled(shared_api)
    sign_in_id, code = await a_code(shared_api, phone=phone)
    await in_the_database(shared_api, "UPDATE one_time_code SET expires_at = clock_timestamp()")
    answer = await shared_api.ask(
        "POST", "/v1/me/session", {"sign_in_id": sign_in_id, "code": code}, as_=None
    )
    assert answer.json()["code"] == "one_time_code_wrong"


async def test_codes_to_one_phone_are_few_and_then_one_waits(shared_api: Api) -> None:
    phone = str(next(_phones))
    said = []
    for written in (phone, f"+86 {phone}", f"{phone[:3]}-{phone[3:]}", phone, phone):
        said.append(await shared_api.ask("POST", "/v1/me/codes", {"phone": written}, as_=None))
    assert [one.status_code for one in said[:FREE_SENDS]] == [201] * FREE_SENDS
    assert (said[-1].status_code, said[-1].json()["code"]) == (429, "sign_in_too_soon")
    assert said[-1].headers["retry-after"]


async def test_a_carrier_that_fails_is_told_and_what_no_phone_is_too(shared_api: Api) -> None:
    class Broken:
        async def send(self, message: Message) -> None:
            raise NotSent("the gateway is away")

    kept, shared_api.app.state.sender = shared_api.app.state.sender, Broken()
    try:
        answer = await shared_api.ask("POST", "/v1/me/codes", {"phone": str(next(_phones))}, as_=None)
    finally:
        shared_api.app.state.sender = kept
    assert (answer.status_code, answer.json()["code"], answer.json()["detail"]) == (
        424,
        "code_not_sent",
        "the gateway is away",
    )
    for body in ({"phone": "12"}, {"email": "nobody"}, {}, {"phone": "13800138000", "email": "a@b.cn"}):
        assert (await shared_api.ask("POST", "/v1/me/codes", body, as_=None)).status_code == 422


async def test_neither_code_nor_contact_nor_token_can_be_read_in_the_database(shared_api: Api) -> None:
    _, phone = await enrolled(shared_api)
    sign_in_id, code = await a_code(shared_api, phone=phone)
    body = {"sign_in_id": sign_in_id, "code": code}
    token = (await shared_api.ask("POST", "/v1/me/session", body, as_=None)).cookies["jifen_me"]
    async with shared_api.ledger.pool.acquire() as connection:
        kept = await connection.fetch("SELECT to_jsonb(c)::text FROM one_time_code c")
        kept += await connection.fetch("SELECT to_jsonb(s)::text FROM person_session s")
    text = "".join(one[0] for one in kept)
    for secret in (phone, phone.encode().hex(), code, token.partition("_")[2]):
        assert secret not in text.replace("\\\\x", "")


async def test_one_code_that_is_right_four_times_pays_for_one_sending_and_not_for_four(
    shared_api: Api,
) -> None:
    here = {"X-Forwarded-For": "198.51.100.77"}

    async def send(phone: str) -> str | None:
        body = {"phone": phone}
        answer = await shared_api.ask("POST", "/v1/me/codes?language=en", body, as_=None, headers=here)
        return str(answer.json()["sign_in_id"]) if answer.status_code == 201 else None

    sent: list[str | None] = []
    for _ in range(12):
        sign_in_id = await send(str(next(_phones)))
        sent.append(sign_in_id)
        code = shared_api.app.state.sender.sent[-1].text[:6]
        for _ in range(4 if sign_in_id else 0):
            body = {"sign_in_id": sign_in_id, "code": code}
            answer = await shared_api.ask("POST", "/v1/me/session", body, as_=None, headers=here)
            assert answer.json() == {"is_member": False}
        sent += [await send(str(next(_phones))) for _ in range(4)]
    assert None in sent, "who sends to strangers waits, however often he proves a phone of his own"


# -- joining --------------------------------------------------------------------------------------------------------------


async def test_who_is_nobody_yet_joins_by_his_code_with_what_he_agrees_to(shared_api: Api) -> None:
    phone = str(next(_phones))
    sign_in_id, code = await a_code(shared_api, phone=phone)
    body = {"sign_in_id": sign_in_id, "code": code}
    answer = await shared_api.ask("POST", "/v1/me/session", body, as_=None)
    assert (answer.status_code, answer.json()) == (200, {"is_member": False})
    assert "jifen_me" not in answer.cookies

    consent = {"purpose": "expiry", "is_given": True, "text_version": "2026-11", "channel": "app"}
    joined = await shared_api.ask(
        "POST", "/v1/me:join", {**body, "name": "王芳", "consents": [consent]}, as_=None
    )
    assert joined.status_code == 201, joined.text
    who = on_phone(joined)
    known = (await who.ask(shared_api, "GET", "/v1/me/person")).json()["persons"][0]
    assert known["fields"]["name"] == "王芳"
    assert [(one["kind"], one["value"]) for one in known["keys"]] == [("phone", f"+86{phone}")]
    assert [(one["purpose"], one["is_given"], one["channel"]) for one in known["consents"]] == [
        ("expiry", True, "app")
    ]
    assert (await a_phone_of(shared_api, phone)).member_id == who.member_id


async def test_ten_who_join_at_once_by_one_phone_are_one_member(shared_api: Api) -> None:
    phone = str(next(_phones))
    tickets = [await a_code(shared_api, phone=phone) for _ in range(FREE_SENDS)]

    async def join(ticket: tuple[str, str]) -> int:
        body = {"sign_in_id": ticket[0], "code": ticket[1]}
        return (await shared_api.ask("POST", "/v1/me:join", body, as_=None)).status_code

    answers = await asyncio.gather(*(join(ticket) for ticket in tickets for _ in range(3)))
    assert 201 in answers
    assert not {500, 503} & set(answers)
    async with shared_api.ledger.reading() as connection:
        members = await connection.fetchval("SELECT count(*) FROM member_key WHERE kind = 'phone'")
        persons = await connection.fetchval(
            "SELECT count(DISTINCT person_id) FROM member_key WHERE kind = 'phone'"
        )
    assert members == persons
    assert (await shared_api.get(f"/v1/members?phone={phone}")).status_code == 200


# -- about oneself --------------------------------------------------------------------------------------------------------


async def test_a_member_reads_what_a_till_reads_of_him(shared_api: Api) -> None:
    who = await on_a_phone(shared_api)
    bought = await shared_api.a_purchase(who.member_id, of=12_345)
    about = f"/v1/members/{who.member_id}"
    for own, same in (
        ("/v1/me", about),
        ("/v1/me/lots", f"{about}/lots"),
        ("/v1/me/lots/1", f"{about}/lots/1"),
        ("/v1/me/statement?language=en", f"{about}/statement?language=en"),
        ("/v1/me/tiers", f"{about}/tiers"),
        (f"/v1/me/purchases/{bought['purchase_id']}", f"/v1/purchases/{bought['purchase_id']}"),
    ):
        mine = await who.ask(shared_api, "GET", own)
        assert mine.status_code == 200, mine.text
        theirs = (await shared_api.get(same)).json()
        assert {**mine.json(), "as_of": ""} == {**theirs, "as_of": ""}, own


async def test_a_member_reads_no_receipt_and_no_question_of_another(shared_api: Api) -> None:
    who, other = await on_a_phone(shared_api), await on_a_phone(shared_api)
    bought = await shared_api.a_purchase(other.member_id)
    asked = await other.ask(shared_api, "POST", "/v1/me/questions", {"kind": "units_missing", "said": "why?"})
    assert asked.status_code == 201, asked.text
    question = asked.json()["question_id"]
    for path in (f"/v1/me/purchases/{bought['purchase_id']}", f"/v1/me/questions/{question}"):
        assert (await who.ask(shared_api, "GET", path)).status_code == 404
        assert (await other.ask(shared_api, "GET", path)).status_code == 200
    appeal = await who.ask(shared_api, "POST", f"/v1/me/questions/{question}:appeal", {"said": "mine"})
    assert appeal.status_code == 404


async def test_a_receipt_is_claimed_by_number_and_total_and_not_by_number_alone(shared_api: Api) -> None:
    who, other = await on_a_phone(shared_api), await on_a_phone(shared_api)
    receipt = a_purchase_body(None, of=8_800)
    assert (await shared_api.post("/v1/purchases", receipt)).status_code == 201
    named = {"business_no": receipt["business_no"]}
    for wrong in (8_801, 0):
        answer = await who.ask(shared_api, "POST", "/v1/me/claims", {**named, "amount_minor": wrong})
        assert (answer.status_code, answer.json()["code"]) == (422, "purchase_unknown")
    claimed = await who.ask(shared_api, "POST", "/v1/me/claims", {**named, "amount_minor": 8_800})
    assert claimed.status_code == 201, claimed.text
    late = await other.ask(shared_api, "POST", "/v1/me/claims", {**named, "amount_minor": 8_800})
    assert (late.status_code, late.json()["code"]) == (409, "purchase_claimed")


async def test_who_tries_amounts_waits(shared_api: Api) -> None:
    who = await on_a_phone(shared_api)
    receipt = a_purchase_body(None, of=7_700)
    assert (await shared_api.post("/v1/purchases", receipt)).status_code == 201
    answers = []
    for amount in range(1, 14):
        body = {"business_no": receipt["business_no"], "amount_minor": amount}
        answers.append((await who.ask(shared_api, "POST", "/v1/me/claims", body)).json()["code"])
    assert answers[:10] == ["purchase_unknown"] * 10
    assert answers[-1] == "sign_in_too_soon"


async def test_a_gift_reaches_whom_a_phone_finds(shared_api: Api) -> None:
    giver = await on_a_phone(shared_api)
    _, phone = await enrolled(shared_api)
    body = {"member": {"id": giver.member_id}, "currency": "points", "units": 50, "note": "a start"}
    assert (await shared_api.post("/v1/adjustments", body)).status_code == 201
    gift = {"receiver": {"phone": phone}, "currency": "points", "units": 20}
    given = await giver.ask(shared_api, "POST", "/v1/me/gifts", gift, key="once")
    again = await giver.ask(shared_api, "POST", "/v1/me/gifts", gift, key="once")
    assert (given.status_code, again.status_code) == (201, 200), given.text
    left = (await giver.ask(shared_api, "GET", "/v1/me")).json()["balances"][0]["available"]
    assert left == 30
    unknown = await giver.ask(
        shared_api,
        "POST",
        "/v1/me/gifts",
        {"receiver": {"phone": "13900139000"}, "currency": "points", "units": 1},
    )
    assert unknown.json()["code"] == "member_unknown"


async def test_the_journal_names_the_person_by_a_number(shared_api: Api) -> None:
    who = await on_a_phone(shared_api)
    person_id = (await who.ask(shared_api, "GET", "/v1/me/session")).json()["person_id"]
    receipt = a_purchase_body(None, of=5_500)
    await shared_api.post("/v1/purchases", receipt)
    body = {"business_no": receipt["business_no"], "amount_minor": 5_500}
    assert (await who.ask(shared_api, "POST", "/v1/me/claims", body)).status_code == 201
    async with shared_api.ledger.reading() as connection:
        actors = await connection.fetch(
            "SELECT actor FROM purchase WHERE member_id = $1::text::uuid",
            who.member_id.removeprefix("mbr_"),
        )
    assert [one[0] for one in actors] == [person_id]


async def test_who_claims_his_own_receipt_again_and_again_guesses_no_longer(shared_api: Api) -> None:
    who = await on_a_phone(shared_api)
    own, other = a_purchase_body(None, of=4_400), a_purchase_body(None, of=6_600)
    for receipt in (own, other):
        assert (await shared_api.post("/v1/purchases", receipt)).status_code == 201
    answers = []
    for amount in range(1, 30):
        mine = {"business_no": own["business_no"], "amount_minor": 4_400}
        if amount % 5 == 1:
            await who.ask(shared_api, "POST", "/v1/me/claims", mine)
        body = {"business_no": other["business_no"], "amount_minor": amount}
        answers.append((await who.ask(shared_api, "POST", "/v1/me/claims", body)).json()["code"])
    assert answers[-1] == "sign_in_too_soon"


# -- his phones -----------------------------------------------------------------------------------------------------------


async def test_a_phone_that_is_ended_asks_no_more_and_its_codes_open_nothing(shared_api: Api) -> None:
    member_id, phone = await enrolled(shared_api)
    old, new = await a_phone_of(shared_api, phone), await a_phone_of(shared_api, phone)
    shows = await old.ask(shared_api, "POST", "/v1/me/device")
    assert shows.status_code == 201, shows.text
    listed = (await new.ask(shared_api, "GET", "/v1/me/sessions")).json()["data"]
    assert [(one["is_current"], one["shows_codes"]) for one in listed] == [(True, False), (False, True)]
    ended = await new.ask(shared_api, "DELETE", f"/v1/me/sessions/{listed[1]['session_id']}", key=None)
    assert ended.status_code == 200, ended.text
    assert (await old.ask(shared_api, "GET", "/v1/me")).json()["code"] == "session_over"
    assert (await shared_api.get(f"/v1/members/{member_id}/devices")).json()["data"] == []
    gone = await new.ask(shared_api, "DELETE", f"/v1/me/sessions/{listed[1]['session_id']}", key=None)
    assert (gone.status_code, gone.json()["code"]) == (404, "session_unknown")


async def test_a_late_retry_of_showing_codes_leaves_the_newest_card_as_it_is(shared_api: Api) -> None:
    who = await on_a_phone(shared_api)
    first = await who.ask(shared_api, "POST", "/v1/me/device", key="dk-1")
    newest = await who.ask(shared_api, "POST", "/v1/me/device", key="dk-2")
    late = await who.ask(shared_api, "POST", "/v1/me/device", key="dk-1")
    assert [one.status_code for one in (first, newest, late)] == [201, 201, 200]
    shown = (await shared_api.get(f"/v1/members/{who.member_id}/devices")).json()["data"]
    assert [one["device_id"] for one in shown] == [newest.json()["device_id"]]


async def test_who_lost_his_phone_is_signed_out_everywhere_at_the_desk(shared_api: Api) -> None:
    member_id, phone = await enrolled(shared_api)
    one, other = await a_phone_of(shared_api, phone), await a_phone_of(shared_api, phone)
    assert (await one.ask(shared_api, "POST", "/v1/me/device")).status_code == 201
    path = f"/v1/members/{member_id}/persons:sign_out"
    told = [await shared_api.post(path, as_="service", key="lost") for _ in range(2)]
    assert [(one.json()["sessions"], one.json()["phones"]) for one in told] == [(2, 1)] * 2, told[0].text
    for who in (one, other):
        assert (await who.ask(shared_api, "GET", "/v1/me")).json()["code"] == "session_over"
    assert (await shared_api.get(f"/v1/members/{member_id}/devices")).json()["data"] == []


async def test_nobody_ends_a_phone_of_another(shared_api: Api) -> None:
    who, other = await on_a_phone(shared_api), await on_a_phone(shared_api)
    session_id = (await other.ask(shared_api, "GET", "/v1/me/session")).json()["session_id"]
    ended = await who.ask(shared_api, "DELETE", f"/v1/me/sessions/{session_id}", key=None)
    assert ended.status_code == 404
    assert (await other.ask(shared_api, "GET", "/v1/me")).status_code == 200


async def test_a_key_and_a_members_session_at_once_are_refused(shared_api: Api) -> None:
    who = await on_a_phone(shared_api)
    answer = await shared_api.ask("GET", "/v1/me", as_="admin", headers=who.headers())
    assert (answer.status_code, answer.json()["code"]) == (422, "field_wrong")


# -- his rights -----------------------------------------------------------------------------------------------------------


async def test_a_member_corrects_changes_his_phone_and_sees_who_looked(shared_api: Api) -> None:
    who = await on_a_phone(shared_api)
    corrected = await who.ask(
        shared_api, "POST", "/v1/me/person:correct", {"name": "李雷", "birthday": "1990-05-01"}
    )
    assert corrected.json()["changed"] == ["birthday", "name"], corrected.text
    refused = await who.ask(shared_api, "POST", "/v1/me/person:correct", {"forget": ["phone"]})
    assert (refused.status_code, refused.json()["pointer"]) == (422, "/forget")

    new_phone = str(next(_phones))
    sign_in_id, code = await a_code(shared_api, phone=new_phone)
    proof = {"sign_in_id": sign_in_id, "code": code}
    changed = [await who.ask(shared_api, "POST", "/v1/me/contact", proof, key="number-1") for _ in range(2)]
    assert [one.json()["changed"] for one in changed] == [["phone"]] * 2, changed[1].text
    used = await who.ask(shared_api, "POST", "/v1/me/contact", proof, key="number-2")
    assert used.json()["code"] == "one_time_code_wrong"
    assert (await a_phone_of(shared_api, new_phone)).member_id == who.member_id

    _, taken = await enrolled(shared_api)
    sign_in_id, code = await a_code(shared_api, phone=taken)
    clash = await who.ask(shared_api, "POST", "/v1/me/contact", {"sign_in_id": sign_in_id, "code": code})
    assert (clash.status_code, clash.json()["code"]) == (409, "key_taken")

    reveal = f"/v1/members/{who.member_id}/persons:reveal"
    assert (await shared_api.post(reveal, {"why": "service"}, as_="service")).status_code == 200
    looks = (await who.ask(shared_api, "GET", "/v1/me/looks?language=en")).json()["data"]
    assert (looks[0]["by"], looks[0]["deed"], looks[0]["why"]) == ("key", "person.read", "service")
    assert "service-key" not in str(looks)


async def test_a_consent_is_given_and_taken_back(shared_api: Api) -> None:
    who = await on_a_phone(shared_api)
    for is_given in (True, False):
        body = {"purpose": "offers", "is_given": is_given, "text_version": "2026-11"}
        assert (await who.ask(shared_api, "POST", "/v1/me/consents", body)).status_code == 201
    known = (await who.ask(shared_api, "GET", "/v1/me/person")).json()["persons"][0]["consents"]
    assert [(one["purpose"], one["is_given"]) for one in known] == [("offers", False)]


async def test_who_is_erased_is_signed_out_everywhere_and_takes_everything_along_before(
    shared_api: Api,
) -> None:
    member_id, phone = await enrolled(shared_api, name="韩梅梅")
    who, other = await a_phone_of(shared_api, phone), await a_phone_of(shared_api, phone)
    page = await who.ask(shared_api, "GET", "/v1/me/archive", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert "韩梅梅" in page.text
    wrong = await who.ask(shared_api, "POST", "/v1/me/person:erase", {"confirm": f"mbr_{'0' * 32}"})
    assert wrong.status_code == 422, wrong.text
    erased = await who.ask(shared_api, "POST", "/v1/me/person:erase", {"confirm": member_id})
    assert erased.status_code == 200, erased.text
    for one in (who, other):
        assert (await one.ask(shared_api, "GET", "/v1/me")).status_code == 401
    sign_in_id, code = await a_code(shared_api, phone=phone)
    again = await shared_api.ask("POST", "/v1/me/session", {"sign_in_id": sign_in_id, "code": code}, as_=None)
    assert again.json() == {"is_member": False}


async def test_anybody_reads_what_the_shop_promises(shared_api: Api) -> None:
    told = (await shared_api.ask("GET", "/v1/welcome?language=en", as_=None)).json()
    assert told["program"]["currencies"][0]["code"] == "points"
    assert told["promises"]
    assert all(one["sentence"] for one in told["promises"])
    assert told["demo"] == []
    assert told["code_digits"] == 6
