"""The pages in a real browser: no script needed, no error, nothing that a keyboard or a screen reader can't use.

Debian's Chromium, driven by Playwright; skipped on a machine without it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.web.conftest import Served

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
playwright = pytest.importorskip("playwright.sync_api")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")

FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
PATHS = ("/", "/search?q=米粉", "/search?q=无此词语", "/samples", "/places", "/places/331121", "/status", "/about")


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    with playwright.sync_playwright() as tool:
        opened = tool.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(params=["phone", "desktop"])
def tab(browser: object, request: pytest.FixtureRequest) -> Iterator[object]:
    """A tab in Chinese, whose errors and foreign requests end up in `tab.problems`."""
    size = PHONE if request.param == "phone" else DESKTOP
    context = browser.new_context(viewport=size, locale="zh-CN", bypass_csp=request.node.name.startswith("test_axe"))
    tab = context.new_page()
    tab.problems = []
    tab.on("console", lambda message: message.type in {"error", "warning"} and tab.problems.append(message.text))
    tab.on("pageerror", lambda error: tab.problems.append(str(error)))
    tab.on("request", lambda sent: sent.url.startswith("http://127.0.0.1") or tab.problems.append(sent.url))
    yield tab
    context.close()


def paths(page: Served) -> list[str]:
    return [*PATHS, f"/a/{page.ids['notice']}", f"/a/{page.ids['evil']}"]


def test_no_page_reports_an_error_or_asks_elsewhere_or_is_wider_than_the_screen(tab: object, page: Served) -> None:
    for path in paths(page):
        tab.goto(page.url + path)
        wide = tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert (path, wide) == (path, 0)
    assert tab.problems == []


def test_axe_finds_nothing_serious(tab: object, page: Served) -> None:
    for path in paths(page):
        tab.goto(page.url + path)
        found = axe.Axe().run(tab).response["violations"]
        serious = [each["id"] for each in found if each["impact"] in {"serious", "critical"}]
        assert (path, serious) == (path, [])


def test_a_reader_searches_opens_an_article_and_sees_who_reprinted_it(tab: object, page: Served) -> None:
    tab.goto(page.url)
    tab.get_by_label("搜索文章").fill("亚硝酸盐")
    tab.keyboard.press("Enter")
    tab.get_by_role("link", name="米粉抽检两批次不合格").click()
    assert tab.get_by_role("heading", level=1).inner_text() == "米粉抽检两批次不合格"
    assert tab.get_by_role("link", name="缙云抽检米粉两批次不合格").is_visible()


def test_the_keyboard_alone_leads_from_the_start_to_an_article(tab: object, page: Served) -> None:
    tab.goto(page.url + "/search?q=学校食堂")
    for _ in range(60):
        tab.keyboard.press("Tab")
        if tab.evaluate("document.activeElement.textContent").strip() == "全县学校食堂秋季检查情况通报":
            break
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/a/*")
    assert tab.get_by_role("heading", level=1).inner_text() == "全县学校食堂秋季检查情况通报"


def test_a_facet_narrows_the_search_and_its_mark_widens_it_again(tab: object, page: Served) -> None:
    tab.goto(page.url + "/search?q=米粉&originals=1")
    tab.get_by_role("link", name="不含转载").click()
    assert "originals" not in tab.url


def test_the_language_switch_works_by_clicking(tab: object, page: Served) -> None:
    tab.goto(page.url + "/about")
    tab.get_by_role("link", name="English").click()
    assert tab.get_by_role("heading", name="About the data").is_visible()
