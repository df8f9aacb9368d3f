from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from rich.cells import cell_len

from crawler.sites.registry import HERE

ROOT = Path(__file__).resolve().parents[2]


def scrapy(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scrapy", "sites", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def codes(*arguments: str) -> list[str]:
    told = scrapy(*arguments)
    assert told.returncode == 0, told.stderr
    return [line.split()[0] for line in told.stdout.splitlines()[1:]]


@pytest.mark.parametrize("query", ["青田", "qingtian", "331121", "www.qingtian.gov.cn"])
def test_search(query):
    told = scrapy(query)
    heading, row = told.stdout.splitlines()
    assert heading.split() == ["code", "name", "region", "platform", "status"]
    assert row.split() == ["331121", "青田县", "浙江", "丽水", "hanweb", "detected"]
    assert (told.stderr, told.returncode) == ("1 site: 1 detected\n", 0)


def test_a_shared_name_lists_all_who_have_it():
    assert codes("城关区") == ["540102", "620102"]


def test_filters_narrow_the_list():
    assert codes("丽水", "--kind", "city") == ["331100"]
    assert "331122" in codes("--province", "浙江", "--status", "listed")
    assert set(codes("--province", "zhejiang", "--platform", "hanweb", "--kind", "city")) >= {"330100", "331100"}


def test_the_whole_list_fits_eighty_columns():
    told = scrapy()
    lines = told.stdout.splitlines()
    assert len(lines) == 1 + 3220
    assert max(map(cell_len, lines)) <= 80
    assert told.stderr.startswith("3,220 sites: ")


def test_json():
    (site,) = json.loads(scrapy("青田县", "--json").stdout)
    assert (site["code"], site["homepage"]) == ("331121", "http://www.qingtian.gov.cn/")
    assert site["sections"][0]["url"] == "http://www.qingtian.gov.cn/col/col1229365841/index.html"


def test_show():
    lines = scrapy("show", "青田").stdout.splitlines()
    assert "name       青田县" in lines
    assert "aliases    青田县政府、青田县人民政府、青田发布" in lines
    assert "  要闻  http://www.qingtian.gov.cn/col/col1229365841/index.html" in lines
    portal = scrapy("show", "cfsn").stdout
    assert "sections   710" in portal
    assert portal.endswith("  and 690 more; --json prints all\n")


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (["qingtien"], 1, "did you mean 浙江省丽水市青田县 (331121)"),
        (["show", "城关区"], 1, "甘肃省兰州市城关区 (620102)"),
        (["--province", "丽水"], 1, "丽水市 is not a province"),
        (["show"], 2, "name one site"),
        (["青田", "缙云"], 2, "one query at a time"),
        (["check", "here", "there"], 2, "check takes one folder"),
        (["--kind", "village"], 2, "invalid choice"),
        (["--platform", "wordpress"], 1, "no site of the registry uses a platform 'wordpress'; they use eportal, "),
    ],
)
def test_wrong_use_is_one_sentence(arguments, status, told):
    answer = scrapy(*arguments)
    assert answer.returncode == status
    assert told in answer.stdout + answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_reader_that_leaves_is_no_fault():
    told = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {sys.executable} -m scrapy sites --json | head -1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (told.stdout, told.stderr, told.returncode) == ("[\n", "", 0)


def test_check_of_the_registry_in_use():
    told = scrapy("check")
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.startswith("The registry is valid: 3220 sites (1 portal, 34 province, 333 city, 2851 county")


def test_check_tells_every_fault_of_a_file(tmp_path):
    folder = tmp_path / "sites"
    shutil.copytree(HERE, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    table = folder / "counties.csv"
    text = table.read_text("utf-8")
    table.write_text(
        text.replace("331121,county,青田县", "33112,county,青田县").replace(",jinyun,", ",Jinyun,"), "utf-8"
    )
    told = scrapy("check", str(folder))
    assert told.returncode == 1
    lines = told.stderr.splitlines()
    assert [line.rpartition("counties.csv:")[2].partition(": '")[0].split(": ")[1] for line in lines[:2]] == [
        "code",
        "pinyin",
    ]
    assert "Traceback" not in told.stderr


def test_check_knows_the_platforms(tmp_path):
    folder = tmp_path / "sites"
    shutil.copytree(HERE, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    table = folder / "counties.csv"
    table.write_text(table.read_text("utf-8").replace(",hanweb,,detected", ",hanwed,,detected", 1), "utf-8")
    told = scrapy("check", str(folder))
    assert told.returncode == 1
    assert re.fullmatch(
        r"scrapy sites: counties\.csv:\d+: platform: 'hanwed' is unknown; known: dedecms, .*\n", told.stderr
    )
