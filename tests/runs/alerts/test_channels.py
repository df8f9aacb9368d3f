"""Messages over the wire, to servers that check them as the real services do."""

import base64
import hashlib
import hmac
import json
import socket
import sys
import time
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

from crawler.runs.alert_channels import (
    AlertError,
    BadChannel,
    CommandChannel,
    Mail,
    Webhook,
    find_old_names,
    read_channels,
)
from crawler.runs.alert_message import Message, build_message, read_change

MESSAGE = Message("Food-safety crawler: 1 broken", ("青田县 331121: ok → broken",), ({"site": "331121"},))
SECRET = "SEC0123456789"


def hmac_sha256(key: str, text: bytes) -> bytes:
    return hmac.new(key.encode(), text, hashlib.sha256).digest()


def test_dingtalk(robot):
    service = robot()
    Webhook(service.url, "dingtalk", SECRET).send(MESSAGE)
    ((path, headers, body),) = service.posts
    query = parse_qs(urlsplit(path).query)
    (stamp,) = query["timestamp"]
    assert abs(time.time() * 1000 - int(stamp)) < 60_000
    assert query["access_token"] == ["TOP-SECRET"]
    assert base64.b64decode(query["sign"][0]) == hmac_sha256(SECRET, f"{stamp}\n{SECRET}".encode())
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert json.loads(body) == {"msgtype": "text", "text": {"content": MESSAGE.text()}}


def test_feishu(robot):
    service = robot()
    Webhook(service.url, "feishu", SECRET).send(MESSAGE)
    told = json.loads(service.posts[0][2])
    assert abs(time.time() - int(told["timestamp"])) < 60
    assert base64.b64decode(told["sign"]) == hmac_sha256(f"{told['timestamp']}\n{SECRET}", b"")
    assert (told["msg_type"], told["content"]) == ("text", {"text": MESSAGE.text()})


def test_wecom_takes_two_kilobytes(robot):
    service = robot()
    many = Message(MESSAGE.title, tuple(f"第{n}县 {n:06}: ok → broken" for n in range(2824)))
    Webhook(service.url, "wecom").send(many)
    told = json.loads(service.posts[0][2])["text"]["content"]
    assert len(told.encode()) <= 2048
    lines = told.split("\n")
    assert lines[1] == "第0县 000000: ok → broken"
    assert lines[-1] == f"… and {2824 - (len(lines) - 2)} more: scrapy health --failing"


def test_generic_json_is_signed(robot):
    service = robot()
    Webhook(service.url, "json", SECRET).send(MESSAGE)
    _, headers, body = service.posts[0]
    assert headers["X-Signature-256"] == "sha256=" + hmac_sha256(SECRET, body).hex()
    told = json.loads(body)
    assert (told["title"], told["changes"]) == (MESSAGE.title, [{"site": "331121"}])


@pytest.mark.parametrize(
    ("answer", "sentence", "permanent"),
    [
        ((200, b'{"errcode": 310000, "errmsg": "sign not match"}'), "localhost (dingtalk) refuses the message", False),
        ((500, b""), "localhost (dingtalk) answers 500", False),
        ((429, b""), "localhost (dingtalk) answers 429", False),
        ((404, b""), "localhost (dingtalk) answers 404", True),
        ((302, b""), "localhost (dingtalk) answers 302", True),
    ],
)
def test_what_a_service_refuses_is_told_without_its_secret(answer, sentence, permanent, robot):
    service = robot()
    service.answers.append(answer)
    with pytest.raises(AlertError) as told:
        Webhook(service.url, "dingtalk", SECRET).send(MESSAGE)
    assert sentence in str(told.value)
    assert told.value.permanent is permanent
    assert SECRET not in str(told.value)
    assert "TOP-SECRET" not in str(told.value)


def test_an_unknown_certificate_is_not_trusted(robot, tls, certificate, monkeypatch):
    service = robot(tls)
    with pytest.raises(AlertError, match="certificate is not trusted"):
        Webhook(service.url, "json").send(MESSAGE)
    assert service.posts == []
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    Webhook(service.url, "json").send(MESSAGE)
    assert len(service.posts) == 1


class Inbox:
    def __init__(self):
        self.mails = []

    async def handle_DATA(self, server, session, envelope):
        self.mails.append((envelope.rcpt_tos, session.ssl is not None, session.authenticated, envelope.content))
        return "250 OK"


@pytest.fixture
def mail_server(tls):
    def check(server, session, envelope, mechanism, data):
        return AuthResult(success=(data.login, data.password) == (b"crawler", b"pass:word"), handled=False)

    class WithTls(Controller):
        def factory(self):
            context = tls if self.offered else None
            return SMTP(
                self.handler, tls_context=context, authenticator=check, auth_required=self.offered, hostname="mail.test"
            )

    started = []

    def start(*, offered=True):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        server = WithTls(Inbox(), hostname="127.0.0.1", port=port)
        server.offered = offered
        server.start()
        started.append(server)
        return server.handler, port

    yield start
    for server in started:
        server.stop(no_assert=True)


def test_mail(mail_server, certificate, monkeypatch):
    inbox, port = mail_server()
    environment = {
        "ALERT_MAIL": f"smtp://crawler:pass%3Aword@localhost:{port}",
        "ALERT_MAIL_TO": "a@example.cn, b@example.cn",
        "ALERT_MAIL_FROM": "crawler@example.cn",
    }
    (mail,) = read_channels(environment)
    with pytest.raises(AlertError, match="certificate is not trusted"):
        mail.send(MESSAGE)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    mail.send(MESSAGE)
    ((to, encrypted, authenticated, content),) = inbox.mails
    assert (to, encrypted, authenticated) == (["a@example.cn", "b@example.cn"], True, True)
    assert b"Subject: Food-safety crawler: 1 broken" in content
    wrong = Mail("localhost", port, False, "c@example.cn", ("a@example.cn",), "crawler", "guess")
    with pytest.raises(AlertError, match="localhost answers 535") as told:
        wrong.send(MESSAGE)
    assert "guess" not in str(told.value)


def test_no_password_goes_out_in_the_clear(mail_server):
    inbox, port = mail_server(offered=False)
    with pytest.raises(AlertError, match="offers no TLS"):
        Mail("localhost", port, False, "c@example.cn", ("a@example.cn",), "crawler", "pass:word").send(MESSAGE)
    Mail("localhost", port, False, "c@example.cn", ("a@example.cn",)).send(MESSAGE)
    assert len(inbox.mails) == 1


def test_a_command_reads_the_message(tmp_path, monkeypatch):
    secrets = ("ALERT_WEBHOOK_SECRET", "MONGO_URI", "CRAWLER_WORKER_CONFIG")
    for name in secrets:
        monkeypatch.setenv(name, SECRET)
    out = tmp_path / "told.json"
    write = "open(sys.argv[1], 'w').write(sys.stdin.read() + str(os.environ.keys() & set(sys.argv[2:])))"
    CommandChannel((sys.executable, "-c", f"import os, sys; {write}", str(out), *secrets)).send(MESSAGE)
    told = out.read_text()
    assert told.endswith("set()")
    assert json.loads(told.removesuffix("set()"))["text"] == MESSAGE.text()
    with pytest.raises(AlertError, match="ended with status 3"):
        CommandChannel((sys.executable, "-c", "raise SystemExit(3)")).send(MESSAGE)
    with pytest.raises(AlertError, match="can't be started"):
        CommandChannel(("/nowhere/at-all",)).send(MESSAGE)


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"ALERT_WEBHOOK": "oapi.dingtalk.com/TOP-SECRET"}, "ALERT_WEBHOOK is not a URL"),
        ({"ALERT_WEBHOOK": "https://a/TOP-SECRET", "ALERT_WEBHOOK_FORMAT": "slack"}, "json, dingtalk, wecom, feishu"),
        ({"ALERT_MAIL": "smtp://u:TOP-SECRET@h:port"}, "ALERT_MAIL is not a mail server"),
        ({"ALERT_MAIL": "smtp://u:TOP-SECRET@h:25"}, "ALERT_MAIL_TO is not set"),
        ({"ALERT_COMMAND": "say 'TOP-SECRET"}, "check its quotes"),
    ],
)
def test_a_wrong_variable_is_told_without_its_value(environment, sentence):
    with pytest.raises(BadChannel) as told:
        read_channels(environment)
    assert sentence in str(told.value)
    assert "TOP-SECRET" not in str(told.value)


def test_formats_follow_the_host():
    for host, form in (("oapi.dingtalk.com", "dingtalk"), ("qyapi.weixin.qq.com", "wecom"), ("a.example", "json")):
        (webhook,) = read_channels({"ALERT_WEBHOOK": f"https://{host}/x?key=TOP-SECRET"})
        assert webhook.target == f"{host} ({form})"
    assert read_channels({}) == []


def state(code, verdict, *reasons, **more):
    times = {"since": datetime(2026, 3, 1, tzinfo=UTC), "ok_at": None, "run_at": datetime(2026, 3, 2, tzinfo=UTC)}
    row = {"_id": code, "name": f"{code}县", "verdict": verdict, "reasons": list(reasons), "run": "r1", "page": None}
    return {**row, **times, **more}


def test_only_a_change_is_told():
    assert read_change({}, state("1", "ok"), "county") is None
    assert read_change(state("1", "broken"), state("1", "broken", "worse"), "county") is None
    assert read_change({}, state("1", "broken"), "county")["before"] is None
    assert read_change(state("1", "ok"), state("1", "degraded"), "county")["command"] == "scrapy crawl county -a site=1"
    assert read_change(state("cfsn", "ok"), state("cfsn", "degraded"), "cfsn")["command"] == "scrapy crawl cfsn"


def test_the_message_is_grouped_worst_first_and_inert():
    ok_at = datetime(2026, 3, 1, 4, 5, tzinfo=UTC)
    changes = [
        read_change(state("3", "broken"), state("3", "ok"), "county"),
        read_change(state("1", "ok", ok_at=ok_at), state("1", "degraded", "dates old: a\x1b[31m\n坏"), "county"),
        read_change({}, state("2", "blocked", "412 on every request", page="http://www.x.gov.cn/"), "county"),
    ]  # fmt: skip
    assert build_message(changes).text().split("\n") == [
        "Food-safety crawler: 1 blocked, 1 degraded, 1 recovered",
        "2县 2: new → blocked (412 on every request); never ok so far; http://www.x.gov.cn/; "
        "scrapy crawl county -a site=2",
        "1县 1: ok → degraded (dates old: a␛[31m 坏); last ok 2026-03-01 12:05 +08:00; scrapy crawl county -a site=1",
        "3县 3: broken → ok; was broken since 2026-03-01 08:00 +08:00; scrapy crawl county -a site=3",
    ]


def test_old_names_are_still_read_and_the_new_ones_win():
    environment = {"ALARM_COMMAND": "old --now", "ALARM_MAIL": "", "HOME": "/root"}
    assert read_channels(environment) == [CommandChannel(("old", "--now"))]
    assert find_old_names(environment) == {"ALARM_COMMAND": "ALERT_COMMAND"}
    assert read_channels({**environment, "ALERT_COMMAND": "new"}) == [CommandChannel(("new",))]
