"""Three invented articles: one with everything, one with as little as an article can have, one that Excel would choke
on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

SEEN = datetime(2026, 11, 18, 2, 0, 5, 123000, tzinfo=UTC)
HISTORY = {"revision": 1, "first_seen_at": SEEN, "last_seen_at": SEEN, "changed_at": SEEN}


@pytest.fixture
def articles() -> list[dict[str, Any]]:
    full = {
        "_id": "a1",
        "url": "http://www.qixiaxi.gov.cn/art/1.html",
        "site": {
            "code": "339901",
            "name": "栖霞溪县",
            "kind": "county",
            "province": "虚构省",
            "city": "云岭市",
            "county": "栖霞溪县",
            "gb_code": "339901",
        },
        "section": "要闻",
        "title": "我县米粉抽检“一批次”不合格",
        "published_at": datetime(2026, 11, 17, 16, 30, tzinfo=UTC),
        "published_precision": "minute",
        "source": "县市场监管局",
        "body": "第一段，含逗号。\n第二段说“合格”。",
        "relevance": {"score": 0.93, "terms": ["米粉", "抽检", "不合格"]},
        "places": ["虚构省", "栖霞溪县"],
        "place_codes": ["330000", "339901"],
        "images": [{"url": "http://www.qixiaxi.gov.cn/1.jpg", "caption": "检查现场"}],
        "attachments": [{"url": "http://www.qixiaxi.gov.cn/1.xls", "name": "不合格名单.xls"}],
        "tables": [{"caption": None, "rows": [["名称", "结论"], ["米粉", "不合格"]]}],
        "gov_index": {"index_number": "QXX-2026-7", "topic": "食品药品监管"},
        "restored": {"glosses": 4, "gbk_repairs": 1, "converted": 9, "doubtful": 0},
        "provenance": {"title": "platform:hanweb"},
        "confidence": 0.5,
        "cluster": "a1",
        "original": None,
        "also_at": [{"_id": "z", "url": "http://www.qixiaxi.gov.cn/art/9.html"}],
        "platform": "hanweb",
        **HISTORY,
    }
    # As version 1 of the schema stored it, of a site that isn't in the registry.
    little = {"_id": "a2", "url": "http://other.example/2", "site": None, "title": "=HYPERLINK(1)", **HISTORY}
    long = {"_id": "a3", "url": "http://other.example/3", "title": "-5℃冷链", "body": "㐀" * 40_000, **HISTORY}
    return [full, little, long]
