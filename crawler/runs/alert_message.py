"""What an alert says, and how DingTalk, WeCom and Feishu want it: bodies, signatures and size limits as each service
documents them. Pure functions.

Apprise 2.3 has plugins for the three services, but they look at the status only: the services answer a refused message
(wrong signature, too many messages) with status 200 and an error code in the body, so such an alert is lost. Its Feishu
and Lark plugins do not sign either.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from crawler.output import format_time, plain
from crawler.runs.verdict import WORDS


@dataclass(frozen=True)
class Message:
    """What is sent: a `title`, `lines` for people (one for each change), and the `changes` themselves for programs."""

    title: str
    lines: tuple[str, ...]
    changes: tuple[Mapping[str, Any], ...] = ()

    def text(self, max_bytes: int | None = None) -> str:
        """Title and lines. With `max_bytes`, as many lines as fit into so many bytes of UTF-8, and the number of
        those that are left out."""
        lines = [self.title, *self.lines]
        for kept in range(len(lines), 0, -1):
            rest = len(lines) - kept
            more = [f"… and {rest} more: scrapy health --failing"] if rest else []
            text = "\n".join([*lines[:kept], *more])
            if max_bytes is None or len(text.encode()) <= max_bytes:
                return text
        return self.title.encode()[:max_bytes].decode(errors="ignore")


def read_change(before: Mapping[str, Any], after: Mapping[str, Any], spider: str) -> dict[str, Any] | None:
    """The change between two documents of `sites` (`before` is empty for a new site), or None if there is nothing to
    report: the verdict is the same, or a first run was ok."""
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


def build_message(changes: Sequence[Mapping[str, Any]]) -> Message:
    """One message about all `changes`, the worst first."""
    counts = Counter(change["verdict"] for change in changes)
    parts = [f"{counts[word]} {word}" for word in reversed(WORDS[1:]) if counts[word]]
    parts += [f"{counts['ok']} recovered"] if counts["ok"] else []
    ordered = sorted(changes, key=lambda change: (-WORDS.index(change["verdict"]), change["site"]))
    return Message(f"Food-safety crawler: {', '.join(parts)}", tuple(map(_line, ordered)), tuple(ordered))


def _line(change: Mapping[str, Any]) -> str:
    head = f"{change['name']} {change['site']}: {change['before'] or 'new'} → {change['verdict']}"
    parts = [f"{head} ({'; '.join(change['reasons'])})" if change["reasons"] else head]
    if change["verdict"] == "ok":
        parts.append(f"was {change['before']} since {format_time(change['since'], missing='an unknown time')}")
    else:
        parts.append(f"last ok {format_time(change['ok_at'])}" if change["ok_at"] else "never ok so far")
    if change["page"]:
        parts.append(change["page"])
    return plain("; ".join([*parts, change["command"]]))


# --- Webhook formats ---


@dataclass(frozen=True)
class Post:
    """One HTTP POST."""

    url: str
    body: bytes
    headers: Mapping[str, str]


def format_json(url: str, secret: str | None, message: Message, now: datetime) -> Post:
    """Our own format: `title`, `text`, `sent_at`, `changes`. If there is a secret, the header
    `X-Signature-256: sha256=HEX` holds the HMAC-SHA256 of the body, as for GitHub's webhooks."""
    body = _json({"title": message.title, "text": message.text(), "sent_at": now, "changes": message.changes})
    if not secret:
        return Post(url, body, {})
    return Post(url, body, {"X-Signature-256": f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"})


def format_dingtalk(url: str, secret: str | None, message: Message, now: datetime) -> Post:
    """钉钉 custom robot: a text of at most 20,000 bytes. 加签: `sign` is the HMAC-SHA256 of "timestamp\\nsecret" with
    the secret as key, base64, as a parameter beside `timestamp` in milliseconds."""
    if secret:
        stamp = str(round(now.timestamp() * 1000))
        sign = _sign(secret, f"{stamp}\n{secret}")
        url += ("&" if "?" in url else "?") + urlencode({"timestamp": stamp, "sign": sign})
    return Post(url, _json({"msgtype": "text", "text": {"content": message.text(18_000)}}), {})


def format_wecom(url: str, secret: str | None, message: Message, now: datetime) -> Post:
    """企业微信 group robot: a text of at most 2,048 bytes. Its secret is the key in its URL; nothing is signed."""
    return Post(url, _json({"msgtype": "text", "text": {"content": message.text(2048)}}), {})


def format_feishu(url: str, secret: str | None, message: Message, now: datetime) -> Post:
    """飞书 custom robot: a body of at most 20 KB. 签名校验: `sign` is the HMAC-SHA256 of an empty text with the key
    "timestamp\\nsecret", base64, beside `timestamp` in seconds in the body."""
    body: dict[str, Any] = {"msg_type": "text", "content": {"text": message.text(18_000)}}
    if secret:
        stamp = str(int(now.timestamp()))
        body |= {"timestamp": stamp, "sign": _sign(f"{stamp}\n{secret}", "")}
    return Post(url, _json(body), {})


Format = Callable[[str, str | None, Message, datetime], Post]
FORMATS: dict[str, Format] = {
    "json": format_json,
    "dingtalk": format_dingtalk,
    "wecom": format_wecom,
    "feishu": format_feishu,
}
_HOSTS = {
    "oapi.dingtalk.com": "dingtalk",
    "qyapi.weixin.qq.com": "wecom",
    "open.feishu.cn": "feishu",
    "open.larksuite.com": "feishu",
}


def guess_format(url: str) -> str:
    """The format that the host of `url` expects; `json` for an unknown host."""
    return _HOSTS.get(urlsplit(url).hostname or "", "json")


def find_rejection(answer: bytes) -> str | None:
    """The error code of an answer with status 200: DingTalk, WeCom and Feishu report errors in the body. None if the
    message was accepted."""
    try:
        result = json.loads(answer)
    except ValueError:
        return None
    if not isinstance(result, dict):
        return None
    code = result.get("errcode", result.get("code", result.get("StatusCode", 0)))
    return None if code in {0, "0", None} else f"code {code}"


def _sign(key: str, text: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, default=_format_value).encode()


def _format_value(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
