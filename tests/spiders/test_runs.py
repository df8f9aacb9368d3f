"""What a crawl leaves of itself: a run for the crawl and one for each site, a verdict, an alarm where it changed."""

import asyncio
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from crawler.replica import Replica
from crawler.runs.site_stats import SiteMetrics
from crawler.storage.store import open_store

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def told(tmp_path, monkeypatch):
    """The alarms that were told, one JSON object each."""
    path = tmp_path / "told.jsonl"
    program = "import sys; open(sys.argv[1], 'a').write(sys.stdin.read() + chr(10))"
    monkeypatch.setenv("ALERT_COMMAND", f'{sys.executable} -c "{program}" {path}')
    return lambda: [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


@pytest.fixture
def ask(mongo_uri, database):
    """Run a command of ours on this test's database."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "MONGO_URI": mongo_uri, "MONGO_DATABASE": database}
        return subprocess.run(
            [sys.executable, "-m", "scrapy", *words],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture
def silent_before(mongo_uri, stored):
    """青田县 was silent for a century once: the replica's articles grow older every day, which is to change nothing."""

    async def set_up() -> None:
        store = await open_store(mongo_uri, stored.name, None)
        await store.close()

    asyncio.run(set_up())
    usual = {"verdict": "ok", "figures": SiteMetrics(gap_days=36_500).as_document()}
    stored.sites.insert_one({"_id": "331121", "recent": [usual]})


@pytest.mark.usefixtures("silent_before")
def test_a_site_breaks_and_recovers(crawl, stored, replica, told, ask):
    site = ("county", "-a", "site=qingtian", "-a", "keep=all")
    first = crawl(*site)
    assert first.returncode == 0, first.stderr[-2000:]
    assert "青田县 331121: ok: 26 new" in first.stderr
    whole, run = sorted(stored.runs.find({}), key=lambda row: row["_id"])
    assert (whole["parent"], whole["verdict"], whole["sites"]) == (None, "ok", ["331121"])
    assert (run["parent"], run["site"], run["finish_reason"]) == (whole["_id"], "331121", "finished")
    assert (run["counts"]["articles/new"], run["figures"]["new"]) == (26, 26)
    assert run["statuses"] == {"200": 31, "404": 1}
    assert sum(run["statuses"].values()) == run["figures"]["requests"]
    assert run["fields"]["published_at"] == 26
    assert {rule.partition("=")[2] for rule in run["rules"]} == {"platform:hanweb", "platform:jpaas"}
    assert [(end["name"], end["reason"], end["listed"]) for end in run["sections"]] == [("要闻", "last_page", 28)]
    assert told() == []

    replica.close()
    away = {"RETRY_TIMES": 0}
    for _ in range(2):
        down = crawl(*site, **away)
        assert down.returncode == 1
        assert "青田县 331121: broken (no request was answered" in down.stderr
    with Replica() as back:
        again = crawl(*site, "-q", proxy=back.address, ALERT_INTERVAL_SECONDS=0)
    assert (again.returncode, again.stderr) == (0, "")

    state = stored.sites.find_one({"_id": "331121"})
    assert (state["verdict"], state["totals"]["runs"], state["totals"]["new"]) == ("ok", 4, 26)
    assert [row["verdict"] for row in state["recent"]] == ["ok", "ok", "broken", "broken", "ok"]
    assert [(day["new"], day["verdict"]) for day in state["days"]][-1] in {(26, "broken"), (0, "broken"), (0, "ok")}
    changes = [change for message in told() for change in message["changes"]]
    assert [(change["before"], change["verdict"]) for change in changes] == [("ok", "broken"), ("broken", "ok")]
    assert changes[0]["command"] == "scrapy crawl county -a site=331121"
    assert changes[0]["page"] == "http://www.qingtian.gov.cn/col/col1229365841/index.html"
    assert changes[0]["ok_at"] == changes[0]["since"]

    runs = [json.loads(line) for line in ask("runs", "--site", "青田县", "--json").stdout.splitlines()]
    assert [row["state"] for row in runs] == ["ok", "broken", "broken", "ok"]
    failing = ask("runs", "--failing", "--since", "1d")
    assert failing.stdout.count("broken") == 2
    assert re.search(r"  broken +county +0 new ", failing.stdout)
    health = ask("health", "--region", "丽水", "--html", "/dev/stdout")
    assert (health.returncode, health.stderr) == (0, "1 site: 1 ok\n")
    assert "<b>青田县</b>" in health.stdout


def test_wrong_use_of_what_shows_runs(ask):
    for words, sentence in (
        (("runs", "--since", "vorgestern"), "--since: 'vorgestern' is not a date"),
        (("runs", "青田县"), "did you mean --site 青田县?"),
        (("health", "--accept"), "--accept needs --site"),
        (("alerts", "ring"), "give one action: status, test, send"),
        (("alarms", "test"), "no channel is set: set ALERT_URLS, ALERT_WEBHOOK, ALERT_MAIL or ALERT_COMMAND"),
    ):
        result = ask(*words)
        assert result.returncode == 2, words
        assert sentence in result.stderr
        assert "Traceback" not in result.stderr
