"""Scrapy's own `shell` and `parse` work in this project: our components need neither arguments nor sites."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from crawler.replica import proxy_environment
from tests.bench.faults.hostile import BODY, HOST, LIST, Hostile, article, listing, page, sends

ROOT = Path(__file__).resolve().parents[2]
URL = f"http://{HOST}{article(1)}"


@pytest.fixture
def run(mongo_uri, database, tmp_path):
    """Run a command of Scrapy on a site of three articles."""
    with Hostile() as site:
        pages = {article(n): sends(page(f"食堂检查第{n}号", f"{n}{BODY}{n}")) for n in range(3)}
        site.answers |= {**pages, LIST: sends(listing(list(pages)))}

        def command(*words: str) -> str:
            settings = {
                "MONGO_URI": mongo_uri,
                "MONGO_DATABASE": database,
                "DOWNLOAD_DELAY": 0,
            }
            settings["HTTPCACHE_DIR"] = tmp_path
            options = [part for name, value in settings.items() for part in ("-s", f"{name}={value}")]
            environment = {**os.environ, **proxy_environment(site.address)}
            line = [sys.executable, "-m", "scrapy", *words, *options]
            done = subprocess.run(
                line, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
            )
            assert done.returncode == 0, done.stderr[-2000:]
            assert "Traceback" not in done.stderr
            return done.stdout

        yield command


def test_shell_fetches_a_page(run):
    shown = run("shell", URL, "-c", "print(response.status, response.css('h1::text').get())")
    assert "200 食堂检查第1号" in shown


def test_parse_shows_the_article(run):
    assert "'title': '食堂检查第1号'" in run("parse", "--spider=page", "-a", f"url={URL}", "--nocolour", URL)


def test_parse_shows_the_requests_of_a_list_page(run):
    arguments = ("--spider=county", "-a", "site=qingtian", "-c", "parse_list", "--nocolour")
    shown = run("parse", *arguments, f"http://{HOST}{LIST}")
    assert all(article(n) in shown for n in range(3))
