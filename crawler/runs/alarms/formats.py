"""The webhook formats: bodies, signatures and size limits as each service documents them. Pure functions."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from crawler.runs.alarms.changes import Message


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
    return json.dumps(value, ensure_ascii=False, default=_shown).encode()


def _shown(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
