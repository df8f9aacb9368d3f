"""The ways out: a webhook, mail, a command. Each is set by the environment, which keeps its secrets out of settings,
logs and errors; each sends one message or raises AlarmError with a sentence that names no secret."""

from __future__ import annotations

import http.client
import os
import shlex
import smtplib
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Protocol
from urllib.parse import unquote, urlsplit

from crawler.runs.alarms.changes import Message, plain
from crawler.runs.alarms.formats import FORMATS, as_json, format_of, refusal

TIMEOUT_SECONDS = 15
_SECRET = ("ALARM_", "MONGO_", "CRAWLER_WORKER_")
"""Variables that may hold secrets: ours, and what a supervisor tells a worker (`schedule/order.py`)."""
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


class AlarmError(Exception):
    """A message that was not delivered; `lasting` where trying again is useless before somebody mends something."""

    def __init__(self, sentence: str, *, lasting: bool = False, wait_seconds: float = 0) -> None:
        super().__init__(sentence)
        self.lasting = lasting
        self.wait_seconds = wait_seconds


class BadChannel(Exception):
    """A wrong variable of the environment, in a sentence."""


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
