"""The articles behind the cookbook, and its answers.

python -m tests.docs.cookbook load      store the articles of cookbook.toml in the database `cookbook`
python -m tests.docs.cookbook update    run everything in the cookbook and write today's answers into it
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib
import io
import shlex
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from scrapy.utils.project import get_project_settings

from crawler import open_store as open_articles
from crawler.items import Article, Attachment
from crawler.parsing.urls import article_id, canonical_url
from crawler.pipelines import clean_article, rated
from crawler.sites.places import find_places
from crawler.sites.registry import load as load_registry
from crawler.sites.site import Site
from crawler.storage import embedded
from crawler.storage.store import connect, open_store
from crawler.storage.writer import ArticleWriter
from crawler.text.document_type import document_type
from crawler.text.fingerprint import content_hash, fingerprint

HERE = Path(__file__).resolve().parent
DATABASE = "cookbook"
COOKBOOK = HERE.parents[1] / "crawler" / "docs" / "cookbook.md"
_UNDATED = datetime(2026, 6, 1, 2, 0, tzinfo=UTC)


async def load_articles(uri: str, database: str) -> None:
    """Store the articles and rejects of `cookbook.toml` in `database`."""
    content = tomllib.loads((HERE / "cookbook.toml").read_text(encoding="utf-8"))
    sites = {site.code: site for site in load_registry()}
    store = await open_store(uri, database, None)
    writer = ArticleWriter(store, on_outcome=lambda *told: None)
    for row in content["article"]:
        await writer.add(_document(row, sites[row["site"]], row["body"], timedelta(hours=1)))
    await writer.flush()
    for row in content["article"]:
        if "then" in row:
            await writer.add(_document(row, sites[row["site"]], row["then"], timedelta(days=2)))
    for row in content["reject"]:
        site = sites[row["site"]].as_publisher()
        await writer.add_reject({**row, "site": site, "run": "run-1", "seen_at": _UNDATED})
    await writer.close()
    await store.close()


def _document(row: dict[str, Any], site: Site, body: str, later: timedelta) -> dict[str, Any]:
    published = row.get("published")
    url = f"{site.homepage}{row['path']}.html"
    item = Article(url, canonical_url(url), site.as_publisher(), "要闻", title=row["title"], body=body.strip())
    item.source, item.platform, item.run = row["source"], site.platform, "run-1"
    item.published_at = published.astimezone(UTC) if published else None
    item.published_precision = row.get("precision", "minute") if published else None
    item.attachments = [Attachment(f"{url}/{number}", name) for number, name in enumerate(row.get("attachments", ()))]
    item = clean_article(item)
    item.relevance = rated(item).as_dict()
    item.document_type = document_type(item.title).as_dict()
    named = find_places(item.title, item.body, item.site)
    item.places, item.place_codes = named.names, named.codes
    item.content_hash, item.fingerprint = content_hash(item.title, item.body), fingerprint(item.title, item.body)
    item.fetched_at = (item.published_at or _UNDATED) + later
    return {"_id": article_id(canonical_url(url)), **asdict(item)}


@dataclass
class Block:
    """A fenced block of the cookbook: its language, its first line, and the line after its last."""

    language: str
    start: int
    end: int


def blocks(lines: list[str]) -> Iterator[Block]:
    """The fenced blocks of Markdown, without the fences."""
    language, start = None, 0
    for number, line in enumerate(lines):
        if not line.startswith("```"):
            continue
        if language is None:
            language, start = line[3:], number + 1
        else:
            yield Block(language, start, number)
            language = None


def render(lines: list[str], uri: str, database: Any, data: Path) -> list[str]:
    """The cookbook's `lines` with every output as it is now: the lines after `$ scrapy …` in a `sh` block, and the
    `text` block after a `python` block. `data` is the data folder, for the search index."""
    rendered, done, printed = [], 0, None
    for block in blocks(lines):
        rendered += lines[done : block.start]
        inside = lines[block.start : block.end]
        if block.language == "sh" and any(line.startswith("$ ") for line in inside):
            inside = list(_shell([line for line in inside if line.startswith("$ ")], uri, database.name, data))
        elif block.language == "python":
            printed = _python("\n".join(inside), uri, database, data)
        elif block.language == "text" and printed is not None:
            inside, printed = printed.splitlines(), None
        rendered += inside
        done = block.end
    return rendered + lines[done:]


def _shell(commands: list[str], uri: str, database: str, data: Path) -> Iterator[str]:
    for command in commands:
        yield command
        yield from scrapy(shlex.split(command)[2:], uri, database, data).splitlines()


def _python(code: str, uri: str, database: Any, data: Path) -> str:
    names = {name: database[name] for name in ("articles", "revisions", "rejects")} | {"db": database}
    with contextlib.redirect_stdout(io.StringIO()) as printed, open_articles(uri, database.name, data) as store:
        exec(compile(code, str(COOKBOOK), "exec"), names | {"store": store})
    return printed.getvalue()


def scrapy(arguments: list[str], uri: str, database: str, data: Path) -> str:
    """What `scrapy ARGUMENTS` prints on standard output, run in this process: thirty starts would take half a
    minute."""
    from scrapy.cmdline import ScrapyArgumentParser
    from scrapy.commands import ScrapyHelpFormatter

    command = importlib.import_module(f"crawler.commands.{arguments[0]}").Command()
    settings = get_project_settings()
    settings.setdict({"MONGO_URI": uri, "MONGO_DATABASE": database, "DATA_DIR": str(data)}, priority="cmdline")
    command.settings = settings
    parser = ScrapyArgumentParser(formatter_class=ScrapyHelpFormatter, conflict_handler="resolve")
    command.add_options(parser)
    options, rest = parser.parse_known_args(arguments[1:])
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="utf-8", write_through=True)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()) as errors:
        command.run(rest, options)
    if command.exitcode:
        raise AssertionError(f"scrapy {shlex.join(arguments)} ended with {command.exitcode}: {errors.getvalue()}")
    return raw.getvalue().decode()


def load() -> None:
    """Store the articles in the database DATABASE of MONGO_URI, or of the embedded server, after emptying it."""
    settings = get_project_settings()
    uri = settings["MONGO_URI"] or embedded.ensure_running(embedded.data_dir(settings["DATA_DIR"]))
    with connect(uri, None) as client:
        client.drop_database(DATABASE)
    asyncio.run(load_articles(uri, DATABASE))
    print(f"The articles of the cookbook are in the database {DATABASE}: MONGO_DATABASE={DATABASE} scrapy search 米粉")


def update() -> None:
    """Write today's answers into the cookbook, for a person to compare with the old ones."""
    with tempfile.TemporaryDirectory() as directory:
        uri = embedded.ensure_running(Path(directory))
        try:
            asyncio.run(load_articles(uri, DATABASE))
            lines = COOKBOOK.read_text(encoding="utf-8").splitlines()
            with connect(uri, None) as client:
                rendered = render(lines, uri, client[DATABASE], Path(directory))
            COOKBOOK.write_text("\n".join(rendered) + "\n", encoding="utf-8")
        finally:
            embedded.stop(Path(directory))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.docs.cookbook", description="The cookbook's articles.")
    parser.add_argument("action", choices=("load", "update"))
    {"load": load, "update": update}[parser.parse_args().action]()


if __name__ == "__main__":
    main()
