"""The page of the API in a real browser: it shows the operations and asks no outside host."""

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, sync_playwright
from werkzeug.serving import make_server

from tests.e2e.town import Town

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
]

pytestmark = pytest.mark.skipif(
    shutil.which(str(CHROMIUM)) is None and "CI" not in os.environ,
    reason=f"no browser at {CHROMIUM}; `apt-get install chromium` brings it",
)


@pytest.fixture
def address(bare: Town) -> Iterator[str]:
    """The application on a port of this machine."""
    server = make_server("127.0.0.1", 0, bare.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def browser() -> Iterator[Browser]:
    """Debian's browser."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield launched
        launched.close()


def test_the_page_shows_every_operation_and_asks_no_outside_host(
    bare: Town, address: str, browser: Browser
) -> None:
    paths = bare.get_at("/openapi.json").json["paths"]
    operations = sum(name in ("get", "post") for path in paths.values() for name in path)
    # Of a list as long as this one the page draws only what can be seen.
    page = browser.new_page(viewport={"width": 1_280, "height": 120 * operations})
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(f"{address}/docs")
    page.wait_for_function("most => document.querySelectorAll('.opblock').length >= most", arg=operations)
    assert page.locator(".opblock").count() == operations
    page.locator("#operations-transfers-transfer_credits button.opblock-summary-control").click()
    page.wait_for_selector("text=from_account")
    page.wait_for_load_state("networkidle")
    assert {urlsplit(url).netloc for url in asked if not url.startswith("data:")} == {
        urlsplit(address).netloc
    }
    assert [line for line in said if not line.startswith(("log:", "info:"))] == []
