"""Rows written into a registry file: in their place, whole or not at all."""

import pytest

from crawler.sites.edit import format_row, insert_row, parse_rows, write_row
from crawler.sites.files import COLUMNS
from crawler.sites.registry import HERE
from crawler.sites.site import RegistryError

HEAD = ",".join(COLUMNS) + "\n"
PROVINCE = "330000,province,示江省,示江,,shijiang,,,http://www.sj-demo.gov.cn/,,,,listed,\n"
COUNTY = "331102,county,示县,示县,,shixian,示江省,,http://www.sx-demo.gov.cn/,,,,listed,\n"
WORD = "xjbt,other,示兵团,示兵团,,shibingtuan,示江省,,http://www.bt-demo.gov.cn/,,,,listed,\n"
FILE = HEAD + PROVINCE + COUNTY + WORD


def row(code: str, **cells: str) -> dict[str, str]:
    base = parse_rows(HEAD + COUNTY)["331102"]
    return base | {"code": code, "homepage": f"http://www.n{code}.gov.cn/"} | cells


@pytest.mark.parametrize(
    ("code", "place"),
    [("330100", 2), ("331101", 2), ("331103", 3), ("990000", 3), ("110000", 1), ("abc", 4), ("zzz", 4)],
)
def test_a_new_row_stands_where_the_generator_would_put_it(code, place):
    lines = insert_row(FILE, row(code)).splitlines(keepends=True)
    assert lines[place] == format_row(row(code))
    assert "".join(lines[:place] + lines[place + 1 :]) == FILE


def test_a_row_that_is_there_is_replaced_in_its_place():
    changed = row("331102", platform="trs")
    assert insert_row(FILE, changed) == FILE.replace(COUNTY, format_row(changed))


def test_a_file_without_a_last_line_end_gets_one():
    assert insert_row(FILE.rstrip("\n"), row("zzz")) == FILE + format_row(row("zzz"))


def test_every_row_of_the_registry_is_written_as_it_is():
    text = (HERE / "counties.csv").read_text("utf-8")
    rows = parse_rows(text)
    assert text == HEAD + "".join(format_row(one) for one in rows.values())
    assert insert_row(text, rows["331121"]) == text


def test_put_row_says_the_line_and_keeps_the_rights(tmp_path):
    path = tmp_path / "counties.csv"
    path.write_text(FILE, "utf-8")
    path.chmod(0o640)
    assert write_row(path, row("331103")) == 5 - 1
    assert path.read_text("utf-8").splitlines()[3].startswith("331103,")
    assert path.stat().st_mode & 0o777 == 0o640
    assert [other.name for other in tmp_path.iterdir()] == ["counties.csv"]


@pytest.mark.parametrize(
    ("cells", "fault"),
    [
        ({"homepage": "http://www.sx-demo.gov.cn/"}, "is the home page of 示县 (331102)"),
        ({"province": "无省"}, "has no row of its own"),
        ({"lists": "要闻"}, "must be name=http://host/path"),
        ({"status": "good"}, "must be one of verified"),
    ],
)
def test_a_row_with_a_fault_is_not_written(tmp_path, cells, fault):
    path = tmp_path / "counties.csv"
    path.write_text(FILE, "utf-8")
    with pytest.raises(RegistryError, match=r"counties\.csv:4") as caught:
        write_row(path, row("331103", **cells))
    assert fault in str(caught.value)
    assert path.read_text("utf-8") == FILE
