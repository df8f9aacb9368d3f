"""The places a text names, each line as a person reads it."""

import pytest

from crawler.sites.places import find_places, place_finder
from crawler.sites.registry import load


def publisher(name: str) -> dict:
    return load().get(name).as_publisher()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("青田县召开会议", ["青田县"]),
        ("浙江丽水青田县海口镇举行比武", ["浙江省", "丽水市", "青田县"]),
        ("丽水青田的杨梅", ["丽水市", "青田县"]),
        ("青田市场监管局查处一起案件", ["青田县"]),
        ("杭州、宁波、温州等地", ["杭州市", "宁波市", "温州市"]),
        ("景宁县与延边州", ["景宁畲族自治县", "延边朝鲜族自治州"]),
        ("吉林省吉林市昌邑区", ["吉林省", "吉林市", "昌邑区"]),
        ("标称山东省临沂市平邑县某厂生产", ["山东省", "临沂市", "平邑县"]),
        ("河南省范县", ["河南省", "范县"]),
        ("呼和浩特市新城区", ["呼和浩特市", "新城区"]),
        ("仙桃市抽检", ["仙桃市"]),
    ],
)
def test_named(text, names):
    assert place_finder().find(text).names == names


@pytest.mark.parametrize(
    "text",
    [
        "青田石雕展出",  # a short name of a county without evidence
        "国家级示范县创建、现代县域经济、规范县级平台",
        "建设新城区，改造老城区，全市城区和郊区",
        "社会长治久安，平安建设，公安部门，合作社，新建项目，来宾须知",
        "沙县小吃、兰州拉面、普洱茶、上海路、南京东路、浙江大学",
        "北京时间8时，三明治和大理石",
        "鼓楼区市场监管局抽检",  # four cities have one
        "传达周和平县长讲话精神",
        "市教育局会同县市场监管局",
        "",
    ],
)
def test_not_named(text):
    assert place_finder().find(text).names == []


def test_of_places_with_one_name_the_one_is_meant_that_its_surroundings_tell():
    assert place_finder().find("南京市鼓楼区和福州市鼓楼区").codes == [
        "320000", "320100", "320106", "350000", "350100", "350102",
    ]  # fmt: skip
    assert place_finder().find("鼓楼区市场监管局", publisher("徐州市")).codes == ["320000", "320300", "320302"]
    assert place_finder().find("徐州市通报：鼓楼区一超市被查").codes == ["320000", "320300", "320302"]
    assert place_finder().find("朝阳区通报", publisher("北京市")).codes == ["110000", "110105"]


def test_the_publisher_s_own_city_is_evidence_for_short_names_that_are_no_words():
    named = find_places("到缙云、云和考察", "学习缙云经验", publisher("青田县"))
    assert named.names == ["缙云县"]
    assert named.codes == ["330000", "331100", "331122"]
    assert find_places("到缙云考察", None, publisher("开封市")).names == []


def test_codes_hold_those_of_province_and_city():
    assert place_finder().find("青田县").codes == ["330000", "331100", "331121"]
    assert place_finder().find("仙桃市").codes == ["420000", "429004"]
    assert place_finder().find("浙江省").codes == ["330000"]


def test_a_lone_surrogate_changes_nothing():
    assert place_finder().find("\ud800青田县").names == ["青田县"]
