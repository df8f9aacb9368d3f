"""The pages: one method each, from a request to HTML. They read through `Reader`; all HTML is in the templates."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from crawler.parsing.date_forms import CST
from crawler.web import charts
from crawler.web.reader import Reader
from crawler.web.state import SORTS, SearchState, StateError

# --- Words in Chinese and English: `words.toml`, and the choice between them ---

LANGUAGES = ("zh", "en")


@cache
def load_words() -> Mapping[str, Mapping[str, str]]:
    """`{key: {"zh": …, "en": …}}`."""
    return tomllib.loads((files("crawler.web") / "words.toml").read_text("utf-8"))


def translate(key: str, language: str, **values: object) -> str:
    """The words for `key` with `values` filled in. Raises KeyError for an unknown key: a test renders every page."""
    text = load_words()[key][language]
    return text.format(**values) if values else text


def choose_language(asked: str | None, accept_language: str) -> str:
    """The language of the switch (`?lang=`), else the one that `Accept-Language` prefers (RFC 9110 §12.5.4), else
    Chinese."""
    if asked in LANGUAGES:
        return asked
    best, best_weight = "zh", 0.0
    for part in accept_language.split(","):
        tag, _, parameters = part.strip().partition(";")
        language = tag.strip().lower().partition("-")[0]
        try:
            weight = float(parameters.strip().removeprefix("q=") or 1)
        except ValueError:
            weight = 0.0
        if language in LANGUAGES and weight > best_weight:
            best, best_weight = language, weight
    return best


MAX_PARAGRAPHS = 2000
EXCERPT_LENGTH = 300


class PageNotFound(Exception):
    """There is nothing at this address; `key` names the sentence for the reader."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def format_day(moment: datetime | None) -> str:
    """The day in China Standard Time; nothing for None."""
    return f"{moment.astimezone(CST):%Y-%m-%d}" if moment else ""


def format_minute(moment: datetime | None) -> str:
    """The minute in China Standard Time; nothing for None."""
    return f"{moment.astimezone(CST):%Y-%m-%d %H:%M}" if moment else ""


def is_safe_link(url: str | None) -> bool:
    """Whether a link of the stored data may be followed: http and https only."""
    try:
        return bool(url) and urlsplit(str(url)).scheme in {"http", "https"}
    except ValueError:
        return False


@pass_context
def _words(context: Context, key: str, **values: object) -> str:
    return translate(key, context["lang"], **values)


@pass_context
def _link(context: Context, path: str, query: str = "") -> str:
    parts = [query, f"lang={context['lang_asked']}" if context["lang_asked"] else ""]
    joined = "&".join(filter(None, parts))
    return f"{path}?{joined}" if joined else path


def make_environment() -> Environment:
    """The templates, autoescaped; an unknown name is an error."""
    environment = Environment(
        loader=PackageLoader("crawler.web"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.globals["t"] = _words
    environment.globals["link"] = _link
    environment.filters |= {
        "day": format_day,
        "minute": format_minute,
        "iso": lambda moment: moment.isoformat(),
        "safe_link": is_safe_link,
    }
    return environment


class Pages:
    """The pages of one store. `full_text`: `all`, `government` (only texts of government sites) or `none`."""

    def __init__(self, reader: Reader, full_text: str) -> None:
        self.reader = reader
        self.full_text = full_text
        self.environment = make_environment()

    def render(self, request: Request, name: str, status: int = 200, **values: Any) -> HTMLResponse:
        """A page in the reader's language."""
        asked = request.query_params.get("lang")
        language = choose_language(asked, request.headers.get("accept-language", ""))
        other = "en" if language == "zh" else "zh"
        context = {
            "lang": language,
            "lang_asked": asked if asked == language else "",
            "here": request.url.path,
            "switch": str(request.url.include_query_params(lang=other).replace(scheme="", netloc="")),
            **values,
        }
        html = self.environment.get_template(name).render(context)
        return HTMLResponse(html, status, {"Vary": "Accept-Language", "Content-Language": language})

    def error(self, request: Request, status: int, key: str, **values: object) -> Response:
        """A plain page that says what is wrong."""
        language = choose_language(request.query_params.get("lang"), request.headers.get("accept-language", ""))
        return self.render(request, "error.html", status, sentence=translate(key, language, **values))

    def home(self, request: Request) -> Response:
        """`/`."""
        today = self.reader.read_today()
        hits = self.reader.search(SearchState(sort="seen")).hits if today.articles else ()
        language = choose_language(request.query_params.get("lang"), request.headers.get("accept-language", ""))
        rows = [(day, count, f"/search?sort=seen&seen_since={day}") for day, count in today.days]
        return self.render(
            request,
            "home.html",
            state=SearchState(),
            today=today,
            hits=hits,
            chart=charts.bars(rows, translate("by_day", language)),
            samples=self.reader.read_samples({"verdict": "fail"}, 8),
            saved=self.reader.saved_searches(),
        )

    def search(self, request: Request) -> Response:
        """`/search`: every state of it is a GET address."""
        language = choose_language(request.query_params.get("lang"), request.headers.get("accept-language", ""))
        state, found, sentence, status = SearchState(), None, "", 200
        try:
            state = SearchState.read(request.query_params)
            found = self.reader.search(state)
        except StateError as error:
            sentence, status = translate(error.key, language, value=error.value), 400
        months = found.months if found else ()
        rows = [
            (month, count, "/search?" + state.with_(since=month + "-01", until=_last_day(month)).query_string())
            for month, count in months
        ]
        return self.render(
            request,
            "search.html",
            status,
            state=state,
            found=found,
            sentence=sentence,
            sorts=SORTS,
            chart=charts.bars(rows, translate("by_month", language)),
        )

    def save(self, request: Request) -> Response:
        """`/save`: the lines of watches.toml for a search."""
        state = SearchState.read(request.query_params)
        return self.render(request, "save.html", state=state, toml=watch_lines(state))

    def article(self, request: Request) -> Response:
        """`/a/<id>`."""
        page = self.reader.read_article(request.path_params["key"])
        if page is None:
            raise PageNotFound("no_article")
        article = page.article
        paragraphs = (article.get("body") or "").split("\n")[:MAX_PARAGRAPHS]
        excerpt = self._is_excerpt(article)
        if excerpt:
            text = " ".join(paragraphs)
            paragraphs = [text[:EXCERPT_LENGTH] + ("…" if len(text) > EXCERPT_LENGTH else "")]
        restored = {name: count for name, count in (article.get("restored") or {}).items() if isinstance(count, int)}
        return self.render(
            request,
            "article.html",
            article=article,
            paragraphs=paragraphs,
            excerpt=excerpt,
            story=page.story,
            versions=() if excerpt else page.versions,
            samples=page.samples,
            restored=", ".join(f"{name} {count}" for name, count in restored.items() if count),
            safe_url=article["url"] if is_safe_link(article["url"]) else "",
            loop_head=lambda table, row: row is table["rows"][0] and len(table["rows"]) > 1,
        )

    def _is_excerpt(self, article: Mapping[str, Any]) -> bool:
        kind = (article.get("site") or {}).get("kind")
        return self.full_text == "none" or (self.full_text == "government" and kind in {None, "portal"})

    def samples(self, request: Request) -> Response:
        """`/samples`."""
        names = ("product", "producer", "item", "place", "since", "verdict")
        values = {name: request.query_params.get(name, "").strip()[:500] for name in names}
        return self.render(request, "samples.html", values=values, samples=self.reader.read_samples(values, 200))

    def places(self, request: Request) -> Response:
        """`/places`: a tile a province."""
        language = choose_language(request.query_params.get("lang"), request.headers.get("accept-language", ""))
        counts, urls = self.reader.count_provinces()
        return self.render(request, "places.html", chart=charts.tiles(counts, urls, translate("place_map", language)))

    def place(self, request: Request) -> Response:
        """`/places/<code>`."""
        place = self.reader.read_place(request.path_params["code"])
        if place is None:
            raise PageNotFound("no_place")
        language = choose_language(request.query_params.get("lang"), request.headers.get("accept-language", ""))
        rows = [
            (month, count, f"/search?sort=newest&site={place.code}&since={month}-01&until={_last_day(month)}")
            for month, count in place.months
        ]
        return self.render(request, "place.html", place=place, chart=charts.bars(rows, translate("by_month", language)))

    def status(self, request: Request) -> Response:
        """`/status`."""
        return self.render(request, "status.html", runs=self.reader.read_runs(50), health=self.reader.read_health())

    def about(self, request: Request) -> Response:
        """`/about`."""
        listed, crawled, last = self.reader.read_coverage()
        return self.render(request, "about.html", listed=listed, crawled=crawled, last_run=format_minute(last) or "–")


def watch_lines(state: SearchState) -> str:
    """The search as an entry of watches.toml."""
    lines = ["[new-watch]", f"query = {_toml(state.q)}"]
    lines += [f"{name} = {'true' if value is True else _toml(str(value))}" for name, value in state.filters().items()]
    return "\n".join([*lines, 'when = "daily 08:00"', 'tell = ["feed"]', ""])


def _toml(text: str) -> str:
    escaped = "".join(c if c >= " " and c not in '"\\\x7f' else f"\\u{ord(c):04x}" for c in text)
    return f'"{escaped}"'


def _last_day(month: str) -> str:
    year, number = map(int, month.split("-"))
    following = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC)
    return f"{datetime.fromtimestamp(following.timestamp() - 86_400, UTC):%Y-%m-%d}"
