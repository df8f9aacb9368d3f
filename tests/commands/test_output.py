"""Rows in four formats, and text that is safe on a terminal."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime

import pytest

from crawler.output import FORMATS, format_count, format_time, iso_time, plain, print_rows

ROWS = [
    {"site": "青田县", "new": 1204, "at": datetime(2026, 11, 30, 16, 5, tzinfo=UTC), "names": ["米粉", "豇豆"]},
    {"site": "=\x1b[31mA\u202e", "new": 7, "at": None, "names": []},
]


def printed(form: str, rows=ROWS, **options) -> str:
    out = io.StringIO()
    assert print_rows(rows, form, file=out, **options) == len(rows)
    return out.getvalue()


def test_a_table_lines_up_in_columns_of_the_terminal():
    assert printed("table", headers={"at": "crawled at"}).splitlines() == [
        "site       new  crawled at               names",
        "青田县   1,204  2026-12-01 00:05 +08:00  米粉, 豇豆",
        "=␛[31mA      7  -                        -",
    ]
    assert printed("table", columns=["new"]) == "  new\n1,204\n    7\n"


def test_json_and_json_lines_hold_the_whole_rows():
    expected = [
        {"site": "青田县", "new": 1204, "at": "2026-12-01T00:05:00+08:00", "names": ["米粉", "豇豆"]},
        ROWS[1],
    ]
    assert json.loads(printed("json", columns=["new"])) == expected
    assert [json.loads(line) for line in printed("jsonl").splitlines()] == expected
    assert "\u202e" not in printed("jsonl")
    assert "青田县" in printed("jsonl")


def test_csv_is_safe_in_a_spreadsheet():
    assert list(csv.reader(io.StringIO(printed("csv")))) == [
        ["site", "new", "at", "names"],
        ["青田县", "1204", "2026-12-01T00:05:00+08:00", "米粉 豇豆"],
        ["'=␛[31mA", "7", "", ""],
    ]


@pytest.mark.parametrize("form", FORMATS)
def test_no_rows(form):
    assert printed(form, []) == ("[]\n" if form == "json" else "")


def test_times_are_beijings_and_say_so():
    moment = datetime(2026, 12, 31, 16, 30, 9, tzinfo=UTC)
    assert format_time(moment) == "2027-01-01 00:30 +08:00"
    assert format_time(moment, seconds=True) == "2027-01-01 00:30:09 +08:00"
    assert iso_time(moment) == "2027-01-01T00:30:09+08:00"
    assert (format_time(None), format_time(None, missing="no date"), iso_time(None)) == ("-", "no date", None)


def test_counts_agree_with_their_noun():
    assert format_count(1, "article") == "1 article"
    assert format_count(0, "article") == "0 articles"
    assert format_count(1204, "story", "stories") == "1,204 stories"


def test_plain_shows_what_a_text_would_do():
    assert plain("一\n 二\x00\x7f\x85三\u200f") == "一 二␀␡ 三"
