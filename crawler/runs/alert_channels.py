"""The ways out: a webhook, mail, a command. Each is set by the environment, which keeps its secrets out of settings,
logs and errors; each sends one message or raises AlarmError with a sentence that names no secret."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import os
import re
import shlex
import smtplib
import ssl
import subprocess
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Any, Protocol
from urllib.parse import unquote, urlencode, urlsplit

from crawler.errors import CrawlerError
from crawler.parsing.date_forms import CST
from crawler.runs.verdict import WORDS

# What there is to tell: sites whose verdict changed, and the message about several of them. Pure functions.

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


@dataclass(frozen=True)
class Message:
    """What is sent: a `title`, a text of `lines`, one change each, and the `changes` themselves for programs."""

    title: str
    lines: tuple[str, ...]
    changes: tuple[Mapping[str, Any], ...] = ()

    def text(self, most_bytes: int | None = None) -> str:
        """Title and lines; with `most_bytes`, as many lines as fit into so many bytes of UTF-8, and how many don't."""
        told = [self.title, *self.lines]
        for kept in range(len(told), 0, -1):
            rest = len(told) - kept
            more = [f"… and {rest} more: scrapy health --failing"] if rest else []
            text = "\n".join([*told[:kept], *more])
            if most_bytes is None or len(text.encode()) <= most_bytes:
                return text
        return self.title.encode()[:most_bytes].decode(errors="ignore")


def change_of(before: Mapping[str, Any], after: Mapping[str, Any], spider: str) -> dict[str, Any] | None:
    """The change between two documents of `sites` (`before` empty for a site never seen), or None where nothing is to
    be told: the verdict is the same, or a first run was ok."""
    was, word = before.get("verdict"), after["verdict"]
    if word == was or (was is None and word == "ok"):
        return None
    return {
        "_id": f"{after['run']}:{after['_id']}",
        "site": after["_id"],
        "name": after["name"],
        "before": was,
        "verdict": word,
        "reasons": after["reasons"],
        "at": after["run_at"],
        "since": before.get("since"),
        "ok_at": before.get("ok_at"),
        "page": after["page"],
        "command": f"scrapy crawl {spider}" + ("" if spider == after["_id"] else f" -a site={after['_id']}"),
    }


def message_of(changes: Sequence[Mapping[str, Any]]) -> Message:
    """One message about all `changes`, the worst first."""
    counts = Counter(change["verdict"] for change in changes)
    told = [f"{counts[word]} {word}" for word in reversed(WORDS[1:]) if counts[word]]
    told += [f"{counts['ok']} recovered"] if counts["ok"] else []
    ordered = sorted(changes, key=lambda change: (-WORDS.index(change["verdict"]), change["site"]))
    return Message(f"Food-safety crawler: {', '.join(told)}", tuple(map(_line, ordered)), tuple(ordered))


def _line(change: Mapping[str, Any]) -> str:
    head = f"{change['name']} {change['site']}: {change['before'] or 'new'} → {change['verdict']}"
    parts = [f"{head} ({'; '.join(change['reasons'])})" if change["reasons"] else head]
    if change["verdict"] == "ok":
        parts.append(f"it was {change['before']} since {_shown(change['since'])}")
    else:
        parts.append(f"last ok {_shown(change['ok_at'])}" if change["ok_at"] else "never ok so far")
    if change["page"]:
        parts.append(change["page"])
    return plain("; ".join([*parts, change["command"]]))


def plain(text: str) -> str:
    """`text` on one line without control characters: names and reasons come from pages."""
    return _CONTROL.sub(" ", text)


def _shown(moment: datetime | None) -> str:
    return f"{moment.astimezone(CST):%Y-%m-%d %H:%M}" if moment else "an unknown time"


# The webhook formats: bodies, signatures and size limits as each service documents them. Pure functions.


@dataclass(frozen=True)
class Post:
    """One HTTP POST."""

    url: str
    body: bytes
    headers: Mapping[str, str]


def as_json(url: str, secret: str | None, message: Message, now: datetime) -> Post:
    """Our own: `title`, `text`, `sent_at`, `changes`. A secret signs the body: `X-Signature-256: sha256=HEX`, the
    HMAC-SHA256 as GitHub's webhooks have it."""
    body = _json({"title": message.title, "text": message.text(), "sent_at": now, "changes": message.changes})
    if not secret:
        return Post(url, body, {})
    return Post(url, body, {"X-Signature-256": f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"})


def as_dingtalk(url: str, secret: str | None, message: Message, now: datetime) -> Post:
    """钉钉 custom robot: a text of at most 20,000 bytes. 加签: `sign` is the HMAC-SHA256 of "timestamp\\nsecret" under
    the secret, base64, as a parameter beside `timestamp` in milliseconds."""
    if secret:
        stamp = str(round(now.timestamp() * 1000))
        sign = _sign(secret, f"{stamp}\n{secret}")
        url += ("&" if "?" in url else "?") + urlencode({"timestamp": stamp, "sign": sign})
    return Post(url, _json({"msgtype": "text", "text": {"content": message.text(18_000)}}), {})


def as_wecom(url: str, secret: str | None, message: Message, now: datetime) -> Post:
    """企业微信 group robot: a text of at most 2,048 bytes. Its secret is the key in its address; it signs nothing."""
    return Post(url, _json({"msgtype": "text", "text": {"content": message.text(2048)}}), {})


def as_feishu(url: str, secret: str | None, message: Message, now: datetime) -> Post:
    """飞书 custom robot: a body of at most 20 KB. 签名校验: `sign` is the HMAC-SHA256 of nothing under the key
    "timestamp\\nsecret", base64, beside `timestamp` in seconds in the body."""
    body: dict[str, Any] = {"msg_type": "text", "content": {"text": message.text(18_000)}}
    if secret:
        stamp = str(int(now.timestamp()))
        body |= {"timestamp": stamp, "sign": _sign(f"{stamp}\n{secret}", "")}
    return Post(url, _json(body), {})


Format = Callable[[str, str | None, Message, datetime], Post]
FORMATS: dict[str, Format] = {"json": as_json, "dingtalk": as_dingtalk, "wecom": as_wecom, "feishu": as_feishu}
_HOSTS = {
    "oapi.dingtalk.com": "dingtalk",
    "qyapi.weixin.qq.com": "wecom",
    "open.feishu.cn": "feishu",
    "open.larksuite.com": "feishu",
}


def format_of(url: str) -> str:
    """The format that the host of `url` speaks; `json` for one we don't know."""
    return _HOSTS.get(urlsplit(url).hostname or "", "json")


def refusal(answer: bytes) -> str | None:
    """Why a service did not take a message although it answered 200: the robots say so in the body."""
    try:
        told = json.loads(answer)
    except ValueError:
        return None
    if not isinstance(told, dict):
        return None
    code = told.get("errcode", told.get("code", told.get("StatusCode", 0)))
    return None if code in {0, "0", None} else f"code {code}"


def _sign(key: str, text: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, default=_format_value).encode()


def _format_value(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


TIMEOUT_SECONDS = 15
_SECRET = ("ALARM_", "MONGO_", "CRAWLER_WORKER_")
"""Variables that may hold secrets: ours, and what a supervisor tells a worker (`schedule/worker.py`)."""
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


class AlarmError(CrawlerError):
    """A message that was not delivered; `lasting` where trying again is useless before somebody mends something."""

    def __init__(self, sentence: str, *, lasting: bool = False, wait_seconds: float = 0) -> None:
        super().__init__(sentence)
        self.lasting = lasting
        self.wait_seconds = wait_seconds


class BadChannel(CrawlerError):
    """A wrong variable of the environment, in a sentence."""

    exit_status = 2


class Channel(Protocol):
    """One way out."""

    @property
    def name(self) -> str:
        """`webhook`, `mail` or `command`."""

    @property
    def place(self) -> str:
        """Where it leads, for people."""

    def send(self, message: Message) -> None:
        """Deliver. Raises AlarmError."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    # A redirected POST would come as a GET without its body, to an address nobody chose.
    def redirect_request(self, *args: object, **kwargs: object) -> None:
        return None


@dataclass(frozen=True)
class Webhook:
    """An address that takes a POST in one of FORMATS."""

    url: str
    format: str
    secret: str | None = None
    name: str = "webhook"

    @property
    def place(self) -> str:
        return f"{urlsplit(self.url).hostname} ({self.format})"

    def send(self, message: Message) -> None:
        post = FORMATS[self.format](self.url, self.secret, message, datetime.now(UTC))
        headers = {"Content-Type": "application/json; charset=utf-8", **post.headers}
        request = urllib.request.Request(post.url, post.body, headers, method="POST")
        https = urllib.request.HTTPSHandler(context=ssl.create_default_context())
        try:
            with urllib.request.build_opener(_NoRedirects, https).open(request, timeout=TIMEOUT_SECONDS) as answer:
                refused = refusal(answer.read(65_536))
        except urllib.error.HTTPError as error:
            with error:
                after = error.headers.get("Retry-After", "")
            wait = float(after) if after.isdigit() else 0
            lasting = 300 <= error.code < 500 and error.code not in {408, 429}
            raise AlarmError(f"{self.place} answers {error.code}", lasting=lasting, wait_seconds=wait) from None
        except (OSError, http.client.HTTPException) as error:
            raise AlarmError(f"{self.place} can't be reached: {_reason(error)}") from None
        if refused:
            raise AlarmError(f"{self.place} refuses the message: {refused}")


@dataclass(frozen=True)
class Mail:
    """A mail server that takes messages for `to`; TLS is verified, and no password goes out without it."""

    host: str
    port: int
    implicit_tls: bool
    sender: str
    to: tuple[str, ...]
    user: str | None = None
    password: str | None = None
    name: str = "mail"

    @property
    def place(self) -> str:
        return f"{', '.join(self.to)} by {self.host}"

    def send(self, message: Message) -> None:
        mail = EmailMessage()
        mail["Subject"], mail["From"], mail["To"] = plain(message.title), self.sender, ", ".join(self.to)
        mail["Date"], mail["Message-ID"] = formatdate(), make_msgid(domain="food-safety-crawler.invalid")
        mail.set_content(message.text())
        context = ssl.create_default_context()
        try:
            if self.implicit_tls:
                with smtplib.SMTP_SSL(self.host, self.port, timeout=TIMEOUT_SECONDS, context=context) as server:
                    self._hand_over(server, mail)
            else:
                with smtplib.SMTP(self.host, self.port, timeout=TIMEOUT_SECONDS) as server:
                    server.ehlo()
                    if server.has_extn("starttls"):
                        server.starttls(context=context)
                    elif self.user or self.host not in _LOOPBACK:
                        raise AlarmError(f"{self.host} offers no TLS: nothing is sent in the clear", lasting=True)
                    self._hand_over(server, mail)
        except smtplib.SMTPResponseException as error:
            raise AlarmError(f"{self.host} answers {error.smtp_code}", lasting=error.smtp_code >= 500) from None
        except smtplib.SMTPRecipientsRefused:
            raise AlarmError(f"{self.host} refuses the recipients", lasting=True) from None
        except (smtplib.SMTPException, OSError) as error:
            raise AlarmError(f"{self.host} can't be reached: {_reason(error)}") from None

    def _hand_over(self, server: smtplib.SMTP, mail: EmailMessage) -> None:
        if self.user:
            server.login(self.user, self.password or "")
        server.send_message(mail)


@dataclass(frozen=True)
class Command:
    """A program that reads the message as JSON from its standard input; an exit status other than 0 is a failure."""

    words: tuple[str, ...]
    name: str = "command"

    @property
    def place(self) -> str:
        return self.words[0]

    def send(self, message: Message) -> None:
        # Without our own secrets: the program has its own.
        environment = {key: value for key, value in os.environ.items() if not key.startswith(_SECRET)}
        body = as_json("", None, message, datetime.now(UTC)).body
        try:
            done = subprocess.run(
                self.words, input=body, env=environment, capture_output=True, timeout=4 * TIMEOUT_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            raise AlarmError(f"{self.place} did not end within {4 * TIMEOUT_SECONDS} s") from None
        except OSError as error:
            raise AlarmError(f"{self.place} can't be started: {error.strerror}", lasting=True) from None
        if done.returncode:
            raise AlarmError(f"{self.place} ended with status {done.returncode}")


def channels(environment: Mapping[str, str]) -> list[Channel]:
    """The channels that are set: ALARM_WEBHOOK (with ALARM_WEBHOOK_SECRET, ALARM_WEBHOOK_FORMAT), ALARM_MAIL (with
    ALARM_MAIL_TO, ALARM_MAIL_FROM), ALARM_COMMAND. Raises BadChannel."""
    found: list[Channel] = []
    if url := environment.get("ALARM_WEBHOOK"):
        found.append(_webhook(url, environment))
    if url := environment.get("ALARM_MAIL"):
        found.append(_mail(url, environment))
    if line := environment.get("ALARM_COMMAND"):
        try:
            words = tuple(shlex.split(line))
        except ValueError as error:
            raise BadChannel(f"ALARM_COMMAND can't be split into words ({error}): check its quotes") from None
        if words:
            found.append(Command(words))
    return found


def _webhook(url: str, environment: Mapping[str, str]) -> Webhook:
    if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
        raise BadChannel("ALARM_WEBHOOK is no web address: give the whole https://… that the service shows")
    form = environment.get("ALARM_WEBHOOK_FORMAT") or format_of(url)
    if form not in FORMATS:
        raise BadChannel(f"ALARM_WEBHOOK_FORMAT={form}: choose one of {', '.join(FORMATS)}")
    return Webhook(url, form, environment.get("ALARM_WEBHOOK_SECRET") or None)


def _mail(url: str, environment: Mapping[str, str]) -> Mail:
    wanted = "ALARM_MAIL is no mail server: write smtp://USER:PASSWORD@HOST:587 or smtps://USER:PASSWORD@HOST:465"
    to = tuple(word.strip() for word in environment.get("ALARM_MAIL_TO", "").split(",") if "@" in word)
    try:
        parts = urlsplit(url)
        port = parts.port or (465 if parts.scheme == "smtps" else 587)
    except ValueError:
        raise BadChannel(wanted) from None
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise BadChannel(wanted)
    if not to:
        raise BadChannel("ALARM_MAIL_TO is not set: say who is to be told, several by commas")
    user, password = parts.username and unquote(parts.username), parts.password and unquote(parts.password)
    sender = environment.get("ALARM_MAIL_FROM") or (user if user and "@" in user else to[0])
    return Mail(parts.hostname, port, parts.scheme == "smtps", sender, to, user, password)


def _reason(error: BaseException) -> str:
    inner = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(inner, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({inner.verify_message})"
    if isinstance(inner, OSError) and inner.strerror:
        return inner.strerror
    return type(inner).__name__
