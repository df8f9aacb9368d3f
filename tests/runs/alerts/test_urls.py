"""ALERT_URLS: what Apprise sends arrives; what the service refuses is reported without its secrets."""

import json

import pytest

from crawler.runs.alert_channels import AlertError, BadChannel, Webhook, read_channels
from crawler.runs.alert_message import Message

MESSAGE = Message("Food-safety crawler: 1 broken", ("青田县 331121: ok → broken",), ({"site": "331121"},))


@pytest.fixture
def service(robot):
    """A loopback service and its URL in the form of Apprise, with a secret."""
    pytest.importorskip("apprise", reason="the extra `alerts` (Apprise) is not installed")
    started = robot()
    host = started.url.partition("://")[2].partition("/")[0]
    return started, f"json://user:TOP-SECRET@{host}/hook"


def test_apprise_delivers_title_and_lines(service):
    started, url = service
    (channel,) = read_channels({"ALERT_URLS": url})
    channel.send(MESSAGE)
    body = json.loads(started.posts[0][2])
    assert (body["title"], body["message"]) == (MESSAGE.title, MESSAGE.lines[0])
    assert channel.target == "JSON (json)"
    assert "TOP-SECRET" not in repr(channel) + channel.name


@pytest.mark.parametrize(("status", "permanent"), [(404, True), (429, False), (503, False), (302, True)])
def test_what_a_service_of_apprise_refuses(service, status, permanent, caplog):
    started, url = service
    started.answers = [(status, b"")]
    (channel,) = read_channels({"ALERT_URLS": url})
    with pytest.raises(AlertError, match=rf"^JSON \(json\) answers {status}$") as refused:
        channel.send(MESSAGE)
    assert refused.value.permanent is permanent
    assert len(started.posts) == 1
    assert "TOP-SECRET" not in caplog.text


def test_a_url_keeps_its_name_in_the_outbox(service):
    _, url = service
    first, second = read_channels({"ALERT_URLS": f"{url}/a\n{url}/b"})
    assert first.name != second.name
    assert [channel.name for channel in read_channels({"ALERT_URLS": f"{url}/b {url}/a"})] == [second.name, first.name]


def test_services_whose_answer_has_to_be_read_are_our_own_webhooks():
    urls = "dingtalk://SECsign@AbC123/ wecombot://KEY-1/ feishu://tok1 lark://tok2/"
    assert [
        (each.url, each.format, each.secret)
        for each in read_channels({"ALERT_URLS": urls})
        if isinstance(each, Webhook)
    ] == [
        ("https://oapi.dingtalk.com/robot/send?access_token=AbC123", "dingtalk", "SECsign"),
        ("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=KEY-1", "wecom", None),
        ("https://open.feishu.cn/open-apis/bot/v2/hook/tok1", "feishu", None),
        ("https://open.larksuite.com/open-apis/bot/v2/hook/tok2", "feishu", None),
    ]


@pytest.mark.parametrize("url", ["nowhere://TOP-SECRET", "TOP-SECRET", "slack://", "dingtalk://"])
def test_a_wrong_url_is_named_by_its_number(url):
    pytest.importorskip("apprise", reason="the extra `alerts` (Apprise) is not installed")
    with pytest.raises(BadChannel, match="ALERT_URLS, URL 2") as wrong:
        read_channels({"ALERT_URLS": f"wecombot://key {url}"})
    assert "TOP-SECRET" not in str(wrong.value)
