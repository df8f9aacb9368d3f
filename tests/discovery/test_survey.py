"""The order of a survey's questions, over sites that are tables of answers."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from crawler.discovery.survey import Limits, SurveyResult, Unanswered, survey_site
from crawler.parsing.page import Page, PageRequest
from crawler.sites.site import Section, Site

HOME = "http://www.shixian-demo.gov.cn/"
SITE = Site("339911", "示溪县", "county", HOME, short="示溪", gb_code="339911", province="示江省", city="示州市")
NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)
PADDING = "<!-- 页面 -->" * 60
Answer = str | int | Unanswered
REFUSED = Unanswered("unreachable", "connection refused")


def page(body: str, title: str = "示溪县人民政府") -> str:
    return f"<html><head><title>{title}</title></head><body>{body}<p>主办：示溪县人民政府</p>{PADDING}</body></html>"


def links(*named: tuple[str, str]) -> str:
    return "".join(f'<a href="{path}">{name}</a>' for name, path in named)


def listing(folder: str, days: range = range(10, 16), host: str = "") -> str:
    row = '<li><a href="{0}{1}202611/t202611{2}_81{2}.html">第{2}号示溪县农产品抽检公告</a><i>2026-11-{2}</i></li>'
    return page("<ul>" + "".join(row.format(host, folder, day) for day in days) + "</ul>", "栏目")


def surveyed(pages: dict[str, Answer], homepage: str = HOME, **options) -> tuple[SurveyResult, list[str]]:
    """The survey of a site with `pages` by address or path, and the addresses asked for in order."""
    asked: list[str] = []
    answers = {HOME.rstrip("/") + path if path[0] == "/" else path: answer for path, answer in pages.items()}

    async def fetch(wanted: PageRequest) -> Page | Unanswered:
        asked.append(wanted.url)
        answer = answers.get(wanted.url, answers.get("*", 404))
        if isinstance(answer, Unanswered):
            return answer
        status, text = (answer, "") if isinstance(answer, int) else (200, answer)
        return Page.from_bytes(text.encode(), wanted.url, "text/html; charset=utf-8", status=status)

    return asyncio.run(survey_site(fetch, homepage, SITE, NOW, **options)), asked


def found(result: SurveyResult) -> list[str]:
    return [one.name for one in result.found]


def why_not(result: SurveyResult) -> dict[str, str]:
    return {one.name: one.verdict.why for one in result.refused}


def test_best_names_first_and_only_lists_are_found():
    menu = [("通知公告", "/tz/"), ("示溪要闻", "/yw/"), ("食品安全", "/sp/"), ("工作动态", "/dt/")]
    result, asked = surveyed(
        {
            "/": page(links(*menu, ("部门动态", "/bm/"))),
            "/yw/": listing("/yw/"),
            "/sp/": listing("/sp/", range(16, 20)),
            "/tz/": page("<p>栏目建设中</p>"),
        }
    )
    assert found(result) == ["食品安全", "示溪要闻"]
    assert result.problem is None
    assert [url.removeprefix(HOME) for url in asked[2:]] == ["sp/", "yw/", "dt/", "tz/"]
    assert result.asked == len(asked) == 6
    reasons = why_not(result)
    assert "below" in reasons["部门动态"]
    assert "404" in reasons["工作动态"]
    assert "no articles" in reasons["通知公告"]
    (food, _) = result.found
    assert (food.url, food.platform, len(food.items), food.goes_on) == (HOME + "sp/", "trs", 4, False)


def test_never_more_questions_than_allowed():
    many = [(f"{name}要闻", f"/{name}/") for name in ("jia", "yi", "bing", "ding", "wu", "ji")]
    named = [(f"第{number}要闻", path) for number, (_, path) in enumerate(many)]
    pages = {"/": page(links(*named)), **{path: listing(path) for _, path in many}}
    result, asked = surveyed(pages, limits=Limits(sections=99, requests=5))
    assert len(asked) == 5
    assert len(result.found) == 3
    result, _ = surveyed(pages, limits=Limits(sections=2, requests=99))
    assert len(result.found) == 2


def test_two_names_for_one_list():
    home = page(links(("示溪要闻", "/yw/"), ("今日要闻", "/zw/yw/")))
    result, _ = surveyed({"/": home, "/yw/": listing("/yw/"), "/zw/yw/": listing("/yw/")})
    assert found(result) == ["示溪要闻"]
    assert why_not(result)["今日要闻"] == "lists the same articles as 示溪要闻"


def test_a_channel_is_searched_one_level_deep():
    more = "<div><h3>{0}</h3><a href='{1}'>更多</a></div>"
    deep = page(more.format("抽检信息", "/zdly/sp/cj/") + more.format("消费警示", "/zdly/sp/xf/"))
    result, asked = surveyed(
        {
            "/": page(links(("重点领域信息公开", "/zdly/"))),
            "/zdly/": page(more.format("食品安全", "/zdly/sp/") + more.format("征地信息", "/zdly/zd/")),
            "/zdly/sp/": deep,
            "/zdly/sp/cj/": listing("/zdly/sp/cj/"),
        }
    )
    assert found(result) == ["抽检信息"]
    assert HOME + "zdly/zd/" not in asked


def test_the_lists_that_are_known_are_asked_for_first():
    result, asked = surveyed(
        {"/": page(links(("示溪要闻", "/yw/"))), "/yw/": listing("/yw/"), "/old/": listing("/old/", range(16, 20))},
        known=[Section("旧闻", HOME + "old/"), Section("没了", HOME + "gone/")],
    )
    assert asked[2:] == [HOME + "old/", HOME + "gone/", HOME + "yw/"]
    assert found(result) == ["旧闻", "示溪要闻"]
    assert [(one.name, one.verdict.kind) for one in result.refused] == [("没了", "gone")]


def test_a_list_of_other_sites_articles_is_none():
    result, _ = surveyed(
        {"/": page(links(("示溪要闻", "/yw/"))), "/yw/": listing("/yw/", host="http://www.paper-demo.cn")}
    )
    assert found(result) == []
    assert result.problem is not None
    assert result.problem[0] == "no_sections"
    assert "other sites" in why_not(result)["示溪要闻"]


@pytest.mark.parametrize(
    "door",
    [
        "<script>window.location.href='/sxx/index.html'</script>",
        '<script>location.replace("sxx/index.html")</script>',
        "<html><frameset><frame src='/sxx/index.html'></frameset></html>",
    ],
)
def test_a_front_door_is_walked_through(door):
    result, asked = surveyed(
        {"/": door, "/sxx/index.html": page(links(("示溪要闻", "/sxx/yw/"))), "/sxx/yw/": listing("/sxx/yw/")}
    )
    assert asked[:2] == [HOME, HOME + "sxx/index.html"]
    assert found(result) == ["示溪要闻"]


SECURE = HOME.replace("http:", "https:")


@pytest.mark.parametrize("first", [REFUSED, 410, 500, page("<p>该域名正在出售</p>").replace("示溪", "")[:90]])
def test_the_other_scheme_is_tried(first):
    result, asked = surveyed(
        {SECURE: first, "/": page(links(("示溪要闻", "/yw/"))), "/yw/": listing("/yw/")}, homepage=SECURE
    )
    assert asked[:2] == [SECURE, HOME]
    assert found(result) == ["示溪要闻"]
    assert result.problem is None


@pytest.mark.parametrize(
    ("answer", "reason", "questions"),
    [
        (Unanswered("robots", "robots.txt forbids this page"), "robots", 1),
        (REFUSED, "unreachable", 2),
        (412, "blocked", 2),
        (404, "http_404", 2),
        ("<title>江岸区人民政府</title><p>江岸要闻</p>", "foreign", 1),
        ("<title>系统登录</title><input type=password>", "login", 2),
        ("<title>x</title><h1>This domain is for sale</h1>", "parked", 2),
        ("<title>欢迎</title><p>欢迎光临</p>", "foreign", 1),
    ],
)
def test_a_home_page_that_is_none_ends_the_survey(answer, reason, questions):
    result, asked = surveyed({"*": answer})
    assert result.problem is not None
    assert result.problem[0] == reason
    assert len(asked) == questions
    assert result.home is None
    assert result.found == []


def test_discovery_needs_neither_scrapy_nor_a_database():
    """The same steps serve a crawl, a command and a test."""
    modules = ("candidates", "survey", "fixtures")
    told = "; ".join(f"import crawler.discovery.{name}" for name in modules)
    check = f"{told}; import sys; sys.exit(bool({{'scrapy', 'twisted', 'pymongo'}} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
