"""Which texts tell the same story: reprints do, notices of one template don't."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crawler.text.similarity import Story, are_disjoint, compare

TITLE = "西山县突击检查米粉作坊"
BODY = (
    "西山县市场监督管理局近日对全县十二家米粉作坊开展突击检查。\n"
    "执法人员重点查看了原料进货票据、浸泡用水和成品留样，现场快速检测米粉四十二批。\n"
    "该局已责令两家作坊三日内改正，并将在下周组织回头看。局长于向晚表示，米粉是当地人的早餐，不能有半点马虎。\n"
    "据介绍，西山县今年已建成一个共享检测点，作坊主可以免费送检，结果当天张贴在村务公开栏。"
)
LINES = BODY.split("\n")


@pytest.mark.parametrize(
    ("title", "body"),
    [
        ("快讯：西山县突击检查米粉作坊", BODY),
        (TITLE, "\n".join(LINES[:2]) + "……"),
        ("米粉是早餐，不能马虎", "本报讯（记者 白一桥）" + "\n".join(LINES[:3]) + "\n声明：本网转载此文。"),
        (TITLE, "\n".join([LINES[3], LINES[0], LINES[2]])),
        (TITLE, BODY.replace("近日", "日前").replace("表示", "强调").replace("重点查看了", "着重检查了")),
        (TITLE, "发布时间：2026-03-02 浏览次数：318\n" + BODY),
    ],
    ids=["tag", "cut", "new title", "reordered", "synonyms", "page furniture"],
)
def test_reprints(title: str, body: str) -> None:
    similarity = compare(Story.of(TITLE, BODY), Story.of(title, body))
    assert similarity.same, similarity
    assert compare(Story.of(title, body), Story.of(TITLE, BODY)) == similarity


def _sampling(number: int, batches: int, item: str, value: str, shop: str) -> Story:
    return Story.of(
        f"西山县市场监督管理局食品安全抽检通告（2026年第{number}期）",
        f"近期，我局组织抽检粮食加工品、饮料等食品{batches}批次样品，其中不合格样品1批次。根据食品安全国家标准，"
        f"个别项目不合格，其产品即判定为不合格产品。具体情况通告如下：\n"
        f"{shop}销售的{item}，不符合食品安全国家标准规定，检出值为{value}g/kg。\n"
        f"对上述抽检中发现的不合格产品，我局已依法予以查处。特别提醒广大消费者，如在市场上发现被通告的"
        f"不合格食品时，请拨打12315投诉举报电话进行投诉或举报。特此通告。",
    )


def test_notices_of_one_template_are_different() -> None:
    one = _sampling(7, 213, "云岭牌米粉", "0.31", "好邻居超市东门店")
    other = _sampling(9, 186, "早安豆浆", "0.18", "惠民农贸市场方圆摊位")
    similarity = compare(one, other)
    assert similarity.contained > 0.4
    assert not similarity.same
    assert "numbers" in similarity.reason
    assert compare(one, _sampling(7, 213, "云岭牌米粉", "0.31", "好邻居超市东门店")).same


def _appointment(name: str, office: str) -> Story:
    return Story.of(
        f"西山县人民政府关于{name}同志职务任免的通知",
        f"各乡镇人民政府、街道办事处，县政府各部门、各直属单位：\n经县人民政府研究，决定：\n任命{name}为{office}，"
        f"试用期一年。\n以上任职实行试用期制的，试用期满经考核合格后正式任职；不合格的，免去试任职务。\n特此通知。",
    )


def test_appointments_of_different_people_are_different() -> None:
    similarity = compare(_appointment("于向晚", "县水利局副局长"), _appointment("白一桥", "县粮食和物资储备局局长"))
    assert similarity.contained > 0.5
    assert not similarity.same


def test_the_same_ceremony_a_year_later_is_another_story() -> None:
    """Half the sentences return word for word, the others say alike things in other words."""
    same = (
        "仪式由县长主持，各乡镇和县直部门的代表列队肃立，向粮仓旧址敬献稻穗，随后全场默立一分钟，"
        "再按辈分依次绕行粮仓三周，把新米撒在门前的石阶上。"
    )
    one = Story.of(
        "西山县举行开镰仪式",
        f"西山县开镰仪式清晨在老粮仓广场隆重举行。\n{same}\n壮阔的稻田里，金色的稻穗随风起伏，农户们早早来到田边等候。"
        "\n老农白一桥割下第一镰，寄托着全体乡亲对丰收的深切期盼。",
    )
    other = Story.of(
        "西山县举行开镰仪式",
        f"好雨知时，西山县开镰仪式清晨在老粮仓广场热闹开场。\n{same}\n辽阔的稻田里，金黄的稻穗迎风起伏，乡亲们早早赶到田边等候。"
        "\n种粮能手云中月割下第一镰，寄托着全县乡亲对好收成的深情期盼。",
    )
    similarity = compare(one, other)
    assert similarity.contained >= 0.4
    assert not similarity.same
    assert "in other words" in similarity.reason


def test_wording_in_common_under_another_headline_is_not_enough() -> None:
    part = LINES[2] + "\n" + "东河镇的豆腐节昨天开幕，九个村的豆腐坊摆开长桌，请游客品尝老卤点出的豆腐。" * 2
    similarity = compare(Story.of(TITLE, BODY), Story.of("东河镇豆腐节开幕", part))
    assert not similarity.same


def test_nothing_in_common() -> None:
    other = Story.of("豆腐节", "东河镇的豆腐节昨天开幕，九个村的豆腐坊摆开长桌，请游客品尝用老卤点出来的热豆腐和豆花。")
    assert are_disjoint(Story.of(TITLE, BODY), other)
    assert not are_disjoint(Story.of(TITLE, BODY), Story.of(TITLE, LINES[2]))


def test_short_texts_are_like_nothing() -> None:
    assert not compare(Story.of("通知", "请点击附件查看"), Story.of("通知", "请点击附件查看")).same
    assert not compare(Story.of(None, None), Story.of(None, None)).same


def test_months_between_two_likely_versions_make_two_stories() -> None:
    part = "\n".join(LINES[:2]) + "\n东河镇的豆腐节昨天开幕，九个村的豆腐坊摆开长桌，请游客品尝老卤点出的豆腐。"
    spring, week, autumn = (datetime(2026, month, day, tzinfo=UTC) for month, day in ((3, 1), (3, 8), (9, 1)))
    assert compare(Story.of(TITLE, BODY, spring), Story.of(TITLE, part, week)).same
    assert not compare(Story.of(TITLE, BODY, spring), Story.of(TITLE, part, autumn)).same
    assert compare(Story.of(TITLE, BODY, spring), Story.of(TITLE, BODY, autumn)).same
