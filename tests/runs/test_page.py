"""The page of all sites: what pages bring in stays text, and a browser sees what is meant."""

import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from lxml import html

from crawler.runs.health import HealthRow, render

NOW = datetime(2026, 6, 17, 4, 0, tzinfo=UTC)
GOOD = HealthRow(
    code="990001",
    name="虚山县",
    region="虚构省 无有市",
    verdict="ok",
    reasons=(),
    since=NOW - timedelta(days=9),
    ok_at=NOW,
    run_at=NOW,
    newest_at=NOW - timedelta(hours=3),
    page="http://www.xushan.gov.cn/",
    totals={"runs": 3},
    days=(*[(0, None)] * 27, (1, "ok"), (0, "ok"), (64, "degraded")),
)
ATTACK = "</b><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">\x1b[2J\u202e@title@"
HOSTILE = replace(
    GOOD,
    code="990002",
    name=ATTACK,
    region=ATTACK,
    verdict="degraded",
    reasons=(f"no article from 1 of 2 sections: {ATTACK}",),
    page="javascript:document.title='owned'",
)


def test_a_row_says_what_is_known():
    tree = html.fromstring(render([replace(GOOD, verdict="broken", reasons=("412",))], NOW))
    (row,) = tree.iter("li")
    text = " ".join(row.text_content().split())
    assert text.startswith("虚山县虚构省 无有市 990001broken since 2026-06-08412 page65 new")
    assert "newest 2026-06-17 09:00" in text
    assert row.xpath(".//a/@href") == ["http://www.xushan.gov.cn/"]
    drawn = {path.get("class"): path.get("d") for path in row.iter("path")}
    assert drawn == {"base": "M0 23.5h180", "ok": "M165 23v-4M171 23v-2", "degraded": "M177 23v-22"}
    assert tree.xpath("//header/p/text()") == ["1 broken; 65 new articles in 30 days"]
    assert "written 2026-06-17 12:00" in tree.text_content()


def test_what_pages_bring_in_is_inert():
    written = render([HOSTILE, GOOD], NOW)
    tree = html.fromstring(written)
    assert not list(tree.iter("script", "img", "iframe", "form", "object"))
    assert {name for element in tree.iter() for name in element.attrib if name.startswith("on")} == set()
    assert tree.xpath("//li//a") == []
    assert not {"\x1b", "\u202e"} & set(written)
    assert tree.xpath("//li//b/text()")[0] == ATTACK.replace("\x1b", "␛").replace("\u202e", "")
    assert "default-src 'none'; style-src 'sha256-" in written


def test_no_site_is_no_fault():
    assert "0 sites" in render([], NOW)
    assert "none crawled yet" in render([], NOW)


def test_in_a_browser(tmp_path):
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if not browser:
        pytest.skip("no Chromium on this machine")
    path = tmp_path / "health.html"
    path.write_text(render([HOSTILE, *[GOOD] * 299], NOW), "utf-8")
    options = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/profile", "--dump-dom"]
    shown = subprocess.run(
        [browser, *options, "--window-size=390,844", "--enable-logging=stderr", path.as_uri()],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    tree = html.fromstring(shown.stdout)
    assert len(list(tree.iter("li"))) == 300
    assert tree.xpath("//title/text()") == ["Food-safety crawler: 300 sites"]
    # The browser tells of every breach of the page's own policy, its style sheet's among them.
    assert "Content Security Policy" not in shown.stderr
