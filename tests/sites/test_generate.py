"""The generator on a small invented country."""

from __future__ import annotations

import subprocess
import sys

import pytest

from crawler.discovery.generate import generate, update_registry
from crawler.sites.files import COLUMNS
from crawler.sites.registry import HERE
from crawler.sites.site import RegistryError

OFFICIAL = {
    "provinces": {
        "山南省": {
            "code": "980000000000",
            "cities": {
                "清水市": {"code": "980100000000", "counties": {"白石县": "980121000000", "松岗县": "980122000000"}},
                "": {"code": None, "counties": {"云台市": "989001000000"}},
            },
        }
    }
}


def site(name: str, level: str, host: str, **more: object) -> dict[str, object]:
    return {"name": name, "level": level, "url": f"http://www.{host}.gov.example/", "access": "direct", **more}


def news(url: str, text: str, found_by: str = "anchor") -> dict[str, str]:
    return {"url": url, "text": text, "tier": "A", "found_by": found_by}


def rows(
    *counties: dict[str, object],
    present: dict[str, dict[str, str]] | None = None,
    proofs: dict[str, str] | None = None,
) -> dict[str, dict[str, str]]:
    city = site("清水市", "city", "qingshui", children=list(counties))
    yuntai = site("云台市", "city", "yuntai", news_list=news("http://www.yuntai.gov.example/yw/", "云台要闻"))
    sites = {"provinces": [site("山南省", "province", "shannan", children=[city, yuntai])]}
    return {row["code"]: row for row in generate(OFFICIAL, sites, present or {}, proofs or {})}


def test_a_row_says_what_both_inputs_know():
    county = site(
        "白石县", "county", "baishi", access="ua-mobile", platform_guess="hanweb_jcms",
        news_list=news("http://www.baishi.gov.example/col/col12/index.html", "\ue649 今日 白石"),
    )  # fmt: skip
    assert rows(county)["980121"] == {
        "code": "980121", "kind": "county", "name": "白石县", "short": "白石", "aliases": "", "pinyin": "baishi",
        "province": "山南省", "city": "清水市", "homepage": "http://www.baishi.gov.example/",
        "lists": "今日白石=http://www.baishi.gov.example/col/col12/index.html", "platform": "hanweb",
        "access": "ua-mobile", "status": "detected", "edited": "",
    }  # fmt: skip


def test_a_city_that_is_no_prefecture_is_a_county():
    row = rows()["989001"]
    assert (row["kind"], row["city"], row["homepage"]) == ("county", "", "http://www.yuntai.gov.example/")
    assert row["lists"] == "云台要闻=http://www.yuntai.gov.example/yw/"
    assert row["status"] == "listed"


def test_lists_that_are_not_the_governments_own_news_are_left_out():
    own = "http://www.baishi.gov.example/yw/"
    for wrong in (
        news(own, "要闻", found_by="constructed"),
        news("http://www.qingshui.gov.example/yw/", "政务要闻"),
        news(own, "山南要闻"),
        news(own, "清水要闻"),
        news(own, "国务院新闻"),
        news(own, "【工作动态】白石县开展桥梁检查"),
    ):
        assert rows(site("白石县", "county", "baishi", news_list=wrong))["980121"]["lists"] == "", wrong
    right = rows(site("白石县", "county", "baishi", news_list=news(own, "白石要闻")))
    assert right["980121"]["lists"] == f"白石要闻={own}"


def test_what_only_one_input_knows_is_told(capsys):
    found = rows(site("白石县", "county", "baishi"), site("青石县", "county", "qingshi"))
    told = capsys.readouterr().err
    assert "no site is known of 山南省清水市松岗县 (980122)" in told
    assert "no code is known of 山南省清水市青石县" in told
    assert (found["980122"]["homepage"], found["980122"]["status"]) == ("", "listed")


def test_what_a_person_proved_stays():
    before = rows(site("白石县", "county", "baishi"))
    proved = {**before["980121"], "homepage": "http://new.gov.example/", "platform": "trs", "status": "verified"}
    unproved = {**before["989001"], "homepage": "http://wrong.gov.example/"}
    added = {**proved, "code": "baishi-media", "kind": "other"}
    gone = {**proved, "code": "980199"}
    present = {row["code"]: row for row in (proved, unproved, added, gone)}
    after = rows(site("白石县", "county", "baishi"), present=present)
    assert after["980121"] == proved
    assert after["989001"] == before["989001"]
    assert after["baishi-media"] == added
    assert "980199" not in after


def test_what_a_person_wrote_stays_although_nobody_has_proved_it(capsys):
    before = rows(site("白石县", "county", "baishi"))
    written = {
        "homepage": "http://new.gov.example/",
        "lists": "要闻=http://new.gov.example/yw/",
        "edited": "2026-11-27",
    }
    completed = {**before["980121"], "name": "白石区", **written}
    added = {**before["980121"], **written, "code": "980199", "name": "青岩县"}
    present = {row["code"]: row for row in (*before.values(), completed, added)}
    after = rows(site("白石县", "county", "baishi"), present=present)
    assert after["980121"] == {**before["980121"], **written}, "what is official is the ministry's to say"
    assert after["980199"] == added
    assert list(after) == sorted(after)
    assert "no division has the code of 山南省清水市青岩县 (980199); its row, edited 2026-11-27, stays" in (
        capsys.readouterr().err
    )


def test_the_file_is_written_whole_or_not_at_all(tmp_path):
    proofs, file = tmp_path / "proofs.csv", tmp_path / "counties.csv"
    proofs.write_text("code,platform,page\n980121,vsb,saved\n", "utf-8")
    file.write_text(f"{','.join(COLUMNS)}\n", "utf-8")
    official = {"provinces": {"山南省": {"code": "980000000000", "cities": {}}}}
    sites = {"provinces": [site("山南省", "province", "shannan")]}
    with pytest.raises(RegistryError, match=r"counties\.csv:2: province: '黑龙江省' has no row of its own"):
        update_registry(tmp_path, official, sites)
    assert file.read_text("utf-8") == f"{','.join(COLUMNS)}\n"
    file.write_text("code,name\n", "utf-8")
    with pytest.raises(RegistryError, match=r"counties\.csv:1: the first line must be"):
        update_registry(tmp_path, official, sites)


def test_a_file_that_is_no_input_is_told(tmp_path):
    wrong = tmp_path / "list.json"
    wrong.write_text("[]", "utf-8")
    told = subprocess.run(
        [sys.executable, "-m", "crawler.discovery.generate", wrong, wrong],
        capture_output=True, text=True, cwd=HERE.parents[1], check=False,
    )  # fmt: skip
    assert told.returncode == 1
    assert told.stderr == (
        f"generate: nothing is written: {wrong} has no `provinces`; --help says what the inputs are\n"
    )


def test_a_platform_is_earned_by_an_address_of_the_site_itself():
    listed = news("http://www.baishi.gov.example/yw/", "白石要闻")

    def told(policy: str, **more: object) -> tuple[str, str]:
        county = site("白石县", "county", "baishi", news_list=listed, policy_list={"url": policy}, **more)
        row = rows(county)["980121"]
        return row["platform"], row["status"]

    assert told("http://www.baishi.gov.example/public/column/77?type=4") == ("lonsun", "detected")
    assert told("http://www.shannan.gov.example/public/column/77?type=4") == ("", "listed")
    assert told("http://www.baishi.gov.example/gkmlpt/index#12") == ("", "listed")
    assert told("", platform_guess="lonsun_anhui") == ("", "listed")


def test_a_saved_page_proves_a_row():
    row = rows(site("白石县", "county", "baishi"), proofs={"980121": "vsb"})["980121"]
    assert (row["platform"], row["status"]) == ("vsb", "verified")
