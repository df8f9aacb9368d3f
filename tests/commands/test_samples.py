"""`scrapy samples read`: JSON lines, exit status, one line for what can't be read. All texts are invented."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

PAGE = (
    "<html><body><p>本次共抽检5批次，不合格1批次。</p><p>不合格产品信息</p><table>"
    "<tr><td>食品名称</td><td>被抽样单位名称</td><td>生产日期</td><td>不合格项目║检验结果║标准值</td></tr>"
    "<tr><td>米粉</td><td>云州市甲超市</td><td>2023-01-02</td><td>铅║0.9mg/kg║≤0.5mg/kg</td></tr></table></body></html>"
)


def scrapy(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scrapy", "samples", *args], capture_output=True, text=True, check=False
    )


def test_the_samples_of_a_page_with_the_check_of_its_counts(tmp_path: Path) -> None:
    path = tmp_path / "通告.html"
    path.write_text(PAGE, "utf-8")
    done = scrapy("read", str(path), "--cells")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {
        "file": str(path),
        "table": "通告",
        "row": 0,
        "product": "米粉",
        "sampled_unit": "云州市甲超市",
        "date": "2023-01-02",
        "date_text": "2023-01-02",
        "verdict": "fail",
        "items": [
            {
                "name": "铅",
                "result": "0.9mg/kg",
                "value": 0.9,
                "unit": "mg/kg",
                "limit": "≤0.5mg/kg",
                "operator": "≤",
                "limit_value": 0.5,
            }
        ],
        "table_number": 0,
        "table_row": 1,
        "cells": {
            "食品名称": "米粉",
            "被抽样单位名称": "云州市甲超市",
            "生产日期": "2023-01-02",
            "不合格项目║检验结果║标准值": "铅║0.9mg/kg║≤0.5mg/kg",
        },
        "check": "agrees",
    }


def test_a_folder_is_read_to_its_end_though_a_file_in_it_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.4 nothing")
    (tmp_path / "b.html").write_text(PAGE.replace("5批次，不合格1批次", "5批次，不合格2批次"), "utf-8")
    (tmp_path / "c.html").write_text("<p>今天召开会议。</p>", "utf-8")
    done = scrapy("read", str(tmp_path))
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(row["table"], row.get("reason"), row.get("check")) for row in rows] == [
        ("a", "broken", None),
        ("b", None, "differs"),
        ("c", "no_table", None),
    ]
    assert done.returncode == 1
    assert done.stderr.startswith(f"scrapy samples: {tmp_path}/a.pdf: ")
    assert len(done.stderr.splitlines()) == 1


def test_wrong_use_is_one_line(tmp_path: Path) -> None:
    for args in ((), ("read",), ("write", "a.xlsx"), ("read", str(tmp_path / "none.xlsx"))):
        done = scrapy(*args)
        assert (done.returncode, done.stdout) == (2, "")
        assert "Traceback" not in done.stderr
