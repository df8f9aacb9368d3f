"""The schedule file: what it may say, and every fault of it at once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from crawler.schedule.file import ScheduleError, read_schedule
from crawler.sites.registry import load

ROOT = Path(__file__).resolve().parents[2]

FAULTY = """\
every = "1d"
[counties]
site = ["青田县", "没有县"]
every = "1d"
speed = 2
arguments = {limit = 0}
[portal]
spider = "cfsn"
cron = "0 6 * *"
time_limit = "two hours"
[pages]
spider = "page"
every = "1d"
[nowhere]
every = "1d"
"""


def read(tmp_path: Path, text: str):
    path = tmp_path / "schedule.toml"
    path.write_text(text, "utf-8")
    return read_schedule(path, load())


def test_all_faults_are_told_at_once_each_with_its_line(tmp_path):
    with pytest.raises(ScheduleError) as raised:
        read(tmp_path, FAULTY)
    told = [(problem.line, problem.place) for problem in raised.value.problems]
    assert told == [
        (1, "every"),
        (3, "counties.site"),
        (5, "counties.speed"),
        (6, "counties.arguments"),
        (7, "portal"),
        (10, "portal.time_limit"),
        (12, "pages.spider"),
        (14, "nowhere.site"),
    ]
    assert "没有县" in str(raised.value)
    assert str(raised.value).count("schedule.toml:") == 8


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "has no entry"), ("[a\n", "is not valid TOML"), ("[\"甲\"]\nevery = '1d'\nsite = 'all'", "letters a to z")],
)
def test_files_that_are_none(tmp_path, text, said):
    with pytest.raises(ScheduleError, match=said):
        read(tmp_path, text)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ScheduleError, match="no such file"):
        read_schedule(tmp_path / "nothing.toml", load())


def test_entries_name_sites_as_everywhere(tmp_path):
    text = '[lishui]\nsite = ["3311", "qingtian"]\nevery = "6h"\narguments = {since = "7d", refresh = true}\n'
    (entry,) = read(tmp_path, text)
    codes = [site.code for site in entry.sites]
    assert "331121" in codes
    assert all(code.startswith("3311") for code in codes)
    assert len(codes) == len(set(codes)) >= 9
    qingtian = next(site for site in entry.sites if site.code == "331121")
    assert entry.arguments_for(qingtian) == {"since": "7d", "refresh": "1", "site": "331121"}
    assert entry.time_limit == timedelta(hours=2)


def test_the_example_is_sound():
    entries = {entry.name: entry for entry in read_schedule(ROOT / "crawler/deploy/schedule.toml", load())}
    assert [site.code for site in entries["portal"].sites] == ["cfsn"]
    assert len(entries["counties"].sites) > 2800


def test_a_byte_order_mark_of_an_editor_is_no_fault(tmp_path):
    path = tmp_path / "schedule.toml"
    path.write_bytes('\ufeff[portal]\nspider = "cfsn"\nevery = "6h"\n'.encode())
    (entry,) = read_schedule(path, load())
    assert (entry.name, entry.spider) == ("portal", "cfsn")
