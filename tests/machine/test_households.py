"""Households on real PostgreSQL: joined by an invitation, left with a share, taken apart again; every unit accounted for."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest
from tests.builders import a_document
from tests.conftest import FreshDatabase
from tests.machine.test_attacks import all_of, codes
from tests.machine.till import Till, a_key, a_till, another_till, days
from tests.snapshot.shop import snapshot_of

from jifen.domain.household import INVITATIONS_MAX, UNDO_LASTS, Share
from jifen.domain.household_refusals import (
    GuardianNeeded,
    HeadNeeded,
    HouseholdInvitationWrong,
    HouseholdNotEmpty,
    LastPerson,
    MergeStands,
    NotHead,
)
from jifen.domain.person import MemberKey
from jifen.domain.principal import LOCAL
from jifen.domain.refusals import (
    KeyTaken,
    MergeIntoSelf,
    PersonUnknown,
    PointsMissing,
    Refusal,
    SignInTooSoon,
    TooMuch,
)
from jifen.insight.snapshot.verifying import verify_snapshot
from jifen.jobs import households as jobs
from jifen.jobs.households import leave_with_share, unmerge
from jifen.jobs.loop import do_effects, forget_invitations
from jifen.operations.change_household import (
    add_person_to_household,
    change_role,
    guardian_consent,
    set_household_rules,
)
from jifen.operations.correct_person import Correction, correct_person
from jifen.operations.enrol_member import enrol_member
from jifen.operations.erase_person import erase_person
from jifen.operations.find_duplicates import find_duplicates, tell_members_apart
from jifen.operations.find_member import find_member
from jifen.operations.invite_to_household import call_off, invitation_code_of, invite_to_household
from jifen.operations.join_household import join_household, quote_join
from jifen.operations.read_household import HouseholdView, read_household
from jifen.operations.read_member import read_member
from jifen.operations.tell_person import told_of_person

FIRST = """  - code: first
    names: {en: A first time}
    currency: points
    fixed: {points: 1000}
    when: {fact: member.purchases_before, eq: 0}
"""
TIERS = """tiers:
  by: spend
  window_days: 60
  keeps_days: 30
  list:
    - {code: member, names: {en: Member}, reach: 0}
    - {code: silver, names: {en: Silver}, reach: 10000}
"""


async def enrolled(till: Till, *, card: str | None = None, **told: str) -> tuple[UUID, UUID]:
    """A new member and the person he is."""
    of_person = await told_of_person(till.ledger, told, {})
    keys = [MemberKey("card", card)] if card else []
    member = UUID((await enrol_member(till.ledger, keys, a_key(), told=of_person))["member_id"])
    return member, (await household(till, member)).persons[0].person_id


async def household(till: Till, member: UUID) -> HouseholdView:
    """Who belongs to it."""
    return await read_household(till.ledger, member)


async def roles(till: Till, member: UUID) -> dict[UUID, str]:
    """As what."""
    return {one.person_id: one.role for one in (await household(till, member)).persons}


async def invited(till: Till, member: UUID, head: UUID, role: str = "adult") -> str:
    """A code for the household."""
    made = await invite_to_household(till.ledger, member, head, role, a_key(), principal=LOCAL)
    return await invitation_code_of(till.ledger, UUID(made["invitation_id"]))


async def join(till: Till, member: UUID, person: UUID, code: str, **more: Any) -> dict[str, Any]:
    """By a code."""
    key = more.pop("key", None) or a_key()
    return await join_household(
        till.ledger, member, person, code, key, guesser=more.pop("guesser", member.hex), principal=LOCAL
    )


async def leave(
    till: Till,
    member: UUID,
    person: UUID,
    units: int = 0,
    *,
    by: UUID | None = None,
    head: UUID | None = None,
) -> dict[str, Any]:
    """With so many points."""
    return await leave_with_share(
        till.ledger,
        member,
        person,
        a_key(),
        by_id=by,
        shares=[Share("points", units)],
        principal=LOCAL,
        head_id=head,
    )


async def test_somebody_joins_by_an_invitation_and_everything_goes_over(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, a_document(caps="{day: 150}")) as till:
        home, head = await enrolled(till, card="home", name="Chen Ming")
        other, guest = await enrolled(till, card="guest", name="Li Na")
        await till.buy(other, 10_000, no="1")
        code = await invited(till, home, head)

        quote = await quote_join(till.ledger, code.lower(), guesser="g", member_id=other, person_id=guest)
        assert (quote.role, quote.head, quote.persons) == ("adult", "C••••••••", 1)
        assert await till.points(other, home) == [100, 0], "a quote changes nothing"
        key = a_key()
        answer = await join(till, other, guest, code, key=key)

        assert answer["role"] == "adult"
        assert await roles(till, home) == {head: "head", guest: "adult"}
        assert await till.points(other, home) == [0, 100]
        assert await find_member(till.ledger, MemberKey("card", "guest")) == home
        assert await join(till, other, guest, code, key=key) == {**answer, "is_replay": True}
        await till.buy(home, 10_000, no="2")
        assert await till.points(home) == [150], "limits went over"
        third, more = await enrolled(till)
        with pytest.raises(HouseholdInvitationWrong):
            await join(till, third, more, code)
        await till.assert_laws()


async def test_what_no_code_opens(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database) as till:
        home, head = await enrolled(till)
        other, guest = await enrolled(till)
        code = await invited(till, home, head)
        (open_one,) = (await household(till, home)).invitations
        with pytest.raises(NotHead):
            await invited(till, home, guest)
        with pytest.raises(MergeIntoSelf):
            await join(till, home, head, code)
        # One who is head of others does not take them along.
        child = await add_person_to_household(
            till.ledger,
            other,
            "child",
            await told_of_person(till.ledger, {"birthday": "2020-01-01"}, {}),
            a_key(),
            principal=LOCAL,
            guardian=guardian_consent("1", "app"),
        )
        with pytest.raises(HouseholdNotEmpty):
            await join(till, other, guest, code)
        await erase_person(
            till.ledger, other, a_key(), confirmed=other, principal=LOCAL, person_id=UUID(child["person_id"])
        )
        await call_off(till.ledger, home, head, open_one.invitation_id, principal=LOCAL)
        with pytest.raises(HouseholdInvitationWrong):
            await join(till, other, guest, code)
        over = await invited(till, home, head)
        await till.fetchval(
            "UPDATE household_invitation SET expires_at = made_at WHERE used_at IS NULL RETURNING 1"
        )
        with pytest.raises(HouseholdInvitationWrong):
            await join(till, other, guest, over)
        for _ in range(INVITATIONS_MAX):
            await invited(till, home, head)
        with pytest.raises(TooMuch):
            await invited(till, home, head)
        # No table holds a code, and no remembered answer does.
        dump = str(await till.fetchval("SELECT array_agg(i::text) FROM household_invitation i"))
        dump += str(await till.fetchval("SELECT array_agg(k::text) FROM request_key k"))
        assert code not in dump
        assert code.replace("-", "") not in dump
        await till.assert_laws()


async def test_who_guesses_codes_waits(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database) as till:
        home, head = await enrolled(till)
        other, guest = await enrolled(till)
        code = await invited(till, home, head)
        said = []
        for _ in range(8):
            try:
                await join(till, other, guest, "AAAAA-AAAAA")
            except Refusal as no:
                said.append(no.code)
        assert said[0] == "household_invitation_wrong"
        assert said[-1] == "sign_in_too_soon"
        with pytest.raises(SignInTooSoon):
            await join(till, other, guest, code)


async def test_leaving_with_a_share_is_no_pump_and_no_loss(fresh_database: FreshDatabase) -> None:
    document = a_document(expiry="{days: 30}", more=FIRST, debt="{policy: allow, limit_units: 5000}")
    async with a_till(fresh_database, document) as till:
        now = await till.now()
        await till.set_now(now - days(40))
        home, head = await enrolled(till)
        other, guest = await enrolled(till, card="guest")
        await till.buy(home, 10_000, no="1")  # 100, and 1,000 for the first time
        await join(till, other, guest, await invited(till, home, head))
        with pytest.raises(PointsMissing):
            await leave(till, home, guest, 1_101, by=head)
        with pytest.raises(NotHead):
            await leave(till, home, guest, 1, by=guest)

        left = await leave(till, home, guest, 600, by=head)

        alone = UUID(left["new_member_id"])
        assert await till.points(home, alone) == [500, 600]
        assert await roles(till, alone) == {guest: "head"}
        assert await find_member(till.ledger, MemberKey("card", "guest")) == alone
        await till.buy(alone, 10_000, no="2")
        assert await till.points(alone) == [700], "no first time comes twice"
        # What was given keeps its day of expiry, and a return of the purchase is owed at the household.
        back = await till.bring_back("1")
        assert (back["member_id"], back["units"][0]["units_earned"]) == (str(home), 1_100)
        await till.assert_laws()
        await till.set_now(now - days(9))
        assert await till.points(alone) == [0]
        await till.assert_laws()
        # And who comes back is merged as anybody is.
        await till.set_now(now - days(8))
        await join(till, alone, guest, await invited(till, home, head))
        await till.assert_laws()


async def test_limits_of_long_ago_stay_used_for_who_leaves(fresh_database: FreshDatabase) -> None:
    """A late purchase of a day on which the household had reached its limit."""
    async with a_till(fresh_database, a_document(caps="{day: 150}")) as till:
        now = await till.now()
        await till.set_now(now - days(3))
        home, head = await enrolled(till)
        other, guest = await enrolled(till)
        await till.buy(home, 30_000, no="1")
        assert await till.points(home) == [150]
        await join(till, other, guest, await invited(till, home, head))
        alone = UUID((await leave(till, home, guest))["new_member_id"])
        that_day = await till.now() + timedelta(seconds=1)
        await till.set_now(now)
        await till.buy(alone, 5_000, no="2")
        await till.buy(alone, 5_000, no="3", at=that_day)
        assert await till.points(alone) == [50], "nothing more on the day that the household had used"
        await till.assert_laws()
        third, _ = await enrolled(till)
        await till.merge(alone, third)
        await till.buy(third, 5_000, no="4", at=that_day)
        assert await till.points(third) == [50]
        await till.assert_laws()


async def test_who_stays_and_who_is_head(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database) as till:
        home, head = await enrolled(till)
        with pytest.raises(LastPerson):
            await leave(till, home, head, by=head)
        other, adult = await enrolled(till)
        await join(till, other, adult, await invited(till, home, head))
        third, later = await enrolled(till)
        await join(till, third, later, await invited(till, home, head))
        with pytest.raises(HeadNeeded):
            await leave(till, home, head, by=head)
        with pytest.raises(NotHead):
            await leave(till, home, head, by=adult)
        with pytest.raises(PersonUnknown):
            await leave(till, home, UUID(int=7), by=head)
        await leave(till, home, head, by=head, head=adult)
        assert await roles(till, home) == {adult: "head", later: "adult"}
        # An adult who is erased is erased alone; the next one is head.
        await erase_person(till.ledger, home, a_key(), confirmed=home, principal=LOCAL, person_id=adult)
        assert await roles(till, home) == {later: "head"}
        await till.assert_laws()


async def test_a_child_belongs_to_its_guardian(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database) as till:
        today = await till.now()
        young = f"{today.year - 10}-01-01"
        with pytest.raises(GuardianNeeded):
            await enrolled(till, birthday=young)
        home, head = await enrolled(till)
        told = await told_of_person(till.ledger, {"name": "Xiao", "birthday": young}, {})
        with pytest.raises(GuardianNeeded):
            await add_person_to_household(till.ledger, home, "child", told, a_key(), principal=LOCAL)
        agreed = guardian_consent("2026-11", "app", "the head ticked it")
        with pytest.raises(GuardianNeeded):
            await add_person_to_household(
                till.ledger, home, "adult", told, a_key(), principal=LOCAL, guardian=agreed
            )
        added = await add_person_to_household(
            till.ledger, home, "child", told, a_key(), principal=LOCAL, by_id=head, guardian=agreed
        )
        child = UUID(added["person_id"])
        (belongs,) = [one for one in (await household(till, home)).persons if one.person_id == child]
        assert (belongs.role, belongs.is_under_age, belongs.is_agreed) == ("child", True, True)
        with pytest.raises(GuardianNeeded):
            await leave(till, home, child, by=head)
        with pytest.raises(GuardianNeeded):
            await change_role(till.ledger, home, child, "adult", a_key(), principal=LOCAL, by_id=head)
        assert await set_household_rules(till.ledger, years=10, hours=None, principal=LOCAL) == (10, 48)
        await change_role(till.ledger, home, child, "adult", a_key(), principal=LOCAL, by_id=head)
        await change_role(till.ledger, home, child, "head", a_key(), principal=LOCAL, by_id=head)
        assert await roles(till, home) == {child: "head", head: "adult"}


async def test_a_merge_is_undone_within_a_day(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database, a_document(caps="{day: 150}", more=TIERS)) as till:
        await till.set_now(await till.now() - days(3))
        goes, person = await enrolled(till, card="goes")
        stays, head = await enrolled(till, card="stays")
        await till.buy(goes, 12_000, no="1")
        await till.buy(stays, 3_000, no="2")
        await till.merge(goes, stays)
        await till.adjust(stays, -100)
        key = a_key()

        undone = await unmerge(till.ledger, goes, key, principal=LOCAL, note="two persons after all")

        again = UUID(undone["new_member_id"])
        (units,) = undone["units"]
        assert units["units_carried"] == 120
        assert units["units_back"] + units["units_stay"] == 120
        assert await till.points(goes, stays, again) == [0, 50 - units["units_back"], units["units_back"]]
        assert await find_member(till.ledger, MemberKey("card", "goes")) == again
        assert await find_member(till.ledger, MemberKey("card", "stays")) == stays
        assert (await roles(till, again), await roles(till, stays)) == ({person: "head"}, {head: "head"})
        # Where he stood, and what he had used of limits, came back.
        assert (await read_member(till.ledger, again)).member.tier == 1
        before = (await till.points(again))[0]
        await till.buy(again, 5_000, no="3")
        assert await till.points(again) == [before + 30]
        assert await unmerge(till.ledger, goes, key, principal=LOCAL, note="two persons after all") == {
            **undone, "is_replay": True,
        }  # fmt: skip
        with pytest.raises(MergeStands, match="before"):
            await unmerge(till.ledger, goes, a_key(), principal=LOCAL)
        with pytest.raises(MergeStands, match="never"):
            await unmerge(till.ledger, stays, a_key(), principal=LOCAL)
        await till.assert_laws()
        # Limits are as they were at who stayed too, and what either bought comes back at him who bought it.
        before = (await till.points(stays))[0]
        await till.buy(stays, 13_000, no="4")
        assert await till.points(stays) == [before + 120], "150 a day less the 30 that he earned himself"
        assert (await till.bring_back("1"))["member_id"] == str(again)
        await till.assert_laws()
        assert (await till.bring_back("2"))["member_id"] == str(stays)
        await till.assert_laws()
        # He may be merged again, which is another merge.
        await till.merge(again, stays)
        await till.assert_laws()
        await till.set_now(await till.now() + UNDO_LASTS + timedelta(minutes=1))
        with pytest.raises(MergeStands, match="within a day"):
            await unmerge(till.ledger, again, a_key(), principal=LOCAL)


async def test_an_undo_that_is_not_there_any_more(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database) as till:
        a, _ = await enrolled(till)
        b, b_person = await enrolled(till)
        c, _ = await enrolled(till)
        await till.merge(a, b)
        await till.merge(b, c)
        with pytest.raises(MergeStands, match="undo that first"):
            await unmerge(till.ledger, a, a_key(), principal=LOCAL)
        undone = await unmerge(till.ledger, b, a_key(), principal=LOCAL)
        again = UUID(undone["new_member_id"])
        assert len(await roles(till, again)) == 2
        assert (await roles(till, again))[b_person] == "head"
        d, d_person = await enrolled(till)
        await till.merge(d, c)
        await erase_person(till.ledger, c, a_key(), confirmed=c, principal=LOCAL, person_id=d_person)
        with pytest.raises(MergeStands, match="erased"):
            await unmerge(till.ledger, d, a_key(), principal=LOCAL)
        await till.assert_laws()


async def test_a_process_that_dies_before_the_share_arrives(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database) as till:
        home, head = await enrolled(till)
        other, guest = await enrolled(till)
        await till.buy(other, 10_000)
        await join(till, other, guest, await invited(till, home, head))

        async def died(*_: object) -> None:
            """Nothing more happens."""

        with patch.object(jobs, "receive_gift", died):
            alone = UUID((await leave(till, home, guest, 40, by=head))["new_member_id"])
        assert await till.points(home, alone) == [60, 0]
        await till.assert_laws()
        assert await do_effects(till.ledger) == 1
        assert await till.points(home, alone) == [60, 40]
        await till.assert_laws()


async def test_two_at_once_with_one_invitation_and_two_who_leave(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database) as till, another_till(fresh_database) as second:
        home, head = await enrolled(till)
        guests = [await enrolled(till) for _ in range(4)]
        code = await invited(till, home, head)
        async with asyncio.timeout(60):
            answers = await all_of(
                *[join(one, *guest, code) for guest, one in zip(guests, (till, second) * 2, strict=True)]
            )
        said = codes(answers)
        assert said["done"] == 1
        assert set(said) == {"done", "household_invitation_wrong"}
        (guest,) = [one for one in await roles(till, home) if one != head]
        await till.buy(home, 10_000)
        async with asyncio.timeout(60):
            answers = await all_of(
                leave(till, home, guest, 60, by=head), leave(second, home, guest, 60, by=head)
            )
        assert codes(answers)["done"] == 1
        assert await till.points(home) == [40]
        await till.assert_laws()


async def test_duplicates_are_found_by_marks_and_told_apart(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database) as till:
        a, _ = await enrolled(till, phone="138 0013 8000", name="Chen Ming", birthday="1990-05-01")
        b, _ = await enrolled(till, card="13800138000")
        c, _ = await enrolled(till, name="ming  CHEN", birthday="1990-05-01")
        d, _ = await enrolled(till, card="VIP-00123", name="Chen Ming", birthday="1990-05-02")
        e = UUID(
            (await enrol_member(till.ledger, [MemberKey("external", "vip 00123")], a_key()))["member_id"]
        )

        async def pairs() -> dict[tuple[UUID, UUID], tuple[str, ...]]:
            found = await find_duplicates(till.ledger, limit=10)
            return {(one.first_id, one.second_id): one.kinds for one in found.pairs}

        assert await pairs() == {(a, b): ("phone",), (a, c): ("name_birthday",), (d, e): ("number",)}
        first = await find_duplicates(till.ledger, limit=2)
        rest = await find_duplicates(till.ledger, limit=2, after=first.after)
        assert [len(first.pairs), len(rest.pairs)] == [2, 1]
        assert rest.after is None
        await tell_members_apart(till.ledger, e, d, a_key(), principal=LOCAL)
        await till.merge(b, a)
        assert await pairs() == {(a, c): ("name_birthday",)}
        # What is corrected is marked anew, and who is erased is like nobody.
        fields = await told_of_person(till.ledger, {"birthday": "1990-05-02"}, {})
        await correct_person(till.ledger, c, Correction(fields), a_key(), principal=LOCAL)
        assert await pairs() == {(c, d) if c < d else (d, c): ("name_birthday",)}
        await erase_person(till.ledger, c, a_key(), confirmed=c, principal=LOCAL)
        assert await pairs() == {}
        dump = str(await till.fetchval("SELECT array_agg(l::text) FROM likeness l"))
        assert "13800138000" not in dump
        assert "1990" not in dump


async def test_a_card_that_is_taken_is_not_added_to_a_household(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database) as till:
        home, _ = await enrolled(till, phone="138 0013 8000")
        told = await told_of_person(till.ledger, {"phone": "13800138000"}, {})
        with pytest.raises(KeyTaken):
            await add_person_to_household(till.ledger, home, "adult", told, a_key(), principal=LOCAL)


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_is_joined_left_merged_undone_and_erased_every_unit_is_accounted_for(
    fresh_database: FreshDatabase, tmp_path: Path, seed: int
) -> None:
    """Random sequences: the laws in SQL after each step, and the replay of all at the end."""
    document = a_document(
        caps="{day: 500}", expiry="{days: 30}", debt="{policy: allow, limit_units: 100}", more=FIRST + TIERS
    )
    chance = random.Random(seed)
    async with a_till(fresh_database, document) as till:
        now = await till.now()
        await till.set_now(now - days(6))
        living = dict([await enrolled(till) for _ in range(5)])
        merged: list[UUID] = []
        bought = 0
        done = dict.fromkeys(("join", "leave", "merge", "undo", "erase"), 0)

        async def buy() -> None:
            nonlocal bought
            bought += 1
            await till.buy(chance.choice(list(living)), chance.randrange(100, 9_000), no=str(bought))

        async def come_back() -> None:
            await till.bring_back(str(chance.randint(1, max(bought, 1))))

        async def spend() -> None:
            await till.adjust(chance.choice(list(living)), -chance.randint(1, 60))

        async def join_one() -> None:
            home, other = chance.sample(list(living), 2)
            persons = (await household(till, other)).persons
            code = await invited(till, home, (await household(till, home)).persons[0].person_id)
            await join(till, other, persons[0].person_id, code, guesser=str(chance.random()))
            living.pop(other)
            merged.append(other)

        async def leave_one() -> None:
            home = chance.choice(list(living))
            one = chance.choice((await household(till, home)).persons[1:])
            left = await leave(till, home, one.person_id, chance.choice((0, 0, 10, 50)))
            living[UUID(left["new_member_id"])] = one.person_id

        async def merge_two() -> None:
            goes, stays = chance.sample(list(living), 2)
            await till.merge(goes, stays)
            living.pop(goes)
            merged.append(goes)

        async def undo_one() -> None:
            one = chance.choice(merged[-3:])
            undone = await unmerge(till.ledger, one, a_key(), principal=LOCAL)
            living[UUID(undone["new_member_id"])] = one

        async def erase_one() -> None:
            home = chance.choice(list(living))
            one = chance.choice((await household(till, home)).persons)
            await erase_person(
                till.ledger, home, a_key(), confirmed=home, principal=LOCAL, person_id=one.person_id
            )

        steps = {
            buy: "", come_back: "", spend: "", join_one: "join", leave_one: "leave", merge_two: "merge",
            undo_one: "undo", erase_one: "erase",
        }  # fmt: skip
        for step in range(60):
            if step % 8 == 7:
                await till.set_now(await till.now() + days(0.7))
            what = chance.choices(list(steps), weights=(6, 2, 2, 4, 5, 1, 4, 0.3))[0]
            try:
                await what()
            except (Refusal, IndexError, ValueError):
                continue
            if steps[what]:
                done[steps[what]] += 1
            await till.assert_laws_in_sql()
        assert min(done["join"], done["leave"], done["undo"]) > 0, done
        await till.assert_laws()
        if seed == 0:
            await snapshot_of(fresh_database, tmp_path / "s")
            verified = verify_snapshot(tmp_path / "s")
            assert verified.is_whole, verified.findings


async def test_invitations_that_ended_long_ago_are_forgotten(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database) as till:
        member = await till.enrol()
        async with till.ledger.transaction() as connection:
            await connection.execute(
                """INSERT INTO household_invitation (invitation_id, code_mark, member_id, invited_by, role, expires_at)
                   SELECT gen_random_uuid(), decode(md5(n::text), 'hex'), $1, $1, 'adult',
                          clock_timestamp() - n * INTERVAL '1 day' FROM unnest(ARRAY[1, 29, 31, 60]) AS n""",
                member,
            )
        assert [await forget_invitations(till.ledger) for _ in range(2)] == [2, 0]
