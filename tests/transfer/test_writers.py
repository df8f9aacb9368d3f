"""What each format makes of the same articles, read back by what analysts read it with."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from lxml import etree

from crawler.errors import TransferError
from crawler.transfer.columns import COLUMNS, choose
from crawler.transfer.export import export
from crawler.transfer.xlsx import Xlsx

SHOWN = ("title", "site_county", "published_at", "published_on", "places", "image_count", "images", "restored_glosses")


@pytest.fixture
def written(articles, tmp_path) -> Callable[..., Path]:
    """Exports the articles to a file of that name with these fields; its path."""

    def write(name: str, *fields: str) -> Path:
        path = tmp_path / name
        done = export(articles, choose(fields or None), path, lambda rows: None)
        assert done.rows == 3
        return path

    return write


def cells(path: Path, sheet: int = 1) -> list[list[tuple[str, Any]]]:
    """The rows of a sheet as (type, text) cells: `inlineStr` a text, `n` a number; then its style."""
    space = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
    with zipfile.ZipFile(path) as book:
        root = etree.fromstring(book.read(f"xl/worksheets/sheet{sheet}.xml"))
    return [
        [(cell.get("t", "n"), "".join(cell.itertext())) for cell in row.iterfind("m:c", space)]
        for row in root.iterfind(".//m:row", space)
    ]


def test_json_lines_keep_lists_and_times_with_their_offset(written):
    first, second, _ = [json.loads(line) for line in written("a.jsonl", *SHOWN).read_text().splitlines()]
    assert first == {
        "title": "我县米粉抽检“一批次”不合格",
        "site_county": "栖霞溪县",
        "published_at": "2026-11-18T00:30:00+08:00",
        "published_on": "2026-11-18",
        "places": ["虚构省", "栖霞溪县"],
        "image_count": 1,
        "images": [{"url": "http://www.qixiaxi.gov.cn/1.jpg", "caption": "检查现场"}],
        "restored_glosses": 4,
    }
    assert second == dict.fromkeys(SHOWN) | {"title": "=HYPERLINK(1)", "places": [], "image_count": 0, "images": []}


def test_csv_opens_in_excel_and_calculates_nothing(written):
    path = written("a.csv", *SHOWN)
    assert path.read_bytes().startswith("\ufefftitle,site_county,published_at,".encode())
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == list(SHOWN)
    assert rows[1] == [
        "我县米粉抽检“一批次”不合格",
        "栖霞溪县",
        "2026-11-18T00:30:00+08:00",
        "2026-11-18",
        "虚构省;栖霞溪县",
        "1",
        '[{"url": "http://www.qixiaxi.gov.cn/1.jpg", "caption": "检查现场"}]',
        "4",
    ]
    assert rows[2] == ["'=HYPERLINK(1)", "", "", "", "", "0", "", ""]
    assert rows[3][0] == "'-5℃冷链"


def test_every_column_goes_through_every_format(written):
    names = [column.name for column in COLUMNS]
    path = written("a.parquet", *names)
    table = pq.read_table(path)
    assert table.column_names == names
    assert all(table.schema.field(name).metadata[b"description"] for name in names)
    with written("a.csv", *names).open(encoding="utf-8-sig", newline="") as file:
        by_csv = list(csv.DictReader(file))
    by_json = [json.loads(line) for line in written("a.jsonl", *names).read_text().splitlines()]
    assert list(by_csv[0]) == list(by_json[0]) == names
    assert table.to_pylist()[0]["provenance"] == by_csv[0]["provenance"] == '{"title": "platform:hanweb"}'
    assert table.to_pylist()[0]["gov_topic"] == by_csv[0]["gov_topic"] == by_json[0]["gov_topic"] == "食品药品监管"
    assert len(cells(written("a.xlsx", *names))[0]) == len(names)


def test_parquet_has_types(written):
    path = written("a.parquet")
    schema = pq.read_schema(path)
    assert schema.field("published_at").type == pa.timestamp("ms", tz="UTC")
    assert schema.field("published_on").type == pa.date32()
    assert schema.field("places").type.value_type == pa.string()
    assert schema.field("revision").type == pa.int64()
    first, second, third = pq.read_table(path).to_pylist()
    assert first["published_at"] == datetime(2026, 11, 17, 16, 30, tzinfo=UTC)
    assert first["tables"] == [{"caption": None, "rows": [["名称", "结论"], ["米粉", "不合格"]]}]
    assert first["also_at"] == ["http://www.qixiaxi.gov.cn/art/9.html"]
    assert first["first_seen_at"].microsecond == 123000
    assert (second["title"], second["published_at"], second["places"]) == ("=HYPERLINK(1)", None, [])
    assert third["body"] == "㐀" * 40_000


def test_pandas_polars_and_duckdb_read_it_in_one_line(written):
    path = str(written("news.parquet"))
    by_pandas = pd.read_parquet(path)
    assert by_pandas["published_at"][0] == pd.Timestamp("2026-11-18 00:30", tz="Asia/Shanghai")
    by_polars = pl.read_parquet(path)
    assert by_polars["places"].to_list() == [["虚构省", "栖霞溪县"], [], []]
    by_duckdb = duckdb.sql(f"select site_county, published_on from '{path}' where list_contains(places, '栖霞溪县')")
    assert by_duckdb.fetchall() == [("栖霞溪县", date(2026, 11, 18))]
    csv_path = str(written("news.csv.gz"))
    assert list(pd.read_csv(csv_path)["site_county"].dropna()) == ["栖霞溪县"]
    assert pl.read_csv(csv_path).columns[0] == "id"
    assert duckdb.sql(f"select count(*) from '{csv_path}' where image_count = 1").fetchall() == [(1,)]
    assert duckdb.sql(f"select id from '{written('news.jsonl.zst')}' order by id").fetchall() == [
        ("a1",),
        ("a2",),
        ("a3",),
    ]


def test_excel_gets_beijing_time_and_texts_that_stay_texts(written):
    header, first, second, third = cells(written("a.xlsx", *SHOWN))
    assert [text for _, text in header] == list(SHOWN)
    assert first[0] == ("inlineStr", "我县米粉抽检“一批次”不合格")
    # 2026-11-18 00:30 as Excel counts: days since 1899-12-30.
    kind, days = first[2]
    assert kind == "n"
    assert float(days) == pytest.approx((date(2026, 11, 18) - date(1899, 12, 30)).days + 0.5 / 24)
    assert second[0] == ("inlineStr", "=HYPERLINK(1)")
    assert third[0] == ("inlineStr", "-5℃冷链")


def test_excel_cuts_a_cell_it_could_not_hold_and_says_so(articles, tmp_path):
    done = export(articles, choose(["body"]), tmp_path / "a.xlsx", lambda rows: None)
    assert done.notes == ("Excel takes 32,767 characters in a cell; longer ones were cut and end in “… [cut]”: 1.",)
    [(_, text)] = cells(tmp_path / "a.xlsx")[-1]
    assert len(text) == 32_767
    assert text.endswith("㐀… [cut]")


def test_a_full_sheet_is_followed_by_another(articles, tmp_path):
    with (tmp_path / "a.xlsx").open("wb") as stream:
        book = Xlsx(stream, choose(["id"]), tmp_path, sheet_rows=3)
        book.write([[article["_id"]] for article in articles])
        book.close()
    assert [[text for _, text in row] for row in cells(tmp_path / "a.xlsx", 1)] == [["id"], ["a1"], ["a2"]]
    assert [[text for _, text in row] for row in cells(tmp_path / "a.xlsx", 2)] == [["id"], ["a3"]]
    assert book.notes == ("The rows are on 2 sheets: Excel takes 3 on one.",)


def test_unknown_fields_are_told():
    with pytest.raises(TransferError, match=r"There is no field titel, \$where; the fields are id, url, "):
        choose(["title", "titel", "$where"])
