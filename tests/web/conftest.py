"""A store with articles made for hostile and friendly readers, and the page on it under a real server on loopback."""

from __future__ import annotations

import asyncio
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from crawler.api import open_store as open_articles
from crawler.items import Article, Attachment, Image, Table
from crawler.parsing.urls import article_id
from crawler.sites.registry import load
from crawler.storage.store import connect, open_store
from crawler.storage.writer import ArticleWriter
from crawler.text.fingerprint import content_hash, fingerprint
from crawler.web.app import WebOptions, create_app
from crawler.web.guard import GuardOptions
from crawler.web.reader import Reader

EVIL = "<script>alert(1)</script>"
STORY = (
    "县市场监管局近日抽检米粉四十二批次，其中两批次亚硝酸盐超标不合格，涉事作坊“云岭号”已被责令停业整改，产品全部召回。"
)
LATER = STORY.replace("四十二批次", "四十五批次") + "整改情况将于月底公布。"
CANTEEN = "全县学校食堂秋季检查情况通报：检查食堂一百零三家，发现问题二十七个，均已整改到位，家长代表参加了检查。"


@dataclass
class Served:
    """A running page: `client` speaks to it, `ids` are those of its articles by name."""

    url: str
    client: httpx.Client
    ids: dict[str, str]
    database: Any


def make_article(number: int, site: str, title: str, body: str, day: int, **fields: Any) -> dict[str, Any]:
    url = f"http://page{number}.example.cn/art_{number}.html"
    publisher = load().get(site).as_publisher()
    article = Article(url, url, publisher, title=title, body=body, **fields)
    article.published_at = datetime(2026, 11, day, 1, 30, tzinfo=UTC)
    article.published_precision = "minute"
    article.fetched_at = datetime(2026, 11, day, 4, tzinfo=UTC)
    article.content_hash, article.fingerprint = content_hash(title, body), fingerprint(title, body)
    return {"_id": article_id(url), **asdict(article)}


async def _fill(uri: str, name: str) -> dict[str, str]:
    store = await open_store(uri, name, None)
    writer = ArticleWriter(store, on_outcome=lambda *told: None)
    rows = {
        "notice": make_article(1, "331122", "米粉抽检两批次不合格", STORY, 3, source="县市场监管局", section="监管"),
        "reprint": make_article(2, "cfsn", "缙云抽检米粉两批次不合格", f"本网讯 {STORY}", 4, source="缙云县政府"),
        "canteen": make_article(3, "331121", "全县学校食堂秋季检查情况通报", CANTEEN, 13),
        "evil": make_article(
            4,
            "331121",
            f"标题{EVIL}",
            f"正文{EVIL}\n第二段",
            15,
            source=f"来源{EVIL}",
            author=f"作者{EVIL}",
            editor=f"编辑{EVIL}",
            section=f"栏目{EVIL}",
            tables=[Table([[f"头{EVIL}", "b"], ["c", "d"]], f"表{EVIL}")],
            images=[Image("javascript:alert(1)", f"图{EVIL}")],
            attachments=[
                Attachment("javascript:alert(2)", f"附件{EVIL}"),
                Attachment("http://a.example.cn/x.pdf", None),
            ],
        ),
    }
    for row in rows.values():
        await writer.add(row)
    await writer.flush()
    changed = make_article(1, "331122", "米粉抽检两批次不合格", LATER, 3, source="县市场监管局", section="监管")
    changed["fetched_at"] = datetime(2026, 11, 5, 4, tzinfo=UTC)
    await writer.add(changed)
    await writer.close()
    now = datetime.now(UTC)
    state = {"_id": "331121", "name": "青田县", "verdict": "broken", "reasons": [f"空列表{EVIL}"], "run_at": now}
    await store.database["sites"].insert_one({**state, "updated_at": now, "since": now - timedelta(days=2)})
    await store.close()
    return {name: row["_id"] for name, row in rows.items()}


@contextmanager
def serving(uri: str, name: str, ids: dict[str, str], data: Path, **guard: Any) -> Iterator[Served]:
    """The page on a database, on a free port of 127.0.0.1."""
    with ExitStack() as stack:
        store = stack.enter_context(open_articles(uri, name))
        database = stack.enter_context(connect(uri, None))[name]
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        options = WebOptions(url, "all", data, GuardOptions(frozenset({"127.0.0.1", "localhost"}), **guard))
        app = create_app(Reader(store, database, 30.0), options)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, timeout_keep_alive=5))
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True)
        thread.start()
        client = stack.enter_context(httpx.Client(base_url=url, timeout=60, trust_env=False))
        try:
            yield Served(url, client, ids, database)
        finally:
            server.should_exit = True
            thread.join(30)


@pytest.fixture(scope="session")
def filled(mongo_uri: str) -> Iterator[tuple[str, str, dict[str, str]]]:
    """(address, database, ids by name) of a store that the tests of this folder only read."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    yield mongo_uri, name, asyncio.run(_fill(mongo_uri, name))
    with connect(mongo_uri, None) as client:
        client.drop_database(name)


@pytest.fixture
def serve(filled: tuple[str, str, dict[str, str]], tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Serve the store with options of the guard."""
    with ExitStack() as stack:
        yield lambda **guard: stack.enter_context(serving(*filled, tmp_path, **guard))


@pytest.fixture
def page(serve: Callable[..., Served]) -> Served:
    """The page as `scrapy serve` runs it by default."""
    return serve()
