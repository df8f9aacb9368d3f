"""The channels of alerts that are set: read from the environment, so that secrets stay out of settings and logs."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from crawler.runs.alert_channels import BadChannel, Channel, Command, Mail, Webhook
from crawler.runs.alert_urls import read_urls
from crawler.runs.webhooks import FORMATS, guess_format


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
            found.append(Command(words))
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
