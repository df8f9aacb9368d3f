"""`scrapy addsite` and `scrapy freeze` from end to end, in a copy of the project, against sites on loopback."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime

import pytest

from crawler.parsing.date_forms import CST
from crawler.replica import content

HONGYA = "http://www.schy.gov.cn/"
CODE = "511423"


def channel(code: str) -> content.SiteChannel:
    return next(one for one in content.channels() if one.site == code)


def checks(project) -> subprocess.CompletedProcess[str]:
    """The tests of frozen pages in the copy."""
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "--import-mode=importlib",
            "tests/pages",
            "-k",
            "draft",
        ],
        cwd=project.folder,
        env=project.environment,
        capture_output=True,
        text=True,
        check=False,
    )


def drafts(project) -> dict[str, dict]:
    """The unchecked truths by their file names."""
    truths = {
        path.name: json.loads(path.read_text("utf-8")) for path in project.folder.glob("tests/pages/*/*.truth.json")
    }
    return {name: truth for name, truth in truths.items() if truth.get("checked") is False}


def test_a_site_is_added_and_its_pages_wait_for_a_person(project, replica):
    project.change(CODE, lists="", platform="", status="listed")
    before = project.rows_file.read_text("utf-8").split("\n")
    result = project.run("addsite", HONGYA, "--yes", proxy=replica.address)
    assert result.returncode == 0, result.stderr
    # The row: completed in its place, nothing else changed.
    after = project.rows_file.read_text("utf-8").split("\n")
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert [new.split(",")[0] for _, new in changed] == [CODE]
    row = project.row(CODE)
    assert (row["platform"], row["status"], row["homepage"]) == ("vsb", "detected", HONGYA)
    sections = {table["name"]: HONGYA.rstrip("/") + table["path"] for table in channel(CODE).sections.values()}
    assert dict(entry.split("=", 1) for entry in row["lists"].split(";")) == sections
    assert project.run("sites", "check").returncode == 0
    # Three articles to look at, as their pages show them, in Beijing time.
    shown = [article for article in channel(CODE).articles if f"  {article.title}\n" in result.stdout]
    assert len(shown) == 3
    for article in shown:
        when = f"{article.published_at:%Y-%m-%d %H:%M}"
        credits = (article.source, article.author, article.editor)
        line = "    {}  来源：{}  作者：{}  编辑：{}".format(when, *(value or "-" for value in credits))
        assert line in result.stdout
    # The fixtures: bytes and headers as they came, a truth that is a draft, a test that fails until it is none.
    waiting = drafts(project)
    assert set(waiting) == {"hongya-article.truth.json", "hongya-list.truth.json"}
    draft = waiting["hongya-article.truth.json"]
    truth = next(article for article in channel(CODE).articles if article.url == draft["url"])
    assert (draft["title"], draft["source"], draft["editor"]) == (truth.title, truth.source, truth.editor)
    assert draft["headers"]["content-type"].startswith("text/html")
    frozen = (project.folder / "tests/pages/vsb/hongya-article.html").read_bytes()
    assert truth.title.encode() in frozen
    failing = checks(project)
    assert failing.returncode == 1
    assert "vsb-hongya-article" in failing.stdout
    assert "1 failed" in failing.stdout
    for name, draft in waiting.items():
        path = project.folder / "tests/pages/vsb" / name
        path.write_text(json.dumps(draft | {"checked": True}, ensure_ascii=False), "utf-8")
    assert checks(project).returncode == 0


def test_a_site_that_the_registry_does_not_know(project, odd_sites):
    page = "<html><head><title>{0}</title></head><body><h1>{0}</h1>{1}</body></html>" + "<!-- -->" * 90
    row = '<li><a href="/news/2026/11{0}/80{0}.html">第{0}期农产品快检结果通报</a><span>2026-11-{0}</span></li>'
    text = "<p>本期抽检蔬菜一百批次，全部合格，结果向社会公示。</p>" * 5
    body = f"<p>2026-11-18 来源：示例食安网</p><div class='content'>{text}</div>"
    sites = odd_sites(
        {
            "www.shian-demo.org": {
                "/": page.format("示例食安网", '<a href="/dt/">行业动态</a><a href="/gg/">通知公告</a>'),
                "/dt/": page.format("行业动态", "<ul>" + "".join(row.format(day) for day in (18, 17, 16)) + "</ul>"),
                "/gg/": (200, page.format("出错", "<p>页面不存在</p>")),
                **{f"/news/2026/11{day}/80{day}.html": page.format("农产品快检结果通报", body) for day in (18, 17, 16)},
            }
        }
    )
    url = "http://www.shian-demo.org/"
    unknown = project.run("addsite", url, "--yes", proxy=sites.address)
    assert unknown.returncode == 1
    assert "does not show whose site it is: add --code" in unknown.stderr
    assert not drafts(project)
    begun = datetime.now(CST)
    result = project.run("addsite", url, "--code", "shian", "--name", "示例食安网", "--yes", proxy=sites.address)
    assert result.returncode == 0, result.stderr
    row = project.row("shian")
    # The mark that keeps the row when the registry is generated anew.
    assert f"{begun:%Y-%m-%d}" <= row.pop("edited") <= f"{datetime.now(CST):%Y-%m-%d}"
    assert row == {
        **dict.fromkeys(("aliases", "province", "city", "platform", "access"), ""),
        **{"code": "shian", "kind": "other", "name": "示例食安网", "short": "示例食安网", "pinyin": "shilishianwang"},
        **{"homepage": url, "lists": "行业动态=http://www.shian-demo.org/dt/", "status": "listed"},
    }
    # `freeze` adds a page to a site that is there, beside the first one.
    frozen = project.run("freeze", "http://www.shian-demo.org/news/2026/1117/8017.html", proxy=sites.address)
    assert frozen.returncode == 0, frozen.stderr
    assert {"shilishianwang-article.truth.json", "shilishianwang-article-2.truth.json"} <= set(drafts(project))
    missing = project.run("freeze", "http://www.shian-demo.org/news/2026/1101/1.html", proxy=sites.address)
    assert (missing.returncode, missing.stderr.count("\n")) == (1, 1)
    assert "the site answered with status 404; nothing is written" in missing.stderr


@pytest.mark.parametrize(
    ("pages", "arguments", "refusal"),
    [
        ({}, ("addsite", "www.qingtian.gov.cn"), (2, "is not a URL; include http:// or https://")),
        ({}, ("addsite", HONGYA, "--code", "331121"), (2, "is the site of 四川省眉山市洪雅县 (511423) already")),
        ({}, ("addsite", HONGYA), (1, "answers 404; nothing is written")),
        ({"/robots.txt": "User-agent: *\nDisallow: /"}, ("addsite", HONGYA), (1, "robots.txt forbids this page")),
        ({"/": "<title>洪雅</title><p>洪雅县</p>"}, ("addsite", HONGYA), (1, "no link of the home page leads to")),
        ({}, ("freeze", "http://www.nobody-demo.cn/1.html"), (2, "the registry has no site at")),
    ],
)
def test_what_cannot_be_added_gets_one_sentence(pages, arguments, refusal, project, odd_sites):
    status, sentence = refusal
    sites = odd_sites({"www.schy.gov.cn": pages})
    before = project.rows_file.read_bytes()
    result = project.run(*arguments, "--yes" if arguments[0] == "addsite" else "--list", proxy=sites.address)
    assert result.returncode == status
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr
    assert project.rows_file.read_bytes() == before
    assert not drafts(project)


def test_without_a_yes_nothing_is_written(project, replica):
    before = project.rows_file.read_bytes()
    result = project.run("addsite", HONGYA, proxy=replica.address)
    assert result.returncode == 1
    assert "not confirmed" in result.stderr
    assert project.rows_file.read_bytes() == before
    assert not drafts(project)
