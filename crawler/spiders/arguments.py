"""The arguments (`-a NAME=VALUE`) that all spiders share: declared once, validated with a sentence for people."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from crawler.parsing.dates import parse_user_datetime

_CREDENTIALS = re.compile(r"//[^/\s]*@")


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
                values = {**values, name: parse_user_datetime(text, now, end=name == "until")}
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
                raise ValueError(f"{url!r} is not a URL; include http:// or https://")
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
