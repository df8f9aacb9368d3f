"""What a search page shows, as its address says it: every state of the page is a GET address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from urllib.parse import urlencode

MAX_QUERY_LENGTH = 500
MAX_PAGE = 100
PER_PAGE = 20
SORTS = ("relevance", "newest", "seen")


class StateError(ValueError):
    """An address that can't be understood; `key` names the sentence for the reader (`words.toml`)."""

    def __init__(self, key: str, value: str) -> None:
        super().__init__(f"{key}: {value}")
        self.key, self.value = key, value


@dataclass(frozen=True)
class SearchState:
    """The query `q`, the filters of `scrapy search` by their names, how the stories are sorted and which page."""

    q: str = ""
    since: str = ""
    until: str = ""
    seen_since: str = ""
    changed_since: str = ""
    region: str = ""
    place: str = ""
    site: str = ""
    source: str = ""
    section: str = ""
    type: str = ""
    originals: bool = False
    sort: str = ""
    page: int = 1

    @classmethod
    def read(cls, query: Mapping[str, str]) -> SearchState:
        """The state of a query string. Raises StateError; parameters of other names are left alone."""
        values: dict[str, object] = {}
        for each in fields(cls):
            text = query.get(each.name, "").strip()
            if len(text) > MAX_QUERY_LENGTH:
                raise StateError("long_query", str(MAX_QUERY_LENGTH))
            values[each.name] = text
        page = str(values["page"] or "1")
        if not (page.isascii() and page.isdigit() and 1 <= int(page) <= MAX_PAGE):
            raise StateError("wrong_page", page)
        sort = str(values["sort"])
        if sort and sort not in SORTS:
            raise StateError("wrong_sort", sort)
        values |= {"page": int(page), "originals": values["originals"] in {"1", "true", "on"}}
        return cls(**values)  # type: ignore[arg-type]

    @property
    def order(self) -> str:
        """How the stories are sorted: by relevance if there is a query, else the newest first."""
        return self.sort or ("relevance" if self.q else "newest")

    def filters(self) -> dict[str, object]:
        """The filters that are set, as the Python API names them."""
        skipped = {"q", "sort", "page"}
        return {f.name: value for f in fields(self) if f.name not in skipped and (value := getattr(self, f.name))}

    def active(self) -> list[tuple[str, str]]:
        """(name, value) of each filter that is set, to be shown with a link that removes it."""
        return [(name, "" if value is True else str(value)) for name, value in self.filters().items()]

    def with_(self, **changes: object) -> SearchState:
        """A copy with `changes`, on its first page unless they name another."""
        return replace(self, **{"page": 1, **changes})  # type: ignore[arg-type]

    def query_string(self, language: str = "") -> str:
        """The state as a query string, defaults left out."""
        pairs: list[tuple[str, str]] = []
        for each in fields(self):
            value = getattr(self, each.name)
            if value and value != each.default:
                pairs.append((each.name, "1" if value is True else str(value)))
        if language:
            pairs.append(("lang", language))
        return urlencode(pairs)
