from __future__ import annotations

import pytest

from crawler.sites.names import place_pinyin, short_name
from crawler.sites.registry import load


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("青田县", "青田"),
        ("莘县", "莘县"),
        ("津市市", "津市"),
        ("东区", "东区"),
        ("景宁畲族自治县", "景宁"),
        ("双江拉祜族佤族布朗族傣族自治县", "双江"),
        ("龙胜各族自治县", "龙胜"),
        ("东乡族自治县", "东乡"),
        ("克孜勒苏柯尔克孜自治州", "克孜勒苏"),
        ("新疆维吾尔自治区", "新疆"),
        ("内蒙古自治区", "内蒙古"),
        ("香港特别行政区", "香港"),
        ("神农架林区", "神农架"),
        ("新林区", "新林"),
        ("浦东新区", "浦东"),
        ("科尔沁左翼中旗", "科尔沁左翼中旗"),
        ("伊金霍洛旗", "伊金霍洛"),
        ("呼和浩特市", "呼和浩特"),
        ("管城回族区", "管城"),
    ],
)
def test_short_names(name, short):
    assert short_name(name) == short


@pytest.mark.parametrize(
    ("short", "reading"),
    [
        line.split()
        for line in (
            "重庆 chongqing", "六安 luan", "蚌埠 bengbu", "丽水 lishui", "台州 taizhou", "乐清 yueqing",
            "莘县 shenxian", "浚县 xunxian", "洪洞 hongtong", "铅山 yanshan", "涡阳 guoyang", "亳州 bozhou",
            "东阿 donge", "陕西 shaanxi", "成都 chengdu", "宜都 yidu", "长治 changzhi", "长子 zhangzi",
            "朝阳 chaoyang", "什邡 shifang", "佛冈 fogang", "曾都 zengdu", "乐亭 laoting", "乐陵 laoling",
            "吴堡 wubu", "大埔 dabu", "番禺 panyu", "尉犁 yuli", "牟定 mouding", "牟平 muping",
            "繁峙 fanshi", "穆棱 muling", "绥棱 suiling", "珲春 hunchun", "崆峒 kongtong", "红寺堡 hongsibu",
            "泊头 botou", "马尾 mawei", "闵行 minhang", "单县 shanxian", "句容 jurong", "厦门 xiamen",
            "渑池 mianchi", "荥阳 xingyang", "荥经 yingjing", "库尔勒 kuerle", "阿勒泰 aletai", "吕梁 lvliang",
        )
    ],
)  # fmt: skip
def test_readings_that_only_the_place_has(short, reading):
    assert place_pinyin(short) == reading
    assert reading in {site.pinyin for site in load() if site.short == short}


def test_every_row_has_its_short_name_and_reading():
    for site in load():
        if site.kind != "portal":
            assert (site.short, site.pinyin) == (short_name(site.name), place_pinyin(short_name(site.name)))


def test_aliases_mean_one_place_each():
    called: dict[str, set[str]] = {}
    for site in load():
        for alias in site.aliases:
            called.setdefault(alias, set()).add(site.code)
    assert {alias: codes for alias, codes in called.items() if len(codes) > 1} == {}


def test_names_that_several_places_of_one_city_share_do_not_exist():
    # Namesakes can be told apart by the province and the city before the name.
    whole = [(site.province, site.city, site.name) for site in load() if site.kind == "county"]
    assert len(whole) == len(set(whole))
