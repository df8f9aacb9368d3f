"""The arguments (`-a NAME=VALUE`) that all spiders share: declared once, validated with a sentence for people."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from crawler.parsing.dates import CST, read_date

_CREDENTIALS = re.compile(r"//[^/\s]*@")
_SPAN = re.compile(r"(\d{1,5})\s*([hdwmy天日周月年时])")
_DAYS = {"d": 1, "天": 1, "日": 1, "w": 7, "周": 7, "m": 30, "月": 30, "y": 365, "年": 365}


def read_moment(text: str, now: datetime, *, end: bool = False) -> datetime:
    """The moment a person means by `text`: a date, a date-time, a span back from `now` (`7d`, `12h`, `3周`), or a word
    (`昨天`, `today`). A bare day means its beginning, or with `end` its last microsecond, in China Standard Time.
    Raises ValueError with a sentence that says what would be understood."""
    text = text.strip()
    if span := _SPAN.fullmatch(text.lower()):
        amount, unit = int(span[1]), span[2]
        try:
            return now - (timedelta(hours=amount) if unit in "h时" else timedelta(days=amount * _DAYS[unit]))
        except OverflowError:
            raise ValueError(f"{text!r} goes back further than the calendar; write 2026-11-01, or 7d") from None
    if text.lower() in {"today", "yesterday", "今天", "今日", "昨天", "昨日", "前天"}:
        back = {"today": 0, "今天": 0, "今日": 0, "前天": 2}.get(text.lower(), 1)
        moment = now.astimezone(CST).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=back)
        return moment + timedelta(days=1, microseconds=-1) if end else moment
    reading = read_date(text, now)
    if reading.moment is None:
        raise ValueError(
            f"{text!r} is no date I can read ({reading.reason}); write 2026-11-01, '2026-11-01 08:30', 7d or 昨天"
        )
    whole_day = end and reading.precision == "day"
    return reading.moment + timedelta(days=1, microseconds=-1) if whole_day else reading.moment


def _words(value: object) -> object:
    return _some(re.split(r"[,，、;；\s]+", value)) if isinstance(value, str) else value


def _addresses(value: object) -> object:
    return _some(value.split()) if isinstance(value, str) else value


def _some(words: list[str]) -> tuple[str, ...]:
    # A script's variable that came out empty must not mean "everything".
    if not any(words):
        raise ValueError("it is empty; give a value or leave it out")
    return tuple(word for word in words if word)


def _switch(value: object) -> object:
    return True if value == "" else value


Words = Annotated[tuple[str, ...], BeforeValidator(_words)]
Addresses = Annotated[tuple[str, ...], BeforeValidator(_addresses)]


class CrawlArguments(BaseModel):
    """What every spider understands."""

    model_config = ConfigDict(extra="forbid")

    since: datetime | None = Field(None, description="only articles from this moment on: 2026-11-01, 7d, 昨天")
    until: datetime | None = Field(None, description="only articles up to this moment (a day: its end)")
    limit: int | None = Field(None, gt=0, description="at most this many articles a site")
    section: Words = Field((), description="only sections whose name contains one of these words: 要闻,监管")
    refresh: Annotated[bool, BeforeValidator(_switch)] = Field(False, description="fetch known articles again")
    keep: Literal["relevant", "all"] | None = Field(
        None, description="relevant: only what concerns food safety (the default of county); all (of cfsn and page)"
    )

    @model_validator(mode="before")
    @classmethod
    def _read_moments(cls, values: dict[str, object]) -> dict[str, object]:
        now = datetime.now(UTC)
        for name in ("since", "until"):
            if isinstance(text := values.get(name), str):
                values = {**values, name: read_moment(text, now, end=name == "until")}
        return values

    @model_validator(mode="after")
    def _ordered(self) -> CrawlArguments:
        if self.since and self.until and self.since > self.until:
            raise ValueError(f"since ({self.since:%F %H:%M}) is later than until ({self.until:%F %H:%M})")
        return self


class SiteArguments(CrawlArguments):
    """`county`: which sites."""

    site: Words = Field(min_length=1, description="code, name or pinyin, several by commas: 331121, 青田县, qingtian")


class PageArguments(CrawlArguments):
    """`page`: which addresses."""

    url: Addresses = Field(min_length=1, description="address of an article, several by spaces")

    @field_validator("url")
    @classmethod
    def _absolute(cls, urls: tuple[str, ...]) -> tuple[str, ...]:
        for url in urls:
            parts = urlsplit(url)
            if parts.scheme not in {"http", "https"} or not parts.hostname:
                raise ValueError(f"{url!r} is no web address; write it whole: https://host/path")
            if "@" in parts.netloc:
                raise ValueError("an address with a user name or password is never asked for; leave them out")
        return urls


def explain(error: ValidationError, spider: str, model: type[BaseModel]) -> str:
    """The one sentence (a line per wrong argument) a user gets for `error`."""
    lines = []
    for problem in error.errors():
        name = str(problem["loc"][0]) if problem["loc"] else ""
        known = ", ".join(model.model_fields)
        if problem["type"] == "extra_forbidden":
            lines.append(f"spider {spider} knows no argument {name!r}; it takes {known}")
        elif problem["type"] == "missing":
            lines.append(f"spider {spider} needs -a {name}=…: {model.model_fields[name].description}")
        else:
            message = problem["msg"].removeprefix("Value error, ")
            given = _CREDENTIALS.sub("//***@", str(problem["input"]))
            lines.append(f"-a {name}={given}: {message}" if name else message)
    return "\n".join(lines)
