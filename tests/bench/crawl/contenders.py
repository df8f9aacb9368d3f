"""The crawls that `bench_crawl.py` compares, each run in a process of its own:
`python contenders.py NAME PORT PAGES DIRECTORY [PART/PARTS] [--at-once] [--sound]` fetches the pages that
DIRECTORY/truth.jsonl lists (of several parts those of its own hosts), writes what it got to DIRECTORY/NAME/PART.jsonl,
and prints one JSON object: pages, began (on the monotonic clock), seconds, cpu (seconds of this process), peak (KB).
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import resource
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from measured import Clock, Results

BARE: dict[str, Any] = {"LOG_LEVEL": "ERROR", "TELNETCONSOLE_ENABLED": False, "ROBOTSTXT_OBEY": False}
"""Scrapy as it comes, silent."""
TUNED: dict[str, Any] = BARE | {
    "ASYNCIO_EVENT_LOOP": "uvloop.Loop",
    "CONCURRENT_REQUESTS": 64,
    "CONCURRENT_ITEMS": 1,
    "COOKIES_ENABLED": False,
    "METAREFRESH_ENABLED": False,
    "RETRY_ENABLED": False,
    "REFERER_ENABLED": False,
    "LOGSTATS_INTERVAL": 0,
    "DOWNLOADER_MIDDLEWARES": {"crawler.middlewares.scrapy_fixes.RawBodyMiddleware": 595},
}
"""The settings that DESIGN §4 measured to pay."""
FAST: dict[str, Any] = {
    "DOWNLOAD_DELAY": 0,
    "AUTOTHROTTLE_ENABLED": False,
    "CONCURRENT_REQUESTS": 64,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 8,
    "LOG_LEVEL": "ERROR",
    "GUARD_ALLOWED": ["127.0.0.0/8"],
}
"""Ours without the waits that real sites are owed; everything else as it is."""
CSS = {"title": "h1::text, h2::text, td.title::text", "time": "meta[name=PubDate]::attr(content)", "body": "p::text"}


def urls(options: argparse.Namespace) -> Iterator[str]:
    """The addresses of the first pages that stand on this part of the hosts; with `sound` without garbled ones."""
    part, parts = map(int, options.part.split("/"))
    with (options.directory / "truth.jsonl").open(encoding="utf-8") as lines:
        for row in map(json.loads, islice(lines, options.pages)):
            if int(row["host"].rpartition(".")[2]) % parts == part - 1 and not (options.sound and row["garbled"]):
                yield f"http://{row['host']}:{options.port}{row['path']}"


def crawl(spider: type, settings: dict[str, Any], results: Results, addresses: list[str], **arguments: Any) -> None:
    """Run a spider to its end; its clock runs from its first request to its end."""
    from scrapy.crawler import CrawlerProcess

    from crawler.middlewares.performance import set_gc_threshold

    process = CrawlerProcess(settings)
    if process.settings.get("GC_THRESHOLD"):
        set_gc_threshold(process.settings)
    process.crawl(spider, addresses=addresses, results=results, **arguments)
    process.start()


Contender = Callable[[list[str], Results, bool], None]
"""Crawls addresses; the flag says whether a spider schedules them at once."""


def bare(settings: dict[str, Any], fields: bool, stored: bool = False) -> Contender:
    """One that downloads alone or picks three fields; `stored`: the fields, or without them what it walks over, go to
    our store."""

    def run(addresses: list[str], results: Results, at_once: bool) -> None:
        from spiders import BareSpider, StoredBareSpider, WalkedBareSpider

        spider = BareSpider if not stored else StoredBareSpider if fields else WalkedBareSpider
        own, arguments = (_of_the_store() if stored else {}), {"fields": CSS if fields else {}, "at_once": at_once}
        crawl(spider, settings | own, results, addresses, **arguments)

    return run


def _of_the_store() -> dict[str, Any]:
    from crawler import settings

    names = {"MONGO_URI", "MONGO_DATABASE", "DATA_DIR", "SPOOL_MAX_BYTES", "SCRAPER_SLOT_MAX_ACTIVE_SIZE"}
    names |= {"STATS_CLASS", "GC_THRESHOLD"}
    own = {name: value for name, value in vars(settings).items() if name in names or name.startswith("STORE_")}
    own["EXTENSIONS"] = {"crawler.storage.extension.CrawlStore": 0}
    return own | {"ITEM_PIPELINES": {"crawler.pipelines.StorePipeline": 400}}


def ours(stored: bool) -> Contender:
    def run(addresses: list[str], results: Results, at_once: bool) -> None:
        from scrapy.utils.project import get_project_settings
        from spiders import OursSpider

        settings = get_project_settings().copy()
        settings.setdict(FAST, priority="cmdline")
        if not stored:
            pipelines = {k: v for k, v in settings.getdict("ITEM_PIPELINES").items() if not k.endswith("StorePipeline")}
            settings.set("ITEM_PIPELINES", pipelines, priority="cmdline")
        crawl(OursSpider, settings, results, addresses, at_once=at_once, keep="all")

    return run


def peer(name: str, threads: int) -> Contender:
    """A library that reads one page at a time, on so many threads."""

    def run(addresses: list[str], results: Results, at_once: bool) -> None:
        from concurrent.futures import ThreadPoolExecutor

        import urllib3
        from peers import READERS

        pool, read = urllib3.PoolManager(num_pools=16, maxsize=8), READERS[name]

        def work(address: str) -> None:
            markup = pool.request("GET", address, headers={"Accept-Encoding": "gzip"}).data.decode("utf-8")
            results.add(address, *read(markup, address))

        results.clock.start()
        with ThreadPoolExecutor(threads) as pool_of_threads:
            list(pool_of_threads.map(work, addresses))
        results.clock.stop()

    return run


PEERS = {
    f"{name}{ending}": (name, threads)
    for name in ("trafilatura", "newspaper4k", "goose3", "gne", "newsplease")
    for ending, threads in (("", 1), (", 8 threads", 8))
}
"""The libraries others use: on one thread, which downloads and reads in turn, and on eight, as many run them; these get
in one another's way, for most of the work is Python's."""
CONTENDERS = {
    "bare": bare(BARE, False),
    "bare tuned": bare(TUNED, False),
    "css": bare(BARE, True),
    "css tuned": bare(TUNED, True),
    "css tuned, stored": bare(TUNED, True, stored=True),
    "bare tuned, walked, stored": bare(TUNED, False, stored=True),
    "ours, stored": ours(True),
    "ours, stored, 2 processes": ours(True),
    "ours, no store": ours(False),
    **{label: peer(*each) for label, each in PEERS.items()},
}
PROCESSES = {"ours, stored, 2 processes": 2}
"""Contenders that run several times at once, each with its part of the hosts: so `scrapy schedule` uses a machine."""
MODULES = {"newspaper4k": ("newspaper", "jieba")}
"""What a peer is imported as, and what it needs for Chinese."""


def installed(name: str) -> bool:
    """Whether this contender can run here."""
    module = "uvloop" if "tuned" in name else PEERS[name][0] if name in PEERS else "scrapy"
    return all(importlib.util.find_spec(each) for each in MODULES.get(module, (module,)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=CONTENDERS)
    parser.add_argument("port", type=int)
    parser.add_argument("pages", type=int)
    parser.add_argument("directory", type=Path)
    parser.add_argument("part", nargs="?", default="1/1")
    parser.add_argument("--at-once", action="store_true")
    parser.add_argument("--sound", action="store_true")
    options = parser.parse_args()
    addresses, folder = list(urls(options)), options.directory / options.name
    folder.mkdir(exist_ok=True)
    with Results(folder / f"{options.part.partition('/')[0]}.jsonl", Clock()) as results:
        CONTENDERS[options.name](addresses, results, options.at_once)
    clock = results.clock
    if not clock.seconds:
        raise SystemExit(f"{options.name} did not run")
    figures = {"pages": len(addresses), "began": clock.began, "seconds": clock.seconds, "cpu": clock.cpu}
    print(json.dumps(figures | {"peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}))


if __name__ == "__main__":
    main()
