"""Our own channels of alerts: webhook, mail and command. Each sends one message or raises AlertError, whose sentence
holds no secret. What Apprise sends is in `alert_urls.py`."""

from __future__ import annotations

import http.client
import os
import smtplib
import ssl
import subprocess
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Protocol
from urllib.parse import urlsplit

from crawler.errors import CrawlerError
from crawler.output import plain
from crawler.runs.alert_message import Message
from crawler.runs.webhooks import FORMATS, find_rejection, format_json

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
class Command:
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
