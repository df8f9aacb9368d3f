"""Each doubt, and its sound neighbours."""

from datetime import UTC, datetime, timedelta

import pytest

from crawler.text.plausibility import (
    MAX_DAYS_APART,
    doubt_date,
    doubt_length,
    doubt_repeated,
    doubt_text,
    doubt_title,
)

TITLE = "虚山县开展校园食堂食品安全专项检查"
BODY = (
    "近日，虚山县市场监管局组织执法人员对全县学校食堂开展食品安全专项检查，重点查看食品原料进货查验、餐具消毒和留样情况。\n"
    "检查中发现个别食堂台账记录不完整，执法人员当场要求整改，并对相关负责人进行了约谈。"
)
NOW = datetime(2026, 6, 17, 4, 0, tzinfo=UTC)


def kind(doubt):
    return doubt and doubt.kind


@pytest.mark.parametrize(
    ("title", "body", "listed", "expected"),
    [
        (TITLE, BODY, TITLE, None),
        (TITLE, BODY, "虚山县开展校园食堂食品…", None),
        (TITLE, BODY, "【图文】虚山县：校园食堂食品安全检查开展", None),
        (TITLE, BODY, "详细", None),
        (TITLE, BODY, None, None),
        ("虚山县人民政府门户网站", BODY, TITLE, None),
        ("政务公开信息发布平台", BODY, TITLE, "title_differs"),
        ("系统维护公告", "尊敬的用户，本网站正在升级，请稍后访问。", TITLE, "other_page"),
        ("您访问的页面不存在", "三秒后返回首页", "国务院印发通知", "other_page"),
        ("娱乐城注册送彩金", "食品安全娱乐城欢迎您", "手机彩票平台开户", "other_page"),
    ],
)
def test_title_against_the_title_of_the_list(title, body, listed, expected):
    assert kind(doubt_title(title, body, listed)) == expected


def test_date_against_the_date_of_the_list():
    day = timedelta(days=1)
    assert doubt_date(NOW - day, NOW - day, NOW) is None
    assert doubt_date(NOW, NOW, NOW) is None
    assert doubt_date(None, NOW, NOW) is None
    assert doubt_date(NOW - 3 * day, NOW - 9 * day, NOW) is None
    assert kind(doubt_date(NOW, NOW - day, NOW)) == "dated_today"
    far = doubt_date(NOW - (MAX_DAYS_APART + 9) * day, NOW - 8 * day, NOW)
    assert (kind(far), far.evidence) == ("date_differs", "dated 2026-04-09, in the list 2026-06-09")
    # 23:30 in China is the day before in UTC.
    late = datetime(2026, 6, 16, 15, 30, tzinfo=UTC)
    assert doubt_date(late, late + timedelta(hours=0.4), NOW) is None


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (BODY, None),
        (None, None),
        ("见附件", None),
        ("张三 李四 王五\n赵六 钱七 孙八", None),
        (BODY.encode().decode("gbk", "replace"), "mojibake"),
        (BODY.encode("gb18030").decode("big5", "replace"), "mojibake"),
        (BODY.encode().decode("latin-1"), "mojibake"),
        (BODY.encode().decode("cp1252", "replace"), "mojibake"),
        ("热门推荐\n友情链接\n公开电话 0000\n网站地图", "only_furniture"),
        ("一、举报电话\n二、投诉举报办法由县局制定。", None),
        ("虚山县开展食品安全检查……\n登录后查看全文", "teaser"),
        ("虚山县开展食品安全检查……\n扫码阅读完整内容", "teaser"),
        (f"群众登录平台后可查看全文。{BODY}", None),
    ],
)
def test_the_text_itself(body, expected):
    assert kind(doubt_text(body)) == expected


def test_length_against_the_usual_one():
    assert kind(doubt_length("甲" * 60, 400, has_more=False)) == "short"
    assert doubt_length("甲" * 60, 400, has_more=True) is None
    assert doubt_length("甲" * 60, 200, has_more=False) is None
    assert doubt_length("甲" * 60, None, has_more=False) is None
    assert doubt_length("甲" * 200, 4000, has_more=False) is None


def test_one_text_under_two_titles():
    assert doubt_repeated(TITLE, [f"《{TITLE}》"]) is None
    assert kind(doubt_repeated(TITLE, ["另一篇报道的标题"])) == "repeated_text"
