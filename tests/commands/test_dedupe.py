"""`scrapy dedupe` as people run it."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT / "../shared"
BODY = (
    "西山县市场监督管理局近日对全县十二家米粉作坊开展突击检查，现场快速检测米粉四十二批。\n"
    "该局已责令两家作坊三日内改正，并将在下周组织回头看。局长于向晚表示，米粉是当地人的早餐，不能有半点马虎。\n"
    "据介绍，西山县今年已建成一个共享检测点，作坊主可以免费送检，结果当天张贴在村务公开栏。"
)
ROWS = [
    {"id": "a", "title": "西山县突击检查米粉作坊", "text": BODY},
    {"id": 7, "title": None, "text": "东河镇的豆腐节昨天开幕，九个村的豆腐坊摆开长桌，请游客品尝老卤点出来的热豆腐。"},
    {
        "id": "c",
        "text": "西山縣市場監督管理局近日對全縣十二家米粉作坊開展突擊檢查，現場快速檢測米粉四十二批。\n"
        "該局已責令兩家作坊三日內改正，並將在下週組織回頭看。局長於向晚表示，米粉是當地人的早餐，不能有半點馬虎。",
    },
]


def dedupe(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "scrapy", "dedupe", *arguments]
    return subprocess.run(command, cwd=ROOT, input=stdin, capture_output=True, check=False, timeout=100)


def lines(rows: list[dict[str, object]]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def test_a_reprint_in_traditional_script_from_any_kind_of_input(tmp_path: Path) -> None:
    expected = [{"id": "a", "cluster": "a"}, {"id": 7, "cluster": 7}, {"id": "c", "cluster": "a"}]
    plain, packed = tmp_path / "rows.jsonl", tmp_path / "rows.jsonl.gz"
    plain.write_bytes(lines(ROWS) + b"\n")
    packed.write_bytes(gzip.compress(lines(ROWS)))
    for result in (dedupe(str(plain)), dedupe(str(packed)), dedupe("-", stdin=lines(ROWS))):
        assert result.returncode == 0, result.stderr
        assert [json.loads(line) for line in result.stdout.splitlines()] == expected
        assert result.stderr.decode() == "3 texts, 3 of them different: 2 stories\n"


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (b"{", "line 4 is not a JSON object"),
        (b"\xff\xfe", "line 4 is not a JSON object"),
        (b"[1]", "line 4 is not a JSON object"),
        (b'{"id": "d"}', "line 4: text must be a string"),
        (b'{"id": null, "text": ""}', "line 4: id must be"),
        (b'{"id": true, "text": ""}', "line 4: id must be"),
        (b'{"id": "d", "title": 3, "text": ""}', "line 4: title must be"),
        (b'{"id": "a", "text": ""}', "line 4: the id 'a'"),
        (b"[" * 100_000, "line 4 is not a JSON object"),
    ],
)
def test_a_bad_row_is_one_sentence(row: bytes, sentence: str) -> None:
    result = dedupe("-", stdin=lines(ROWS) + row + b"\n")
    assert result.returncode == 2
    assert result.stdout == b""
    assert result.stderr.decode().startswith(f"scrapy dedupe: {sentence}")
    assert result.stderr.count(b"\n") == 1


def test_files_that_are_none(tmp_path: Path) -> None:
    damaged = tmp_path / "rows.jsonl.gz"
    damaged.write_bytes(gzip.compress(lines(ROWS))[:60])
    for name in (str(tmp_path / "absent.jsonl"), str(tmp_path), str(damaged)):
        result = dedupe(name)
        assert result.returncode == 2
        assert result.stderr.decode().startswith(f"scrapy dedupe: {name} ")
        assert result.stderr.count(b"\n") == 1


def test_no_rows_and_empty_texts() -> None:
    assert dedupe("-").stdout == b""
    rows = [{"id": number, "title": "", "text": ""} for number in range(3)]
    assert [json.loads(line)["cluster"] for line in dedupe("-", stdin=lines(rows)).stdout.splitlines()] == [0, 1, 2]


def test_labelled_near_duplicates() -> None:
    labelled, score = SHARED / "neardup/open.jsonl.gz", SHARED / "score/score_neardup.py"
    if not labelled.exists():
        pytest.skip("the labelled near-duplicates are not on this machine")
    result = dedupe(str(labelled))
    assert result.returncode == 0, result.stderr
    scored = subprocess.run(
        [sys.executable, str(score), str(labelled), "/dev/stdin"],
        input=result.stdout,
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert float(scored.stdout.decode().split("F1")[1]) >= 0.985
