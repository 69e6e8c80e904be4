"""Persons on real PostgreSQL: found by what they told, sealed, corrected, merged, erased; and nothing of it in the books."""

from __future__ import annotations

import asyncio
import base64
import os
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import pytest
from tests.conftest import FreshDatabase
from tests.machine.till import Till, a_key, a_till, another_till

from jifen.domain.audit import Why
from jifen.domain.person import Consent, MemberKey, Told
from jifen.domain.principal import LOCAL
from jifen.domain.refusals import KeyTaken, MemberUnknown, PersonUnknown, VaultClosed
from jifen.jobs.archive import everything_of
from jifen.operations.correct_person import Correction, correct_person
from jifen.operations.enrol_member import enrol_member
from jifen.operations.erase_person import erase_person, forget_again
from jifen.operations.find_member import find_member
from jifen.operations.manage_devices import register_device
from jifen.operations.read_member import read_member
from jifen.operations.read_person import read_persons, reveal_persons
from jifen.operations.record_consent import has_agreed, record_consent
from jifen.operations.renew_vault import is_anything_old, renew_vault, rotate_vault
from jifen.operations.tell_person import told_of_person
from jifen.present.persons import archive_page
from jifen.vault import Vault, erased, keyfile

AT_ONCE = int(os.environ.get("JIFEN_TEST_ENROLMENTS", "200"))
TOLD = {
    "phone": "138 0013 8000", "email": "Chen.Ming@Example.com", "name": "陈小明", "birthday": "1990-05-01",
    "gender": "male", "address": "上海市静安区南京西路 1 号",
}  # fmt: skip
SECRETS = [
    "+8613800138000",
    "13800138000",
    "chen.ming@example.com",
    "陈小明",
    "1990-05-01",
    "南京西路",
    "6200777001",
]
CARD = MemberKey("card", "6200777001")


async def enrolled(till: Till, *keys: MemberKey, **told: str) -> UUID:
    """A member who told something of himself."""
    of_person = await told_of_person(till.ledger, told, {"shoe_size": "42"} if told else {})
    answer = await enrol_member(till.ledger, keys, a_key(), told=of_person)
    return UUID(answer["member_id"])


async def correct(till: Till, member: UUID, correction: Correction) -> Any:
    """A correction."""
    return await correct_person(till.ledger, member, correction, a_key(), principal=LOCAL)


async def erase(till: Till, member: UUID) -> dict[str, Any]:
    """An erasure."""
    return await erase_person(till.ledger, member, a_key(), confirmed=member, principal=LOCAL)


async def dump(till: Till) -> str:
    """Every row of every table, as text."""
    parts = []
    async with till.ledger.transaction() as connection:
        tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'jifen'")
        for (table,) in tables:
            rows = await connection.fetch(f"SELECT t::text FROM {table} t")
            parts += [row[0] for row in rows]
    return "\n".join(parts)


def written(secret: str) -> list[str]:
    """How something may stand in a dump: as it is, as base64, as hexadecimal, in another encoding."""
    forms = [secret]
    for encoding in ("utf-8", "utf-16-le", "gb18030"):
        raw = secret.encode(encoding)
        forms += [raw.hex(), base64.b64encode(raw).decode().rstrip("=")[:-1]]
    forms.append(secret.encode("unicode_escape").decode())
    return forms


def assert_nothing_of_it(text: str, secrets: list[str]) -> None:
    """None of the secrets stands in a text, however it is written."""
    for secret in secrets:
        for form in written(secret):
            assert form not in text, f"{secret!r} stands there as {form!r}"


async def test_a_person_is_found_by_whatever_he_told_and_nothing_of_it_can_be_read(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database) as till:
        member = await enrolled(till, CARD, MemberKey("wechat", "wx-o6_77"), **TOLD)
        await till.buy(member)

        for key in (CARD, MemberKey("wechat", "wx-o6_77")):
            assert await find_member(till.ledger, key) == member
        for phone in ("13800138000", "+86 138-0013-8000"):
            assert await find_member(till.ledger, MemberKey("phone", phone)) == member
        assert await find_member(till.ledger, MemberKey("email", "chen.ming@EXAMPLE.com")) == member
        with pytest.raises(MemberUnknown):
            await find_member(till.ledger, MemberKey("external", CARD.value))

        assert_nothing_of_it(await dump(till), [*SECRETS, "wx-o6_77"])
        (masked,) = await read_persons(till.ledger, member)
        assert_nothing_of_it(repr(masked), SECRETS)
        assert {key.kind: key.value for key in masked.known.keys}["phone"] == "+86•••••••8000"
        (full,) = await reveal_persons(till.ledger, member, why=Why.SERVICE, principal=LOCAL)
        assert full.known.fields["name"] == TOLD["name"]
        assert full.known.fields["attribute.shoe_size"] == "42"
        assert MemberKey("phone", "+8613800138000") in full.known.keys
        assert next(key.value for key in (await read_member(till.ledger, member)).keys) == "••••••7001"
        await till.assert_laws()


async def test_many_enrolments_with_one_phone_give_one_person(fresh_database: FreshDatabase) -> None:
    async with (
        a_till(fresh_database, pool_size=10) as till,
        another_till(fresh_database, pool_size=10) as other,
    ):
        told = await told_of_person(till.ledger, {"phone": TOLD["phone"]}, {})
        asked = [enrol_member((till, other)[at % 2].ledger, (), a_key(), told=told) for at in range(AT_ONCE)]

        answers = await asyncio.gather(*asked, return_exceptions=True)

        assert sum(isinstance(one, dict) for one in answers) == 1
        assert {type(one) for one in answers} == {dict, KeyTaken}
        assert await till.fetchval("SELECT count(*) FROM person") == 1
        assert await till.fetchval("SELECT count(*) FROM member") == 1
        refusal = next(one for one in answers if isinstance(one, KeyTaken))
        assert "138" not in f"{refusal} {refusal.numbers}", "who has it, and what it is, is not told"


async def test_what_is_known_is_corrected(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database) as till:
        ann = await enrolled(till, CARD, **TOLD)
        bo = await enrolled(till, MemberKey("card", "6200777002"), phone="139 0013 9000")
        other = await told_of_person(till.ledger, {"phone": "139 0013 9000"}, {})
        with pytest.raises(KeyTaken):
            await correct(till, ann, Correction(other))

        # A number that was given to somebody else by now: the old holder forgets it, the new one tells it.
        await correct(till, bo, Correction(Told(), forget=("phone",)))
        await correct(till, ann, Correction(other, forget=("birthday",)))
        key = MemberKey("phone", "+8613900139000")
        assert await find_member(till.ledger, key) == ann
        with pytest.raises(MemberUnknown):
            await find_member(till.ledger, MemberKey("phone", "+8613800138000"))
        (full,) = await reveal_persons(till.ledger, ann, why=Why.SERVICE, principal=LOCAL)
        assert "birthday" not in full.known.fields
        assert full.known.fields["name"] == TOLD["name"]

        # A lost card: the new one finds him, the old one nobody; the same correction again changes nothing.
        lost = Correction(Told(), add=(MemberKey("card", "6200777009"),), remove=(CARD,))
        await correct(till, ann, lost)
        with pytest.raises(MemberUnknown):
            await find_member(till.ledger, CARD)
        with pytest.raises(PersonUnknown):
            await correct(till, ann, lost)
        assert await find_member(till.ledger, MemberKey("card", "6200777009")) == ann
        await enrolled(till, CARD)  # the number is free again


async def test_who_is_erased_is_nobody_and_the_books_stay(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database) as till:
        member = await enrolled(till, CARD, **TOLD)
        await till.buy(member)
        await till.adjust(member, 5)  # with a note
        consent = Consent(
            "marketing", is_given=True, text_version="1", channel="paper", proof="signed by 陈小明"
        )
        await record_consent(till.ledger, member, consent, a_key(), principal=LOCAL)
        await register_device(till.ledger, member, [bytes(32)], request=a_key(), principal=LOCAL)
        entries = await till.fetchval("SELECT count(*) FROM entry")

        key = a_key("erase")
        first = await erase_person(till.ledger, member, key, confirmed=member, principal=LOCAL)
        again = await erase_person(till.ledger, member, key, confirmed=member, principal=LOCAL)

        assert {**first, "is_replay": True} == again
        assert (first["keys"], first["notes"], first["devices"]) == (3, 1, 1)
        assert await till.fetchval("SELECT count(*)::int FROM device") == 0
        assert_nothing_of_it(await dump(till), SECRETS)
        assert_nothing_of_it(repr(first), SECRETS)
        for known in (CARD, MemberKey("phone", "+8613800138000")):
            with pytest.raises(MemberUnknown):
                await find_member(till.ledger, known)
        with pytest.raises(PersonUnknown):
            await read_persons(till.ledger, member)
        assert not await has_agreed(till.ledger, member, "marketing")
        assert await till.points(member) == [105]
        assert await till.fetchval("SELECT count(*) FROM entry") == entries
        await till.buy(member)
        await till.assert_laws()

        # Who comes back is somebody new, with another key.
        await correct(till, member, Correction(Told((MemberKey("phone", "+8613800138000"),), {})))
        assert await find_member(till.ledger, MemberKey("phone", "+8613800138000")) == member


async def test_a_restored_backup_forgets_the_erased_again(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database) as till:
        ann, bo = await enrolled(till, CARD, **TOLD), await enrolled(till, phone="139 0013 9000")
        async with till.ledger.transaction() as connection:
            vault = await till.ledger.vault(connection)
            kept = {
                table: await connection.fetch(
                    f"SELECT * FROM {table} WHERE person_id IN (SELECT person_id FROM person)"
                )
                for table in ("person", "person_field", "member_key")
            }
        await erase(till, ann)
        async with till.ledger.transaction() as connection:  # as a backup from before would bring it back
            for table, rows in kept.items():
                for row in rows:
                    names = ", ".join(row.keys())
                    marks = ", ".join(f"${at}" for at in range(1, len(row) + 1))
                    await connection.execute(
                        f"INSERT INTO {table} ({names}) VALUES ({marks}) ON CONFLICT DO NOTHING",
                        *row.values(),
                    )
        assert await find_member(till.ledger, CARD) == ann
        await till.adjust(ann, 5)  # a note of the time before

        assert await forget_again(till.ledger) == 1

        with pytest.raises(MemberUnknown):
            await find_member(till.ledger, CARD)
        assert await find_member(till.ledger, MemberKey("phone", "+8613900139000")) == bo
        assert await till.fetchval("SELECT count(*)::int FROM note") == 0
        assert await forget_again(till.ledger) == 0
        assert len(erased.read(vault)) >= 1


async def test_keys_are_rotated_while_people_are_found(
    fresh_database: FreshDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JIFEN_MASTER_KEYS", str(tmp_path / "master.keys"))
    async with a_till(fresh_database) as till:
        members = [await enrolled(till, MemberKey("card", f"62{at:05}"), name=f"N{at}") for at in range(30)]
        async with till.ledger.transaction() as connection:
            vault = await till.ledger.vault(connection)
        for master in (True, False):
            keyfile.with_new(vault.path, master=master, index=not master)
            vault.look_again()
            assert await is_anything_old(till.ledger)
            assert await find_member(till.ledger, MemberKey("card", "6200007")) == members[7]
            finding = asyncio.gather(
                *(find_member(till.ledger, MemberKey("card", f"62{at:05}")) for at in range(30))
            )
            renewed = await renew_vault(till.ledger)
            assert await finding == members
            assert renewed == ((30, 0) if master else (0, 30))
            assert not await is_anything_old(till.ledger)
            keyfile.without_old(vault.path)
            vault.look_again()
            assert [
                await find_member(till.ledger, MemberKey("card", f"62{at:05}")) for at in range(30)
            ] == members
            assert (await reveal_persons(till.ledger, members[7], why=Why.SERVICE, principal=LOCAL))[
                0
            ].known.fields["name"] == "N7"
        with pytest.raises(KeyTaken):
            await enrolled(till, MemberKey("card", "6200007"))


async def test_a_stolen_dump_does_not_open_with_other_keys(
    fresh_database: FreshDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_till(fresh_database) as till:
        member = await enrolled(till, CARD, **TOLD)
    monkeypatch.setenv("JIFEN_MASTER_KEYS", str(tmp_path / "others.keys"))
    Vault().make()
    async with another_till(fresh_database) as thief:
        for asked in (
            find_member(thief.ledger, CARD),
            read_persons(thief.ledger, member),
            enrolled(thief, MemberKey("card", "1")),
            erase(thief, member),
        ):
            with pytest.raises(VaultClosed, match="JIFEN_MASTER_KEYS"):
                await asked
        # Without the keys nobody is found; by his id he goes on.
        await thief.buy(member)
        assert await thief.points(member) == [100]
    monkeypatch.setenv("JIFEN_MASTER_KEYS", str(tmp_path / "missing" / "nowhere.keys"))
    (tmp_path / "missing").write_text("a file where the folder should be")
    async with another_till(fresh_database) as lost:
        with pytest.raises(VaultClosed):
            await find_member(lost.ledger, CARD)


async def test_who_is_merged_is_found_at_the_one_who_stays(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database) as till:
        goes, stays = await enrolled(till, CARD, **TOLD), await enrolled(till, phone="139 0013 9000")
        await till.buy(goes)
        await till.merge(goes, stays)

        assert await find_member(till.ledger, CARD) == stays
        assert len(await read_persons(till.ledger, stays)) == 2
        await till.assert_laws()
        await erase(till, stays)
        assert_nothing_of_it(await dump(till), SECRETS)


async def test_the_last_word_on_a_consent_counts(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database) as till:
        member = await enrolled(till, **TOLD)
        assert not await has_agreed(till.ledger, member, "marketing"), "silence is a no"
        for is_given in (True, False, True):
            one = Consent("marketing", is_given=is_given, text_version="2", channel="app")
            await record_consent(till.ledger, member, one, a_key(), principal=LOCAL)
            assert await has_agreed(till.ledger, member, "marketing") == is_given
        at_once = [
            record_consent(
                till.ledger, member, Consent("sms", at % 2 == 0, "1", "app"), a_key(), principal=LOCAL
            )
            for at in range(8)
        ]
        await asyncio.gather(*at_once)
        assert await till.fetchval("SELECT max(number)::int FROM consent WHERE purpose = 'sms'") == 8


async def test_a_person_takes_everything_along(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database) as till:
        member = await enrolled(till, CARD, **TOLD)
        await till.buy(member, no="r-1")
        for number in range(60):
            await till.adjust(member, number + 1)
        one = Consent("marketing", is_given=True, text_version="1", channel="paper", proof="box <3>")
        await record_consent(till.ledger, member, one, a_key(), principal=LOCAL)

        document = await everything_of(till.ledger, member, "en", principal=LOCAL)
        page = archive_page(document, "zh")

        (person,) = document["persons"]
        assert {"kind": "phone", "value": "+8613800138000"} in person["keys"]
        assert person["fields"]["name"] == TOLD["name"]
        assert person["consents"][0]["proof"] == "box <3>"
        assert len(document["entries"]) == 61
        assert [one["business_no"] for one in document["receipts"]] == ["r-1"]
        assert TOLD["name"] in page
        assert "box <3>" not in page, "what was told is no markup"
        assert page.count("<script") == 1


async def test_a_lost_file_of_keys_is_said_and_never_replaced(
    fresh_database: FreshDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "master.keys"
    monkeypatch.setenv("JIFEN_MASTER_KEYS", str(path))
    async with a_till(fresh_database) as till:
        key = await till.ledger.own_key()
        assert await till.ledger.own_key() == key
        assert path.exists(), "a ledger that never had one makes one"
        member = await enrolled(till, CARD)
    path.unlink()
    async with another_till(fresh_database) as other:
        with pytest.raises(VaultClosed, match=r"master\.keys"):
            await other.ledger.own_key()
        with pytest.raises(VaultClosed):
            await find_member(other.ledger, CARD)
        assert not path.exists()
        await other.buy(member)


async def test_a_rotation_stands_in_the_audit_and_reaches_who_serves(
    fresh_database: FreshDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JIFEN_MASTER_KEYS", str(tmp_path / "master.keys"))
    async with a_till(fresh_database) as till, another_till(fresh_database) as serving:
        member = await enrolled(till, CARD, **TOLD)
        assert await find_member(serving.ledger, CARD) == member
        whiches: tuple[Literal["master", "index"], ...] = ("master", "index")
        for which in whiches:
            renewed = await rotate_vault(till.ledger, which, principal=LOCAL)
            assert sum(renewed) > 0
            assert await find_member(serving.ledger, CARD) == member
            assert (await read_persons(serving.ledger, member))[0].known.fields
        assert await till.fetchval("SELECT count(*)::int FROM audit WHERE deed = 'vault.rotated'") == 2
        await till.assert_laws()
