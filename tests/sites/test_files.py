"""Broken files: every fault at once, each with its place."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from crawler.sites.registry import HERE, RegistryError, read

HEAD = "code,kind,name,short,aliases,pinyin,province,city,homepage,lists,platform,access,status,edited\n"
SOUND = (
    "980000,province,山南省,山南,,shannan,,,http://www.shannan.example/,,,,listed,\n"
    "980100,city,清水市,清水,,qingshui,山南省,,http://www.qingshui.example/,要闻=http://www.qingshui.example/yw/;动态=http://x.qingshui.example/d.html?a=1,trs,,listed,\n"
    "980121,county,白石县,白石,白石新闻;白石网,baishi,山南省,清水市,http://www.baishi.example/,,hanweb,ua-mobile,detected,\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(HERE / "portal.toml", tmp_path)
    (tmp_path / "overrides").mkdir()
    (tmp_path / "counties.csv").write_text(HEAD + SOUND, "utf-8")
    return tmp_path


def faults(folder: Path) -> list[str]:
    with pytest.raises(RegistryError) as told:
        read(folder)
    return str(told.value).splitlines()


def test_a_sound_file(folder):
    registry = read(folder)
    assert [site.name for site in registry.find("山南")] == ["山南省", "清水市", "白石县"]
    city = registry.get("清水市")
    assert [(section.name, section.url) for section in city.sections] == [
        ("要闻", "http://www.qingshui.example/yw/"),
        ("动态", "http://x.qingshui.example/d.html?a=1"),
    ]
    assert city.domains == ("qingshui.example", "x.qingshui.example")
    assert registry.get("白石网").access == "ua-mobile"


def test_every_broken_row_at_once(folder):
    (folder / "counties.csv").write_text(
        HEAD
        + SOUND
        + "98012,county,丁县,丁县,,dingxian,山南省,清水市,http://www.ding.example/,,,,listed,\n"
        + "980122,town,戊县,戊县,,WuXian,山南省,清水市,www.wu.example,,,,good,\n"
        + "980123,county,己县,己县,,jixian,山南省,清水市,http://www.ji.example/,要闻 http://www.ji.example/,,,listed,\n"
        + "980121,county,庚县,庚县,,gengxian,山南省,清水市,http://www.geng.example/,,,,listed,\n"
        + "980124,county,辛县,辛县,,xinxian,山北省,清水市,http://www.xin.example/,,,,listed,\n"
        + "980125,county,壬县,壬县,,renxian,山南省,浊水市,http://qingshui.example,,,,listed,\n"
        + "980126,county,癸县\n",
        "utf-8",
    )
    assert faults(folder) == [
        "counties.csv:5: code: '98012' must be the six digits of GB/T 2260, or a word for others",
        "counties.csv:6: kind: 'town' must be one of province, city, county, other",
        "counties.csv:6: pinyin: 'WuXian' must be the short name in letters a to z, without tones and spaces",
        "counties.csv:6: homepage: 'www.wu.example' must be a whole web address: http://host/path",
        "counties.csv:6: status: 'good' must be one of verified, detected, listed",
        "counties.csv:7: lists: '要闻 http://www.ji.example/' must be name=http://host/path; several are parted by ;",
        "counties.csv:8: code: 980121 stands in line 4 already",
        "counties.csv:11: has 3 cells instead of 14",
        "counties.csv:9: province: '山北省' has no row of its own",
        "counties.csv:10: city: '浊水市' in 山南省 has no row of its own",
        "counties.csv:10: homepage: http://qingshui.example is the home page of 清水市 (980100) in line 3 already",
    ]


def test_the_child_of_a_broken_row_is_not_blamed(folder):
    (folder / "counties.csv").write_text(HEAD + SOUND.replace("shannan,", "Shannan,"), "utf-8")
    assert [line.partition(": '")[0] for line in faults(folder)] == ["counties.csv:2: pinyin"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"code;name\n", "counties.csv:1: the first line must be code,kind,name,"),
        (b"", "counties.csv:1: the first line must be code,kind,name,"),
        (HEAD.encode() + "980000,province,山南省\n".encode("gb18030"), "counties.csv:2: is not UTF-8; save the file"),
        (HEAD.encode() + b'1,"x\n', "counties.csv:2: has a quotation mark that opens or closes nothing: "),
    ],
)
def test_files_that_are_no_registry(folder, content, told):
    (folder / "counties.csv").write_bytes(content)
    assert faults(folder)[0].startswith(told)


def test_a_file_saved_as_gbk_has_one_fault_and_those_of_its_rows(folder):
    text = HEAD + SOUND + "98012,county,丁县,丁县,,dingxian,山南省,清水市,http://www.ding.example/,,,,listed,\n"
    (folder / "counties.csv").write_text(text, "gb18030")
    assert faults(folder) == [
        "counties.csv:2: is not UTF-8, and neither are 3 more lines; save the file as UTF-8",
        "counties.csv:5: code: '98012' must be the six digits of GB/T 2260, or a word for others",
    ]


def test_a_stray_quote_spoils_its_own_row_alone(folder):
    torn = SOUND.replace(",山南省,山南,", ',"山南省,山南,').replace("baishi.example/,", "baishi.example/x y,")
    (folder / "counties.csv").write_text(HEAD + torn, "utf-8")
    assert [line.partition(": '")[0].partition(" that")[0] for line in faults(folder)] == [
        "counties.csv:2: has a quotation mark",
        "counties.csv:4: homepage",
    ]


def test_the_children_of_a_row_with_a_cell_too_few_are_not_blamed(folder):
    (folder / "counties.csv").write_text(HEAD + SOUND.replace("清水,,qingshui", "清水,qingshui"), "utf-8")
    assert faults(folder) == ["counties.csv:3: has 13 cells instead of 14"]


def test_platforms_are_checked_where_they_are_known(folder):
    (folder / "overrides" / "qingshui.toml").write_text('[980100]\nplatform = "tsr"\n', "utf-8")
    assert len(read(folder)) == 4
    with pytest.raises(RegistryError) as told:
        read(folder, {"trs", "vsb"})
    assert str(told.value).splitlines() == [
        "counties.csv:4: platform: 'hanweb' is unknown; known: trs, vsb",
        "qingshui.toml: 980100.platform: 'tsr' must be one of trs, vsb",
    ]


def test_a_missing_file(folder):
    (folder / "counties.csv").unlink()
    assert faults(folder)[0].startswith("counties.csv: cannot be read: ")


def test_a_spreadsheet_program_may_add_a_byte_order_mark(folder):
    (folder / "counties.csv").write_text(HEAD + SOUND, "utf-8-sig")
    assert len(read(folder)) == 4


def test_an_override_adds_to_its_row(folder):
    (folder / "overrides" / "baishi.toml").write_text(
        """
        [980121]
        platform = "trs"
        aliases = ["白石在线"]
        sections = [{ name = "食品安全", url = "http://www.baishi.example/spaq/" }]
        [[980121.layouts]]
        name = "own"
        url = "/xw/"
        rules = { title = "h2.bt", body = ["div.zw", "#zw"] }
        """,
        "utf-8",
    )
    site = read(folder).get("白石在线")
    assert (site.name, site.platform, site.homepage) == ("白石县", "trs", "http://www.baishi.example/")
    assert [section.name for section in site.sections] == ["食品安全"]
    rules = site.rules_for("http://www.baishi.example/xw/1.html")
    assert rules is not None
    assert (rules.title, rules.body) == (("h2.bt",), ("div.zw", "#zw"))
    assert site.rules_for("http://www.baishi.example/1.html") is None


def test_every_fault_of_a_table_at_once(folder):
    (folder / "overrides" / "bad.toml").write_text(
        """
        loose = 1
        [980121]
        status = "fine"
        sections = [
            { name = "要闻" },
            { name = "动态", url = "/d/" },
            { name = "x", url = "http://x.example/", optional = 1 },
        ]
        [[980121.templates]]
        name = "{n}"
        url = "http://www.baishi.example/{n}/"
        from = { n = "numbers" }
        [[980121.layouts]]
        name = "own"
        url = "(/xw/"
        rules = { titel = "h2" }
        [[980121.layouts]]
        name = "own"
        url = "/xw/"
        rules = { titel = "h2" }
        [elsewhere]
        name = "别处"
        [980100]
        colour = "red"
        """,
        "utf-8",
    )
    (folder / "overrides" / "worse.toml").write_text("[980121\n", "utf-8")
    told = faults(folder)
    assert [line.split(": ")[:2] for line in told] == [
        ["bad.toml", "loose"],
        ["bad.toml", "980121.sections[0]"],
        ["bad.toml", "980121.sections[1].url"],
        ["bad.toml", "980121.sections[2].optional"],
        ["bad.toml", "980121.templates[0]"],
        ["bad.toml", "980121.layouts[0]"],
        ["bad.toml", "980121.layouts[1]"],
        ["bad.toml", "980121.status"],
        ["bad.toml", "elsewhere.kind"],
        ["bad.toml", "elsewhere.homepage"],
        ["bad.toml", "980100"],
        ["worse.toml", "cannot be read"],
    ]
    assert "at line 1" in told[-1]
