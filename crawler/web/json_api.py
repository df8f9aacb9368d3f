"""The HTTP API, version 1: JSON and streamed CSV. Its parameters are those of the search page and of `open_store`."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from crawler.errors import QueryError
from crawler.sites.site import SiteError
from crawler.transfer.columns import choose, projection, row
from crawler.transfer.formats import Csv
from crawler.web.feeds import entity_tag, matches_tag
from crawler.web.reader import Document, Reader
from crawler.web.state import SearchState, StateError

MAX_ITEMS = 100
DEFAULT_ITEMS = 20
MAX_CSV_ROWS = 50_000
_CHUNK = 200
_HIDDEN = frozenset({"fingerprint", "schema_version", "change"})


class ApiError(ValueError):
    """A request that can't be answered: the message says what to change."""

    status = 400


class ApiNotFound(ApiError):
    """There is nothing with this id."""

    status = 404


class JsonApi:
    """The endpoints on what `reader` reads."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader

    def routes(self) -> list[Route]:
        """The routes of the API."""
        return [
            Route("/api/v1/articles", self.articles),
            Route("/api/v1/articles.csv", self.articles_csv),
            Route("/api/v1/articles/{key}", self.article),
            Route("/api/v1/stories/{key}", self.story),
            Route("/api/v1/stats", self.stats),
            Route("/api/v1/samples", self.samples),
            Route("/api/v1/sites", self.sites),
            Route("/api/v1/openapi.json", self.openapi),
        ]

    def articles(self, request: Request) -> Response:
        """Articles, the newest first, `limit` at a time; `next` is the cursor of those behind them, null at the end."""
        keys, matched = self._matching(request)
        limit = _read_limit(request)
        begin = _position(keys, request.query_params.get("cursor", ""))
        page = keys[begin : begin + limit]
        more = begin + limit < len(keys)
        items = [_as_json(document) for document in self.reader.read_documents(page)]
        return _answer(request, {"matched": matched, "items": items, "next": page[-1] if more and page else None})

    def articles_csv(self, request: Request) -> Response:
        """The articles with the columns of `scrapy export`, at most MAX_CSV_ROWS of them."""
        keys, _ = self._matching(request)
        headers = {"Content-Disposition": 'attachment; filename="articles.csv"'}
        return StreamingResponse(self._csv(keys[:MAX_CSV_ROWS]), media_type="text/csv; charset=utf-8", headers=headers)

    def _csv(self, keys: list[str]) -> Iterator[bytes]:
        columns = choose(None)
        buffer = io.BytesIO()
        sheet = Csv(buffer, columns)
        for start in range(0, len(keys), _CHUNK):
            documents = self.reader.read_documents(keys[start : start + _CHUNK], projection(columns))
            sheet.write([row(columns, document) for document in documents])
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
        yield buffer.getvalue()

    def article(self, request: Request) -> Response:
        """One article."""
        documents = self.reader.read_documents([request.path_params["key"]])
        if not documents:
            raise ApiNotFound("there is no article with this id")
        return _answer(request, _as_json(documents[0]))

    def story(self, request: Request) -> Response:
        """The articles of one story, the original first."""
        documents = self.reader.read_story(request.path_params["key"])
        if not documents:
            raise ApiNotFound("there is no story with this id")
        return _answer(request, {"items": [_as_json(document) for document in documents]})

    def stats(self, request: Request) -> Response:
        """How many articles there are, by one or two dimensions: `by=month` or `by=place,month`."""
        state = SearchState.read(request.query_params)
        by = request.query_params.get("by", "month")
        counts = self.reader.count(state, by)
        rows = [[*names, count] for *names, count in counts.rows]
        return _answer(request, {"by": list(counts.by), "articles": counts.articles, "rows": rows})

    def samples(self, request: Request) -> Response:
        """Sampled products, the newest first."""
        names = ("product", "producer", "item", "place", "since", "verdict")
        values = {name: request.query_params.get(name, "") for name in names}
        rows = self.reader.read_samples(values, _read_limit(request))
        return _answer(request, {"items": [{("items" if k == "items_" else k): v for k, v in r.items()} for r in rows]})

    def sites(self, request: Request) -> Response:
        """The state of every site that was ever crawled, the worst first."""
        names = ("code", "name", "verdict", "reasons", "since", "run_at", "newest_at", "ok_at")
        items = [{name: _plain(getattr(row, name)) for name in names} for row in self.reader.read_health()]
        return _answer(request, {"items": items})

    def openapi(self, request: Request) -> Response:
        """This description."""
        return JSONResponse(describe())

    def _matching(self, request: Request) -> tuple[list[str], int]:
        state = SearchState.read(request.query_params)
        keys = self.reader.find_keys(state)
        return keys, len(keys)


def explain_error(error: Exception) -> Response:
    """The JSON answer to a request that can't be answered."""
    status = getattr(error, "status", 400)
    value = error.value or error.key if isinstance(error, StateError) else str(error)
    return JSONResponse({"error": value}, status)


API_ERRORS = (ApiError, StateError, QueryError, SiteError)


def _read_limit(request: Request) -> int:
    text = request.query_params.get("limit", str(DEFAULT_ITEMS))
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MAX_ITEMS):
        raise ApiError(f"limit must be a number from 1 to {MAX_ITEMS}")
    return int(text)


def _position(keys: list[str], cursor: str) -> int:
    """Where the articles behind `cursor`, the id of the last one of a page, begin."""
    if not cursor:
        return 0
    try:
        return keys.index(cursor) + 1
    except ValueError:
        raise ApiError("the cursor is unknown: the article it names does not match any more; begin again") from None


def _as_json(document: Document) -> Document:
    return {name: _plain(value) for name, value in document.items() if name not in _HIDDEN}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value


def _answer(request: Request, content: Any) -> Response:
    response = JSONResponse(content)
    tag = entity_tag(bytes(response.body).decode())
    if matches_tag(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers={"ETag": tag})
    response.headers["ETag"] = tag
    return response


def describe() -> dict[str, Any]:
    """The OpenAPI 3.1 description of the API."""
    skipped = {"page", "sort"}
    filters = [_parameter(each.name, "string") for each in fields(SearchState) if each.name not in skipped]
    limit, cursor = _parameter("limit", "integer"), _parameter("cursor", "string")
    paths = {
        "/api/v1/articles": (JsonApi.articles, [*filters, limit, cursor], "application/json"),
        "/api/v1/articles.csv": (JsonApi.articles_csv, filters, "text/csv"),
        "/api/v1/articles/{key}": (JsonApi.article, [_parameter("key", "string", "path")], "application/json"),
        "/api/v1/stories/{key}": (JsonApi.story, [_parameter("key", "string", "path")], "application/json"),
        "/api/v1/stats": (JsonApi.stats, [*filters, _parameter("by", "string")], "application/json"),
        "/api/v1/samples": (
            JsonApi.samples,
            [_parameter(name, "string") for name in ("product", "producer", "item", "place", "since", "verdict")]
            + [limit],
            "application/json",
        ),
        "/api/v1/sites": (JsonApi.sites, [], "application/json"),
    }
    described = {
        path: {
            "get": {
                "summary": (method.__doc__ or "").strip(),
                "parameters": parameters,
                "responses": {"200": {"description": "The answer", "content": {kind: {}}}},
            }
        }
        for path, (method, parameters, kind) in paths.items()
    }
    about = {"title": "Food-safety news of China", "version": "1"}
    return {"openapi": "3.1.0", "info": about, "paths": described}


def _parameter(name: str, kind: str, place: str = "query") -> dict[str, Any]:
    return {"name": name, "in": place, "required": place == "path", "schema": {"type": kind}}
