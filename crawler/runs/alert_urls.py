"""ALERT_URLS: channels as Apprise writes them (`ntfy://…`, `slack://…`, `tgram://…`, more than a hundred services)."""

from __future__ import annotations

import hashlib
import logging
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from crawler.runs.alert_channels import AlertError, BadChannel, Channel, Webhook
from crawler.runs.alert_message import Message

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
