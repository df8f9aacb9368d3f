"""The web application: routes, errors, feeds and files. `scrapy serve` runs it under uvicorn."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

from pymongo.errors import PyMongoError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from crawler.errors import StoreError
from crawler.web import feeds
from crawler.web.guard import Guard, GuardOptions, Scope
from crawler.web.json_api import API_ERRORS, JsonApi, explain_error
from crawler.web.metrics import CONTENT_TYPE, write_metrics
from crawler.web.pages import PageNotFound, Pages, choose_language, translate
from crawler.web.reader import Reader
from crawler.web.state import SearchState, StateError

logger = logging.getLogger(__name__)

FEED_ENTRIES = 50


@dataclass(frozen=True)
class WebOptions:
    """`base_url`: the address by which readers reach the page, for feeds; `full_text` as in `Pages`; `data`: the data
    directory, for the size of the spool."""

    base_url: str
    full_text: str = "all"
    data: Path = Path("data")
    guard: GuardOptions = field(default_factory=lambda: GuardOptions(frozenset({"127.0.0.1", "localhost", "[::1]"})))


def create_app(reader: Reader, options: WebOptions) -> Guard:
    """The ASGI application on what `reader` reads."""
    pages = Pages(reader, options.full_text)
    routes = [
        Route("/", pages.home),
        Route("/search", pages.search),
        Route("/save", pages.save),
        Route("/a/{key}", pages.article),
        Route("/samples", pages.samples),
        Route("/places", pages.places),
        Route("/places/{code}", pages.place),
        Route("/status", pages.status),
        Route("/about", pages.about),
        Route("/feeds/search.atom", partial(search_feed, reader=reader, options=options)),
        Route("/feeds/saved.opml", partial(saved_feeds, reader=reader, options=options)),
        Route("/metrics", partial(metrics, reader=reader, options=options)),
        Route("/healthz", partial(health, reader=reader)),
        Route("/static/{name}", static),
        *JsonApi(reader).routes(),
    ]
    handlers: dict[Any, Callable[..., Any]] = {
        HTTPException: partial(_http_error, pages=pages),
        PageNotFound: lambda request, error: pages.error(request, 404, error.key),
        **dict.fromkeys(API_ERRORS, partial(_wrong_request, pages=pages)),
        StoreError: partial(_unavailable, pages=pages),
        PyMongoError: partial(_unavailable, pages=pages),
    }
    return Guard(Starlette(routes=routes, exception_handlers=handlers), options.guard, _explain)


def search_feed(request: Request, reader: Reader, options: WebOptions) -> Response:
    """`/feeds/search.atom`: the newest articles of a search, by when we found or last changed them."""
    state = SearchState.read(request.query_params).with_(sort="seen")
    result = reader.search(state)
    page = f"{options.base_url}/search?{state.query_string()}"
    texts = reader.read_texts(hit.article["_id"] for hit in result.hits[:FEED_ENTRIES])
    entries = [_entry(article, options) for article in texts.values()]
    title = f"{state.q or '最新收录'} · 食品安全资讯"
    updated = datetime(2000, 1, 1, tzinfo=UTC)
    body = feeds.atom(title, f"{options.base_url}{_path_and_query(request)}", page, entries, updated)
    tag = feeds.entity_tag(body)
    headers = {"ETag": tag, "Cache-Control": "private, max-age=300"}
    if feeds.matches_tag(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=feeds.ATOM, headers=headers)


def _entry(article: dict[str, Any], options: WebOptions) -> feeds.FeedEntry:
    updated = max(article["first_seen_at"], article.get("changed_at") or article["first_seen_at"])
    return feeds.FeedEntry(
        id=f"urn:food-safety:article:{article['_id']}",
        title=article["title"],
        url=article["url"],
        page=f"{options.base_url}/a/{article['_id']}",
        updated=updated,
        published=article.get("published_at"),
        author=article.get("source") or (article.get("site") or {}).get("name") or "?",
        text=(article.get("body") or "")[:2000],
    )


def _path_and_query(request: Request) -> str:
    # A feed's address must not carry the token of whoever reads it.
    pairs = [(name, value) for name, value in request.query_params.multi_items() if name != "token"]
    return str(request.url.replace(scheme="", netloc="").remove_query_params("token")) if pairs else request.url.path


def saved_feeds(request: Request, reader: Reader, options: WebOptions) -> Response:
    """`/feeds/saved.opml`: the feeds of the saved searches."""
    outlines = [(name, f"{options.base_url}/feeds/search.atom?{query}") for name, query in reader.saved_searches()]
    return Response(feeds.opml("食品安全资讯", outlines), media_type=feeds.OPML)


def health(request: Request, reader: Reader) -> Response:
    """`/healthz`: 200 if the database answers, else 503."""
    try:
        reader.database.command("ping")
    except PyMongoError as error:
        return JSONResponse({"status": "unavailable", "reason": type(error).__name__}, 503)
    return JSONResponse({"status": "ok"})


def metrics(request: Request, reader: Reader, options: WebOptions) -> Response:
    """`/metrics` for Prometheus."""
    return Response(write_metrics(reader.database, options.data), media_type=CONTENT_TYPE)


def static(request: Request) -> Response:
    """`/static/<name>`: the style sheet and the icon, by their names alone."""
    kinds = {"style.css": "text/css; charset=utf-8", "icon.svg": "image/svg+xml"}
    name = request.path_params["name"]
    if name not in kinds:
        raise PageNotFound("not_found")
    body = (files("crawler.web") / "static" / name).read_bytes()
    return Response(body, media_type=kinds[name], headers={"Cache-Control": "public, max-age=3600"})


def _http_error(request: Request, error: HTTPException, pages: Pages) -> Response:
    if error.status_code == 404:
        return pages.error(request, 404, "not_found")
    return PlainTextResponse(error.detail, error.status_code)


def _wrong_request(request: Request, error: Exception, pages: Pages) -> Response:
    if request.url.path.startswith("/api/"):
        return explain_error(error)
    if isinstance(error, StateError):
        return pages.error(request, 400, error.key, value=error.value)
    return pages.error(request, 400, "wrong_query", value=str(error))


def _unavailable(request: Request, error: Exception, pages: Pages) -> Response:
    logger.error("The database is unavailable: %s", error)
    if request.url.path.startswith("/api/"):
        return JSONResponse({"error": "the database is unavailable; try again later"}, 503)
    return pages.error(request, 503, "store_unavailable")


def _explain(status: int, key: str, scope: Scope) -> tuple[str, bytes]:
    """A refusal in plain text: it must not depend on anything that may be broken."""
    accepted = dict(scope["headers"]).get(b"accept-language", b"").decode("latin-1")
    sentence = translate(key, choose_language(None, accepted))
    return "text/plain; charset=utf-8", f"{status} {sentence}\n".encode()
