"""Search, statistics and the Python API over a real store, and the commands end to end."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import signal
import socket
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crawler.errors import QueryError
from crawler.search.plots import chinese_font
from tests.search.conftest import Write, make_article

ROOT = Path(__file__).resolve().parents[2]
STORY = "缙云县市场监督管理局近日抽检米粉四十二批次，其中两批次不合格，涉事作坊“云岭号”已被责令停业整改，产品全部召回。"
OTHER = "青田县举办杨梅节，游客可以品尝米粉和杨梅酒。活动持续三天，主办方提醒游客注意食品安全，文明出行。"


def told(number: int, site: str, title: str, body: str | None, day: int, **fields: Any) -> dict[str, Any]:
    time = datetime(2026, 3, day, 17, tzinfo=UTC)
    return make_article(number, title, body, site, published_at=time, fetched_at=time, **fields)


@pytest.fixture
def store(write: Write, mongo_uri: str, database: str, tmp_path: Path) -> dict[str, str]:
    found = {"score": 0.9, "terms": ["抽检", "不合格", "-杨梅节"]}
    party = {"score": 0.2, "terms": ["食品安全"]}
    write(
        told(1, "331122", "米粉抽检两批次不合格", STORY, 1, section="监管", relevance=found),
        told(2, "cfsn", "缙云抽检米粉", f"本网讯 {STORY}", 2, source="缙云县政府"),
        told(3, "331121", "杨梅节\x1b[2J开幕", OTHER, 31, section="要闻", relevance=party),
        told(4, "331121", "=米粉目录 CODEX 12", None, 20),
    )
    return {"MONGO_URI": mongo_uri, "MONGO_DATABASE": database, "CRAWLER_DATA": str(tmp_path / "data")}


def run(store: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "scrapy", *arguments]
    environment = {**os.environ, **store}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=100)


def test_search_from_python(store: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    from crawler import open_store as open_articles

    with open_articles(store["MONGO_URI"], store["MONGO_DATABASE"], store["CRAWLER_DATA"]) as articles:

        def titles(query: str | None, **filters: Any) -> list[str]:
            return sorted(row["title"][:4] for row in articles.find(query, fields=["title"], **filters))

        assert titles("米粉") == ["=米粉目", "杨梅节\x1b", "米粉抽检", "缙云抽检"]
        assert titles("米粉 抽檢") == ["米粉抽检", "缙云抽检"]
        assert titles('"抽检米粉"') == titles("抽检米粉 -杨梅")
        assert titles("米粉 -抽检") == ["=米粉目", "杨梅节\x1b"]
        assert titles("酒") == titles("杨梅酒") == ["杨梅节\x1b"]
        assert titles("codex") == titles("12") == ["=米粉目"]
        assert titles("code") == titles("品米") == titles("米酒") == []
        assert titles("米粉", since="2026-03-20") == ["=米粉目", "杨梅节\x1b"]
        # 17:00 in London is the next day in Beijing.
        assert titles("米粉", since="2026-03-02", until="2026-03-02") == ["米粉抽检"]
        assert titles("米粉", site="cfsn") == ["缙云抽检"]
        assert titles("米粉", region="丽水市", originals=True) == ["=米粉目", "杨梅节\x1b", "米粉抽检"]
        assert titles(None, region="浙江", section="要闻") == ["杨梅节\x1b"]
        assert titles(None, min_relevance=0.5) == ["米粉抽检"]
        assert titles(None, source="不在") == []
        found = articles.search("米粉 不合格")
        assert (found.matched, found.stories) == (2, 1)
        assert found.hits[0].article["title"] == "米粉抽检两批次不合格"
        assert [row["title"] for row in found.hits[0].reprints] == ["缙云抽检米粉"]
        ranked = [hit.article["title"][:4] for hit in articles.search("米粉").hits]
        assert ranked[-1] == "杨梅节\x1b"
        assert articles.count("米粉") == 4
        assert articles.stats("topic").rows == (("unknown", 2), ("不合格", 1), ("抽检", 1), ("食品安全", 1))
        assert articles.stats("month").rows == (("2026-03", 3), ("2026-04", 1))
        weeks = articles.stats("week").rows
        assert (weeks[0], weeks[-1], len(weeks)) == (("2026-03-02", 2), ("2026-03-30", 1), 5)
        frame = articles.to_pandas("米粉", columns=["title", "published_at", "site_county"])
        assert len(frame) == 4
        assert str(frame["published_at"].dtype).startswith("datetime64")
        assert set(articles.to_arrow("抽检").column("site_name").to_pylist()) == {"缙云县", "中国食品安全网"}

        async def in_a_loop() -> int:
            return articles.count("米粉")

        assert asyncio.run(in_a_loop()) == 4


def test_the_search_command(store: dict[str, str]) -> None:
    table = run(store, "search", "米粉 不合格")
    assert table.stdout.splitlines() == [
        "2026-03-02 01:00  缙云县  米粉抽检两批次不合格",
        f"    …{STORY}…",
        "    http://news1.example.cn/art.html",
        "    + 1 of the same story: 中国食品安全网",
        "2 articles, 1 story.",
    ], table.stderr
    assert "\x1b" not in run(store, "search", "杨梅").stdout
    rows = list(csv.DictReader(io.StringIO(run(store, "search", "目录", "--format", "csv").stdout)))
    assert [row["title"] for row in rows] == ["'=米粉目录 CODEX 12"]
    answer = json.loads(run(store, "search", "米粉", "--format", "json", "--limit", "1").stdout)
    assert (answer["matched"], answer["stories"], len(answer["hits"])) == (4, 3, 1)
    explained = run(store, "search", "米粉", "--since", "2026-03-01", "--explain").stdout
    assert explained.splitlines()[:3] == [
        "An article must fulfil every condition:",
        "  米粉: 4 articles",
        "  --since: 4 articles",
    ]
    assert explained.splitlines()[-1].startswith('  db.articles.find({"$and": [{"$or": [{"title": {"$regex": "米粉"')


def test_empty_and_wrong_questions(store: dict[str, str]) -> None:
    empty = run(store, "search", "米粉", "--since", "2026-05-01")
    assert (empty.returncode, empty.stdout) == (0, "")
    assert empty.stderr == "Nothing matched. Without --since there would be 4.\n"
    missing = run(store, "search", "无此词语 米粉")
    assert missing.stderr == "Nothing matched. Without 无此词语 there would be 4.\n"
    alone = run(store, "search", "无此词语")
    assert alone.stderr == "Nothing matched. No article has 无此词语: leave it out, or write it differently.\n"
    typo = run(store, "search", "米粉", "--limt", "1")
    assert (typo.returncode, typo.stdout) == (2, "")
    assert "--limit" in typo.stderr
    wrong = run(store, "search", '"米粉')
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)
    assert "never closed" in wrong.stderr


def test_a_reader_who_goes_away_is_no_error(store: dict[str, str]) -> None:
    command = f"{sys.executable} -m scrapy search 米粉 --format jsonl | true; exit ${{PIPESTATUS[0]}}"
    environment = {**os.environ, **store}
    done = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("command", ["search", "stats"])
def test_an_interrupt_is_one_line(command: str) -> None:
    # Something that takes the connection and says nothing: the command waits for it.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        environment = {**os.environ, "MONGO_URI": f"mongodb://127.0.0.1:{silent.getsockname()[1]}/"}
        waiting = subprocess.Popen(
            [sys.executable, "-m", "scrapy", command, "米粉"],
            cwd=ROOT,
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        connection, _ = silent.accept()
        with connection:
            waiting.send_signal(signal.SIGINT)
            _, said = waiting.communicate(timeout=100)
    assert (waiting.returncode, said.strip()) == (130, f"scrapy {command}: interrupted.")


def test_the_stats_command(store: dict[str, str]) -> None:
    done = run(store, "stats", "米粉", "--by", "site")
    assert done.returncode == 0, done.stderr
    assert [line.split()[:2] for line in done.stdout.splitlines()[:3]] == [
        ["青田县", "2"],
        ["中国食品安全网", "1"],
        ["缙云县", "1"],
    ]


def test_a_plot(store: dict[str, str], tmp_path: Path) -> None:
    try:
        chinese_font()
    except QueryError:
        pytest.skip("no Chinese font on this machine")
    done = run(store, "stats", "米粉", "--by", "site", "--plot", str(tmp_path / "sites.html"))
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "sites.html").read_text("utf-8")
    assert page.startswith("<!doctype html>")
    assert "<svg" in page
    assert "<script" not in page
    wrong = run(store, "stats", "--plot", str(tmp_path / "sites.gif"))
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)
    assert list(tmp_path.glob("sites*")) == [tmp_path / "sites.html"]
