"""The card: its code is the ledger's, is taken once, is soon refused, is made without a network; its key stays."""

from __future__ import annotations

import base64
import json
import re
import urllib.error
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.api.conftest import a_purchase_body
from tests.faces.on_phone import OnPhone, phone, served_with

from jifen.domain.check_digits import CardCheck, with_check
from jifen.domain.member_code import STEP, code_at

__all__ = ["phone", "served_with"]
VECTORS = Path(__file__).parents[2] / "web" / "packages" / "card" / "test" / "vectors.json"
PROOF_BEFORE = """back => new Promise((done, failed) => {
  const asked = indexedDB.open("jifen-member", 1);
  asked.onsuccess = () => {
    const got = asked.result.transaction("kept").objectStore("kept").get("card");
    got.onsuccess = async () => {
      const {number, key} = got.result;
      const text = "jifen member code 1", told = new Uint8Array(text.length + 16), view = new DataView(told.buffer);
      told.set(new TextEncoder().encode(text));
      view.setBigUint64(text.length, BigInt(number));
      view.setBigUint64(text.length + 8, BigInt(Math.floor(Date.now() / 30000) - back));
      const made = new DataView(await crypto.subtle.sign("HMAC", key, told));
      const taken = await crypto.subtle.exportKey("raw", key).then(() => true, () => false);
      done([number + (made.getBigUint64(0) % 1000000000n).toString().padStart(9, "0"), taken]);
    };
  };
  asked.onerror = () => failed(asked.error);
})"""


def codes_now(phone: OnPhone) -> set[str]:
    """What the ledger's own code makes of the key that this phone was given, for now and the half minute before."""
    key = base64.urlsafe_b64decode(phone.card["key"])
    now = datetime.now(UTC)
    return {code_at(key, int(phone.card["number"]), now - back) for back in (timedelta(), STEP)}


def refusal_of(phone: OnPhone, path: str, body: object) -> str:
    """The code by which a till is refused."""
    with pytest.raises(urllib.error.HTTPError) as told:
        phone.house.ask("POST", path, body)
    return str(json.load(told.value)["code"])


def test_the_vectors_of_the_screens_are_the_ledgers() -> None:
    for one in json.loads(VECTORS.read_text()):
        key = base64.urlsafe_b64decode(one["key"] + "=" * (-len(one["key"]) % 4))
        moment = datetime.fromtimestamp(one["moment"] // 1000, UTC)
        assert code_at(key, int(one["number"]), moment) == one["code"]


def test_a_till_takes_the_code_once_and_the_points_stand_on_the_card(phone: OnPhone) -> None:
    phone.is_new()
    phone.sign_in()
    code = phone.digits()
    assert code in codes_now(phone)
    bought = phone.house.ask(
        "POST", "/v1/purchases", {**a_purchase_body(of=12_300), "member": {"code": code}}
    )
    assert bought["member_id"] == phone.member_id
    again = {**a_purchase_body(of=100), "member": {"code": code}}
    assert refusal_of(phone, "/v1/purchases", again) == "code_used"
    phone.page.reload()
    phone.settle()
    expect(phone.page.locator(".hero")).not_to_contain_text("–")
    phone.go("/statement")
    expect(phone.page.get_by_text("Earned by a purchase").first).to_be_visible()


def test_a_code_that_was_photographed_opens_nothing_two_minutes_later_and_its_key_cannot_be_taken(
    phone: OnPhone,
) -> None:
    phone.is_new()
    phone.sign_in()
    phone.digits()
    hold = {"currency": "points", "units": 1}
    old, was_taken = phone.page.evaluate(PROOF_BEFORE, 5)
    assert was_taken is False
    member = {"code": with_check(old, CardCheck.LUHN)}
    assert refusal_of(phone, "/v1/reservations", {**hold, "member": member}) == "code_wrong"
    now, _ = phone.page.evaluate(PROOF_BEFORE, 0)
    member = {"code": with_check(now, CardCheck.LUHN)}
    assert refusal_of(phone, "/v1/reservations", {**hold, "member": member}) == "points_missing", (
        "the code of this half minute is right, and there are no points yet"
    )


def test_without_a_network_the_app_opens_with_its_card_and_the_last_balance_as_of_when(
    phone: OnPhone,
) -> None:
    phone.is_new()
    phone.house.ask("POST", "/v1/purchases", a_purchase_body(phone.member_id, of=8_800))
    phone.sign_in()
    phone.go("/statement")
    phone.go("/lots")
    phone.go("/tier")
    phone.go("/")
    phone.digits()
    phone.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    balance = phone.page.locator(".hero .num").inner_text()
    phone.context.set_offline(True)
    phone.page.reload()
    assert phone.digits() in codes_now(phone), "made by the phone alone"
    expect(phone.page.get_by_text("No connection.")).to_be_visible()
    expect(phone.page.locator(".card-whose")).to_contain_text("as of")
    expect(phone.page.locator(".hero .num")).to_have_text(balance)
    phone.page.get_by_role("link", name="Statement").click()
    expect(phone.page.get_by_text("Earned by a purchase").first).to_be_visible()
    expect(phone.page.locator(".as-of").first).to_contain_text("as of")
    phone.page.goto(f"{phone.house.address}/app/me/claim")
    phone.page.get_by_label("Number of the receipt").fill("no-1")
    phone.page.get_by_label("Total").fill("1.00")
    phone.page.get_by_role("button", name="Claim").click()
    expect(phone.page.locator("form .say-warn")).to_contain_text("Press once more with a connection")
    phone.context.set_offline(False)
    phone.page.get_by_role("link", name="Home").click()
    expect(phone.page.get_by_text("No connection.")).to_have_count(0, timeout=15_000)


def test_a_phone_whose_clock_is_wrong_shows_the_code_of_the_shops_clock(phone: OnPhone) -> None:
    phone.page.add_init_script("""const real = Date.now; Date.now = () => real() + 7 * 60_000""")
    phone.is_new()
    phone.sign_in()
    assert phone.digits() in codes_now(phone)


def test_the_card_opens_as_large_as_the_screen_and_escape_closes_it(phone: OnPhone) -> None:
    phone.is_new()
    phone.sign_in()
    phone.digits()
    page = phone.page
    page.get_by_role("button", name="Show the code large").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    assert re.search(r"card=1", page.url), "what is open stands in the address"
    box = dialog.locator(".qr").bounding_box()
    assert box is not None
    assert box["width"] > 280
    assert phone.axe() == []
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page).not_to_have_url(re.compile("card=1"))


def test_a_frozen_member_sees_his_statement_and_no_code(phone: OnPhone) -> None:
    phone.is_new()
    phone.house.ask("POST", f"/v1/members/{phone.member_id}:freeze")
    phone.sign_in()
    expect(phone.page.get_by_text("Your membership is frozen")).to_be_visible()
    assert phone.page.locator(".qr, .digits").count() == 0
    assert phone.axe() == []
