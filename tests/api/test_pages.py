"""The start page and the interactive documentation: whole without the internet, in a real browser where there is one."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.api.conftest import Api, Shop
from tests.conftest import create_database

from jifen.embedded import Server
from jifen.embedded.server import run_sql

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
OUTSIDE = re.compile(r"""(?:src|href|url)\s*[=(:]\s*["']?(?:https?:)?//""")


async def test_the_start_page_asks_nobody_outside_and_needs_no_key(api: Api) -> None:
    await api.a_purchase(await api.a_member())
    page = await api.get("/", as_=None)
    assert page.status_code == 200
    assert not OUTSIDE.search(page.text)
    assert "default-src 'none'" in page.headers["content-security-policy"]
    for said in ("街坊会员", "Neighbours' Club".replace("'", "&#x27;")):
        assert said in page.text
    assert "<dd>" not in page.text, "how large a shop is, is nobody's business who opens the address"


async def test_the_start_page_says_that_the_books_stand_in_the_past(api: Api) -> None:
    async with api.ledger.pool.acquire() as connection:
        await connection.execute("UPDATE book SET shift_seconds = 86400 * 400, label = '<demo>'")
    page = (await api.get("/", as_=None)).text
    assert "The books stand at" in page
    assert "&lt;demo&gt;" in page
    for said in ("Points outstanding", "在外积分", "<dd><span"):
        assert said in page


async def test_whoever_asks_only_for_the_head_of_health_is_answered(api: Api) -> None:
    answer = await api.client.head("/v1/health")
    assert (answer.status_code, answer.content) == (200, b"")
    assert (await api.client.head("/v1/program")).status_code == 405


async def test_the_documentation_is_served_from_here(api: Api) -> None:
    page = await api.get("/docs", as_=None)
    assert page.status_code == 200
    assert not OUTSIDE.search(page.text)
    for name in re.findall(r'"(/docs/[a-z.-]+)"', page.text):
        served = await api.get(name, as_=None)
        assert served.status_code == 200
        assert len(served.content) > 100_000
    assert (await api.get("/docs/../pyproject.toml", as_=None)).status_code == 404
    assert (await api.get("/docs/favicon.png", as_=None)).status_code == 404
    assert (await api.get("/openapi.json", as_=None)).json()["openapi"].startswith("3.1")


@pytest.fixture(scope="module")
def served(postgres: Server, shop: Shop) -> Iterator[str]:
    """The address of a served shop."""
    if CHROMIUM is None:
        pytest.skip("NO BROWSER: the pages were not looked at in Chromium; install the package chromium")
    name = "pages"
    create_database(postgres, name, template=shop.template)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "src"),
        "JIFEN_DATABASE_URL": postgres.app.to_database(name).url(),
        "JIFEN_DATABASE_OWNER_URL": postgres.owner.to_database(name).url(),
    }
    command = [sys.executable, "-c", "from jifen.cli import main; main()", "serve", "--port", str(port)]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as serving:
        address = f"http://127.0.0.1:{port}"
        for _ in range(200):
            try:
                urllib.request.urlopen(f"{address}/v1/health", timeout=2).close()
                break
            except OSError:
                time.sleep(0.1)
        yield address
        serving.terminate()
    run_sql(postgres.admin, f"DROP DATABASE {name} WITH (FORCE)", bin=postgres.bin)


def browsed(address: str, *, width: int, height: int = 900) -> str:
    """The page as Chromium shows it. No name of the outside can be resolved: what it shows, it shows without the internet."""
    assert CHROMIUM is not None
    with tempfile.TemporaryDirectory() as folder:
        ran = subprocess.run(
            [
                CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}", "--no-first-run",
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", f"--window-size={width},{height}",
                "--virtual-time-budget=8000", "--dump-dom", address,
            ],
            capture_output=True, text=True, timeout=120, check=True,
        )  # fmt: skip
    return ran.stdout


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1280])
def test_the_start_page_in_a_browser(served: str, width: int) -> None:
    shown = browsed(f"{served}/?language=en", width=width)
    assert '<html lang="en"' in shown
    assert served in shown, "the example names this server"


@pytest.mark.slow
def test_the_documentation_in_a_browser(served: str) -> None:
    shown = browsed(f"{served}/docs", width=1280)
    assert "/v1/purchases:quote" in shown.replace("<wbr>", "").replace("\u200b", "")
    assert "Record a purchase" in shown
