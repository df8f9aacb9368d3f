"""The libraries users would reach for, each as its documentation uses it: markup and address to title, minute, body."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

Fields = tuple[str | None, str | None, str | None]


def _minute(value: Any) -> str | None:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    return str(value)[:16].replace("T", " ") if value else None


def trafilatura(markup: str, url: str) -> Fields:
    from trafilatura import bare_extraction

    found = bare_extraction(markup, url=url, with_metadata=True)
    return (found.title, _minute(found.date), found.text) if found else (None, None, None)


def newspaper4k(markup: str, url: str) -> Fields:
    from newspaper import Article

    article = Article(url, language="zh", fetch_images=False)
    article.download(input_html=markup)
    article.parse()
    return article.title, _minute(article.publish_date), article.text


def goose3(markup: str, url: str) -> Fields:
    from goose3 import Goose
    from goose3.text import StopWordsChinese

    article = Goose({"stopwords_class": StopWordsChinese, "enable_image_fetching": False}).extract(raw_html=markup)
    return article.title, _minute(article.publish_date), article.cleaned_text


def gne(markup: str, url: str) -> Fields:
    from gne import GeneralNewsExtractor

    found = GeneralNewsExtractor().extract(markup)
    return found["title"], _minute(found["publish_time"]), found["content"]


def newsplease(markup: str, url: str) -> Fields:
    from newsplease import NewsPlease

    found = NewsPlease.from_html(markup, url=url)
    return found.title, _minute(found.date_publish), found.maintext


READERS: dict[str, Callable[[str, str], Fields]] = {
    "trafilatura": trafilatura, "newspaper4k": newspaper4k, "goose3": goose3, "gne": gne, "newsplease": newsplease,
}  # fmt: skip
