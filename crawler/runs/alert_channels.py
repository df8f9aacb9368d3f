"""The channels of alerts, read from the environment so that secrets stay out of settings and logs.

Webhook, mail and command are ours; ALERT_URLS names channels as Apprise writes them (`ntfy://…`, `slack://…`, more
than a hundred services). Each sends one message or raises AlertError, whose sentence holds no secret.
"""

from __future__ import annotations

import hashlib
import http.client
import logging
import os
import re
import shlex
import smtplib
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from crawler.errors import CrawlerError
from crawler.output import plain
from crawler.runs.alert_message import FORMATS, Message, find_rejection, format_json, guess_format

TIMEOUT_SECONDS = 15
_SECRET_PREFIXES = ("ALERT_", "ALARM_", "MONGO_", "CRAWLER_WORKER_")
"""Environment variables that may hold secrets: ours, and what a supervisor hands to a worker."""
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


class AlertError(CrawlerError):
    """A message that was not delivered. `permanent`: trying again is useless until somebody corrects something."""

    def __init__(self, sentence: str, *, permanent: bool = False, wait_seconds: float = 0) -> None:
        super().__init__(sentence)
        self.permanent = permanent
        self.wait_seconds = wait_seconds


class BadChannel(CrawlerError):
    """An environment variable has a wrong value; the message says how to correct it."""

    exit_status = 2


class Channel(Protocol):
    """One way to send alerts."""

    @property
    def name(self) -> str:
        """Identifies the channel in the outbox; stays the same as long as the channel does."""

    @property
    def target(self) -> str:
        """Where it leads, for people, without secrets."""

    def send(self, message: Message) -> None:
        """Deliver. Raises AlertError."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    # A redirected POST would become a GET without its body, to an address that nobody chose.
    def redirect_request(self, *args: object, **kwargs: object) -> None:
        return None


@dataclass(frozen=True)
class Webhook:
    """A URL that takes a POST in one of FORMATS."""

    url: str
    format: str
    secret: str | None = None
    name: str = "webhook"

    @property
    def target(self) -> str:
        return f"{urlsplit(self.url).hostname} ({self.format})"

    def send(self, message: Message) -> None:
        post = FORMATS[self.format](self.url, self.secret, message, datetime.now(UTC))
        headers = {"Content-Type": "application/json; charset=utf-8", **post.headers}
        request = urllib.request.Request(post.url, post.body, headers, method="POST")
        https = urllib.request.HTTPSHandler(context=ssl.create_default_context())
        try:
            with urllib.request.build_opener(_NoRedirects, https).open(request, timeout=TIMEOUT_SECONDS) as response:
                rejection = find_rejection(response.read(65_536))
        except urllib.error.HTTPError as error:
            with error:
                after = error.headers.get("Retry-After", "")
            wait = float(after) if after.isdigit() else 0
            permanent = 300 <= error.code < 500 and error.code not in {408, 429}
            raise AlertError(f"{self.target} answers {error.code}", permanent=permanent, wait_seconds=wait) from None
        except (OSError, http.client.HTTPException) as error:
            raise AlertError(f"{self.target} can't be reached: {_reason(error)}") from None
        if rejection:
            raise AlertError(f"{self.target} refuses the message: {rejection}")


@dataclass(frozen=True)
class Mail:
    """A mail server. Its certificate is verified, and no password is sent without TLS. Not left to Apprise, whose
    `mailto://` sends the password in the clear if the server offers no TLS."""

    host: str
    port: int
    implicit_tls: bool
    sender: str
    to: tuple[str, ...]
    user: str | None = None
    password: str | None = None
    name: str = "mail"

    @property
    def target(self) -> str:
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
                    self._submit(server, mail)
            else:
                with smtplib.SMTP(self.host, self.port, timeout=TIMEOUT_SECONDS) as server:
                    server.ehlo()
                    if server.has_extn("starttls"):
                        server.starttls(context=context)
                    elif self.user or self.host not in _LOOPBACK:
                        raise AlertError(f"{self.host} offers no TLS: nothing is sent in the clear", permanent=True)
                    self._submit(server, mail)
        except smtplib.SMTPResponseException as error:
            raise AlertError(f"{self.host} answers {error.smtp_code}", permanent=error.smtp_code >= 500) from None
        except smtplib.SMTPRecipientsRefused:
            raise AlertError(f"{self.host} refuses the recipients", permanent=True) from None
        except (smtplib.SMTPException, OSError) as error:
            raise AlertError(f"{self.host} can't be reached: {_reason(error)}") from None

    def _submit(self, server: smtplib.SMTP, mail: EmailMessage) -> None:
        if self.user:
            server.login(self.user, self.password or "")
        server.send_message(mail)


@dataclass(frozen=True)
class CommandChannel:
    """A program that reads the message as JSON from its standard input; an exit status other than 0 is a failure."""

    words: tuple[str, ...]
    name: str = "command"

    @property
    def target(self) -> str:
        return self.words[0]

    def send(self, message: Message) -> None:
        # Without our own secrets: the program has its own.
        environment = {key: value for key, value in os.environ.items() if not key.startswith(_SECRET_PREFIXES)}
        body = format_json("", None, message, datetime.now(UTC)).body
        try:
            done = subprocess.run(
                self.words, input=body, env=environment, capture_output=True, timeout=4 * TIMEOUT_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            raise AlertError(f"{self.target} did not end within {4 * TIMEOUT_SECONDS} s") from None
        except OSError as error:
            raise AlertError(f"{self.target} can't be started: {error.strerror}", permanent=True) from None
        if done.returncode:
            raise AlertError(f"{self.target} ended with status {done.returncode}")


def _reason(error: BaseException) -> str:
    inner = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(inner, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({inner.verify_message})"
    if isinstance(inner, OSError) and inner.strerror:
        return inner.strerror
    return type(inner).__name__


# --- Apprise ---

_WEBHOOKS = {
    "dingtalk": ("dingtalk", "https://oapi.dingtalk.com/robot/send?access_token={}"),
    "wecombot": ("wecom", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={}"),
    "feishu": ("feishu", "https://open.feishu.cn/open-apis/bot/v2/hook/{}"),
    "lark": ("feishu", "https://open.larksuite.com/open-apis/bot/v2/hook/{}"),
}
"""Services whose Apprise URL is served by our own webhook, which reads the error code in the answer."""
_STATUS = re.compile(r"\berror=(\d{3})\b")


@dataclass(frozen=True)
class AppriseChannel:
    """A service that Apprise sends to. `service` is its Apprise plugin, ready to send."""

    name: str
    target: str
    service: Any = field(repr=False)

    def send(self, message: Message) -> None:
        with _Warnings() as warnings:
            delivered = self.service.notify(body="\n".join(message.lines) or message.title, title=message.title)
        if delivered:
            return
        # Only the status: other words of a warning may quote a token.
        status = next((int(found[1]) for line in warnings.lines if (found := _STATUS.search(line))), None)
        if status is None:
            raise AlertError(f"{self.target} can't be reached or refuses the message")
        raise AlertError(f"{self.target} answers {status}", permanent=300 <= status < 500 and status not in {408, 429})


def read_urls(urls: list[str]) -> list[Channel]:
    """The channels of ALERT_URLS. Raises BadChannel, without the secrets that a URL holds."""
    return [_read_url(number, url) for number, url in enumerate(urls, 1)]


def _read_url(number: int, url: str) -> Channel:
    scheme, separator, _ = url.partition("://")
    scheme = scheme.lower()
    if not separator:
        raise BadChannel(f"ALERT_URLS, URL {number} is not a URL: write SERVICE://…, several separated by blanks")
    name = f"{scheme}-{hashlib.sha256(url.encode()).hexdigest()[:8]}"
    if scheme in _WEBHOOKS:
        form, template = _WEBHOOKS[scheme]
        parts = urlsplit(url)
        # Not `hostname`, which lowers the case of a token.
        token = unquote(parts.netloc.rpartition("@")[2] or parts.path.strip("/"))
        if not token:
            raise BadChannel(f"ALERT_URLS, URL {number}: {scheme}://TOKEN lacks its token")
        return Webhook(template.format(token), form, unquote(parts.username or "") or None, name)
    try:
        # Not at the top: it takes half a second to import.
        from apprise import Apprise, AppriseAsset
    except ModuleNotFoundError:
        raise BadChannel('ALERT_URLS needs Apprise: pip install -e ".[alerts]"') from None
    logging.getLogger("apprise").propagate = False
    asset = AppriseAsset(app_id="food-safety-crawler", secure_logging=True, plugin_paths=[], http_redirects=False)
    service = Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
    if service is None:
        raise BadChannel(f"ALERT_URLS, URL {number} ({scheme}://…) is not a URL that Apprise understands")
    return AppriseChannel(name, f"{service.service_name} ({scheme})", service)


class _Warnings(logging.Handler):
    """Collects what Apprise logs while it sends."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())

    def __enter__(self) -> _Warnings:
        logging.getLogger("apprise").addHandler(self)
        return self

    def __exit__(self, *exception: object) -> None:
        logging.getLogger("apprise").removeHandler(self)


# --- What the environment sets ---


def read_channels(environment: Mapping[str, str]) -> list[Channel]:
    """The channels that are set: ALERT_URLS, ALERT_WEBHOOK (with _SECRET and _FORMAT), ALERT_MAIL (with _TO and _FROM),
    ALERT_COMMAND. The old names, which begin with ALARM_, are still read. Raises BadChannel."""
    values = _with_old_names(environment)
    found: list[Channel] = []
    if urls := values.get("ALERT_URLS", "").split():
        found += read_urls(urls)
    if url := values.get("ALERT_WEBHOOK"):
        found.append(_read_webhook(url, values))
    if url := values.get("ALERT_MAIL"):
        found.append(_read_mail(url, values))
    if line := values.get("ALERT_COMMAND"):
        try:
            words = tuple(shlex.split(line))
        except ValueError as error:
            raise BadChannel(f"ALERT_COMMAND can't be split into words ({error}): check its quotes") from None
        if words:
            found.append(CommandChannel(words))
    return found


def find_old_names(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment variables in use that have a new name, with that name."""
    old = [name for name in sorted(environment) if name.startswith("ALARM_") and environment[name]]
    return {name: f"ALERT_{name.removeprefix('ALARM_')}" for name in old}


def _with_old_names(environment: Mapping[str, str]) -> dict[str, str]:
    return {new: environment[old] for old, new in find_old_names(environment).items()} | {
        name: value for name, value in environment.items() if name.startswith("ALERT_") and value
    }


def _read_webhook(url: str, values: Mapping[str, str]) -> Webhook:
    if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
        raise BadChannel("ALERT_WEBHOOK is not a URL: copy the whole https://… that the service shows")
    form = values.get("ALERT_WEBHOOK_FORMAT") or guess_format(url)
    if form not in FORMATS:
        raise BadChannel(f"ALERT_WEBHOOK_FORMAT={form}: choose one of {', '.join(FORMATS)}")
    return Webhook(url, form, values.get("ALERT_WEBHOOK_SECRET") or None)


def _read_mail(url: str, values: Mapping[str, str]) -> Mail:
    wanted = "ALERT_MAIL is not a mail server: write smtp://USER:PASSWORD@HOST:587 or smtps://USER:PASSWORD@HOST:465"
    to = tuple(word.strip() for word in values.get("ALERT_MAIL_TO", "").split(",") if "@" in word)
    try:
        parts = urlsplit(url)
        port = parts.port or (465 if parts.scheme == "smtps" else 587)
    except ValueError:
        raise BadChannel(wanted) from None
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise BadChannel(wanted)
    if not to:
        raise BadChannel("ALERT_MAIL_TO is not set: give the recipients, separated by commas")
    user, password = parts.username and unquote(parts.username), parts.password and unquote(parts.password)
    sender = values.get("ALERT_MAIL_FROM") or (user if user and "@" in user else to[0])
    return Mail(parts.hostname, port, parts.scheme == "smtps", sender, to, user, password)
