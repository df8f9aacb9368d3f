"""StatedCounts stated in prose, and the check of the records against them. All sentences are invented."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from crawler.items import Sample
from crawler.samples.counts import AGREES, DIFFERS, SILENT, check_counts, read_counts

SENTENCES = [
    ("本次共抽检样品67批次，其中合格64批次，不合格3批次。", (67, 64, 3)),
    ("共抽取样品38批次，经检验全部合格。", (38, 38, None)),
    ("共抽检样品100批次，未检出不合格样品。", (100, 100, None)),
    ("本次共抽检餐饮具25组，不合格3组。", (25, None, 3)),
    ("监督抽检120批，不合格3批。", (120, None, 3)),
    ("共抽检食品三十二批次，检出不合格样品一批次。", (32, None, 1)),
    ("抽检二百零五批次，不合格样品两批次。", (205, None, 2)),
    ("本期公布的1,204批次食品中，1,200批次合格，4批次不合格。", (1204, 1200, 4)),
    ("近期，我局对糕点、饮料等6类食品进行抽检，共计88批次，合格率为97.7%，不合格样品2批次。", (88, None, 2)),
    ("抽检粮食加工品10批次、肉制品12批次、糕点8批次，共30批次，均合格。", (30, 30, None)),
    ("抽检粮食加工品10批次、肉制品12批次，检出不合格样品2批次。", (22, None, 2)),
    ("本次抽检不合格样品涉及食用农产品3批次、糕点2批次。", (None, None, 5)),
    (
        "本期公布50批次，其中生产环节20批次，流通环节30批次，检出不合格样品4批次，分别为食用农产品3批次，餐饮食品1批次。",
        (50, None, 4),
    ),
    ("组织抽检100批次，发现3批次样品不合格，不合格率3%。", (100, None, 3)),
    ("抽检结果：合格样品45个批次、不合格样品2个批次", (None, 45, 2)),
    ("2023年第5期通告：第12批次名单如下。", (None, None, None)),
    ("今天召开了食品安全工作会议。", (None, None, None)),
]


@pytest.mark.parametrize(("prose", "counts"), SENTENCES)
def test_counts_in_prose(prose: str, counts: tuple[int | None, ...]) -> None:
    assert read_counts(prose) == counts


def records(failed: int, passed: int = 0, unknown: int = 0) -> list[Sample]:
    verdicts = ["fail"] * failed + ["pass"] * passed + [None] * unknown
    return [Sample("米粉", verdict=verdict) for verdict in verdicts]


@pytest.mark.parametrize(
    ("prose", "read", "result"),
    [
        ("共抽检67批次，其中合格64批次，不合格3批次。", records(3), AGREES),
        ("共抽检67批次，其中合格64批次，不合格3批次。", records(3, 64), AGREES),
        ("共抽检67批次，其中合格64批次，不合格3批次。", records(2), DIFFERS),
        ("共抽检67批次，其中合格64批次，不合格3批次。", records(3, 63), DIFFERS),
        ("共抽检67批次，其中合格64批次，不合格3批次。", [], DIFFERS),
        # The notice contradicts itself.
        ("共抽检67批次，其中合格67批次，不合格3批次。", records(3), DIFFERS),
        ("共抽检67批次，合格64批次。", records(3), AGREES),
        ("共抽检67批次，合格64批次。", records(2), DIFFERS),
        ("共抽检38批次，全部合格。", records(0, 38), AGREES),
        ("共抽检38批次，全部合格。", records(0, 37), DIFFERS),
        ("共抽检38批次，全部合格。", records(1, 37), DIFFERS),
        ("共抽检38批次。", records(2, 36), AGREES),
        ("共抽检38批次。", records(2, 35), DIFFERS),
        ("共抽检38批次。", records(2), SILENT),
        ("共抽检38批次。", records(0, 0, 40), DIFFERS),
        ("召开了会议。", records(2), SILENT),
    ],
)
def test_records_against_the_counts_of_their_notice(prose: str, read: list[Sample], result: str) -> None:
    assert check_counts(read_counts(prose), read) == result


def test_real_sentences() -> None:
    path = Path(__file__).parents[3] / "shared" / "records" / "counts.jsonl"
    if not path.is_file():
        pytest.skip("needs ../shared/records")
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        assert read_counts(row["text"]) == (row["total"], row["passed"], row["failed"]), row["text"]
