"""The till without a line: what it keeps, in which order it sends it, and that nothing ever counts twice."""

from __future__ import annotations

import re

from playwright.sync_api import Page, Route, expect
from tests.faces.conftest import Visit
from tests.faces.tills import (
    TAMPER,
    balance,
    identify,
    in_books,
    messages,
    nobody,
    open_till,
    pay,
    put,
    receipt,
)


def cut(page: Page) -> None:
    """The line goes."""
    page.context.set_offline(True)
    expect(page.locator(".banner")).to_be_visible()


def mend(page: Page) -> None:
    """The line is back, and what waited was sent."""
    page.context.set_offline(False)
    expect(page.locator(".banner")).to_have_count(0, timeout=20_000)


def all_sent(page: Page) -> None:
    """Nothing waits any more."""
    for _ in range(200):
        if all(one["state"] != "waiting" for one in messages(page)):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"still waiting: {messages(page)}")


def sell_to_nobody(page: Page, goods: str) -> str:
    """A sale of nobody, from the first screen back to it."""
    nobody(page)
    put(page, goods)
    no = pay(page)
    page.keyboard.press("Enter")
    return no


def test_what_is_sold_without_a_line_survives_a_reload_and_is_sent_in_order(visit: Visit) -> None:
    page = open_till(visit)
    page.reload()  # the worker has the page now
    expect(page.locator(".kinds")).to_be_visible()
    cut(page)
    numbers = [sell_to_nobody(page, "Tea 10")]
    page.reload()
    expect(page.locator(".banner")).to_be_visible()
    expect(page.locator(".banner")).to_contain_text("1 waiting")
    numbers += [sell_to_nobody(page, "Cup 20"), sell_to_nobody(page, "Rice 30")]
    sent: list[str] = []
    page.on(
        "request", lambda one: sent.append(one.post_data or "") if one.url.endswith("/v1/purchases") else None
    )
    mend(page)
    all_sent(page)
    assert [one["state"] for one in messages(page)] == ["done"] * 3
    # One may be sent again, where the line came back in the middle of it; never out of its turn.
    told = dict.fromkeys(re.search(r'"business_no":"([^"]+)"', one)[1] for one in sent)  # type: ignore[index]
    assert list(told) == numbers
    assert [receipt(visit, no)["amount_minor"] for no in numbers] == [1_000, 2_000, 3_000]
    assert [receipt(visit, no)["occurred_at"][:19] for no in numbers] == [
        one["at"][:19] for one in messages(page)
    ]


def test_an_answer_that_was_lost_after_the_books_had_it_counts_once(visit: Visit) -> None:
    page = open_till(visit)
    lost: list[int] = []

    def lose_the_first(route: Route) -> None:
        if lost:
            route.continue_()
            return
        lost.append(route.fetch().status)
        route.abort()

    identify(page, "6200001")
    before = balance(visit, visit.house.members[0])
    page.route("**/v1/purchases", lose_the_first)
    put(page, "Tea 10")
    no = pay(page)
    in_books(page)
    assert lost == [201]
    [message] = messages(page)
    assert message["tries"] == 1
    earned = receipt(visit, no)["earned"][0]["units"]
    assert balance(visit, visit.house.members[0]) == before + earned


def test_a_member_told_without_a_line_is_marked_and_looked_up_later(visit: Visit) -> None:
    told = {"keys": [{"kind": "card", "value": "6200888"}], "person": {"phone": "138 0013 8888"}}
    member = visit.house.ask("POST", "/v1/members", told)["member_id"]
    page = open_till(visit)
    cut(page)
    numbers = []
    for named in ("6200888", "13800138888", "6209999"):
        identify(page, named)
        expect(page.locator(".side")).to_contain_text("Not checked")
        put(page, "Tea 10")
        expect(page.get_by_role("button", name=re.compile("Use points"))).to_be_disabled()
        expect(page.locator(".side")).to_contain_text("the programme states no limit")
        numbers.append(pay(page))
        page.keyboard.press("Enter")
    nobody(page)
    put(page, "Last 1")
    numbers.append(pay(page))
    mend(page)
    all_sent(page)
    assert [one["state"] for one in messages(page)] == ["done", "done", "refused", "done"], (
        "the queue goes on"
    )
    assert [receipt(visit, no)["member_id"] for no in numbers[:2]] == [member, member]
    page.get_by_role("link", name="Waiting").click()
    expect(page.locator(".message")).to_contain_text("member_unknown")
    expect(page.locator(".message")).to_contain_text("Send it without the member")
    page.get_by_role("button", name="Send without the member").click()
    expect(page.get_by_text("Nothing waits")).to_be_visible(timeout=15_000)
    assert receipt(visit, numbers[2])["member_id"] is None


def test_a_message_that_was_tampered_with_is_not_sent_but_listed(visit: Visit) -> None:
    page = open_till(visit)
    cut(page)
    sell_to_nobody(page, "Tea 10")
    page.evaluate(TAMPER)
    after = sell_to_nobody(page, "Cup 20")
    sent: list[str] = []
    page.on(
        "request", lambda one: sent.append(one.post_data or "") if one.url.endswith("/v1/purchases") else None
    )
    mend(page)
    all_sent(page)
    assert [one["state"] for one in messages(page)] == ["tampered", "done"]
    assert not [one for one in sent if "9999900" in one]
    assert receipt(visit, after)["amount_minor"] == 2_000
    page.get_by_role("link", name="Waiting").click()
    expect(page.locator(".message")).to_contain_text("was changed on this machine and was not sent")
    page.get_by_role("button", name="Set aside").click()
    expect(page.get_by_text("Nothing waits")).to_be_visible()


def test_a_number_that_was_used_for_something_else_is_refused_with_what_to_do(visit: Visit) -> None:
    page = open_till(visit)
    first = sell_to_nobody(page, "Tea 10")
    all_sent(page)
    cut(page)
    no = sell_to_nobody(page, "Cup 20")
    source = receipt(visit, first)["source"]
    taken = {"source": source, "business_no": no, "occurred_at": messages(page)[0]["at"], "money": "CNY", "amount_minor": 500,
             "lines": [{"number": 1, "amount_minor": 500}]}  # fmt: skip
    visit.house.ask("POST", "/v1/purchases", taken)
    mend(page)
    all_sent(page)
    page.get_by_role("link", name="Waiting").click()
    expect(page.locator(".message")).to_contain_text("key_reused")
    expect(page.locator(".message")).to_contain_text("Look it up under Return")
    assert receipt(visit, no)["amount_minor"] == 500


def test_two_tabs_of_one_till_never_take_the_same_number(visit: Visit) -> None:
    page = open_till(visit)
    other = page.context.new_page()
    other.goto(f"{visit.house.address}/till/")
    expect(other.locator(".kinds")).to_be_visible()
    for one in (page, other):
        nobody(one)
        put(one, "Tea 10")
    page.context.set_offline(True)
    for one in (page, other):
        one.evaluate("dispatchEvent(new KeyboardEvent('keydown', {key: 'F9', cancelable: true}))")
    for one in (page, other):
        expect(one.locator("[data-slip]")).to_contain_text(re.compile(r"\d{8}-\d{4}-[0-9a-f]{4}"))
    numbers = [one["no"] for one in messages(page)]
    assert len(numbers) == len(set(numbers)) == 2
    page.context.set_offline(False)
    all_sent(page)
    assert [receipt(visit, no)["amount_minor"] for no in numbers] == [1_000, 1_000]


def test_two_tills_sell_to_one_member(visit: Visit) -> None:
    page = open_till(visit)
    assert page.context.browser
    context = page.context.browser.new_context(locale="en-GB", viewport={"width": 1180, "height": 820})
    second = Visit(page=context.new_page(), house=visit.house, faults=[])
    open_till(second)
    before = balance(visit, visit.house.members[1])
    for one in (page, second.page):
        identify(one, "6200002")
        put(one, "Tea 10")
    cut(page)
    first_no, second_no = pay(page), pay(second.page)
    in_books(second.page)
    mend(page)
    all_sent(page)
    earned = [receipt(visit, first_no), receipt(second, second_no)]
    assert {one["member_id"] for one in earned} == {visit.house.members[1]}
    assert earned[0]["source"] != earned[1]["source"]
    assert balance(visit, visit.house.members[1]) == before + sum(one["earned"][0]["units"] for one in earned)
    context.close()


def test_a_session_that_ended_leaves_the_queue_and_signing_in_sends_it(visit: Visit) -> None:
    page = open_till(visit)
    cut(page)
    no = sell_to_nobody(page, "Tea 10")
    page.context.clear_cookies()
    page.context.set_offline(False)
    expect(page.get_by_text("1 message waits to be sent after signing in.")).to_be_visible(timeout=20_000)
    page.locator("input[autocomplete=username]").fill("chen")
    page.locator("input[type=password]").fill("a long password of ours")
    page.keyboard.press("Enter")
    expect(page.locator(".kinds")).to_be_visible()
    all_sent(page)
    assert receipt(visit, no)["amount_minor"] == 1_000


def test_a_full_store_refuses_the_next_sale_before_it_begins(visit: Visit) -> None:
    page = open_till(visit)
    page.add_init_script("navigator.storage.estimate = async () => ({usage: 9_999_999, quota: 10_000_000})")
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("This browser's store is full")
    expect(page.get_by_role("button", name=re.compile("No member, go on"))).to_be_disabled()
    page.locator(".one-field input").fill("6200001")
    page.keyboard.press("Enter")
    expect(page.locator(".lines")).to_have_count(0)


def test_a_shift_counts_what_this_till_did_and_what_waits(visit: Visit) -> None:
    page = open_till(visit)
    sell_to_nobody(page, "Tea 10")
    all_sent(page)
    cut(page)
    sell_to_nobody(page, "Cup 20")
    page.get_by_role("link", name="Shift").click()
    figures = page.locator(".figures")
    expect(figures).to_contain_text("¥30.00")
    expect(page.locator(".facts-till .fact").first).to_contain_text("1")
    page.get_by_role("button", name="Begin a new shift").click()
    expect(figures).to_contain_text("¥0.00")
