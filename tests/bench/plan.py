"""How many processes, how long, how large, sharded by what: a simulation of all the county sites of the registry.

`python tests/bench/plan.py --cpu-ms … --list-ms … --store-ms … --crawl-ms … --bytes …` prints tables in Markdown.

Costs, to be measured on the machine in question by the other benchmarks of this folder; there are no defaults:

--cpu-ms    CPU of one article page from request to store, milliseconds (`crawl/bench_crawl.py`, row "ours, stored")
--list-ms   CPU of one list page (`bench_registry.py`, and the bare download of `crawl/bench_crawl.py`)
--store-ms  CPU of the store's own process for one article (`bench_growth.py`, "server ms/page")
--crawl-ms  CPU of one crawl besides its pages, in a long-lived worker (`bench_workers.py`: a crawl that finds nothing)
--bytes     bytes an article takes in the store, indexes included (the data directory after `bench_growth.py`'s filling)

Assumptions, none of them measured on the live sites:
- A site publishes a number of articles a working day that is lognormal over sites (median 8, sigma 0.8: "a handful to
  some dozens"); at weekends a fifth of it.
- A visit asks for robots.txt, the first page of each of 4 sections, one further list page for each 20 new articles, and
  each new article once. Requests to one host stand a second apart, or as long as its answer takes where that is longer:
  --wait-ms (300).
- Of the pages read, --kept (1: all, `keep=all`) are about food safety and stored whole.
- Three sites of a hundred are down on a given day: three tries with waits, 40 s in all.
- For the backfill, ten years of 250 working days and 115 others at today's rhythm, 20 articles a list page.
- A process works on one core at 70 % of it, with at most --at-once crawls (16, as `scrapy schedule` has it).
- Four shards. Dates of new articles are today's; a look-up that does not name the shard key asks every shard.
"""

from __future__ import annotations

import argparse
import heapq
import random
from dataclasses import dataclass

from crawler.sites.registry import load

MEDIAN, SIGMA, WEEKEND = 8.0, 0.8, 0.2
SECTIONS, PER_LIST, DOWN_SHARE, DOWN_SECONDS = 4, 20, 0.03, 40.0
YEARS, WORKING, OTHER = 10, 250, 115
USABLE = 0.7
SHARDS = 4


@dataclass(frozen=True)
class Costs:
    """What was measured: seconds of CPU for an article, a list page and a crawl, and of the store's for an article.
    `wait` is assumed: seconds until a site answers."""

    article: float
    list: float
    crawl: float
    store: float
    wait: float


@dataclass(frozen=True)
class Visit:
    """One crawl of one site: requests that stand a second apart, and CPU seconds."""

    seconds: float
    cpu: float


def visit(articles: int, costs: Costs, *, down: bool = False) -> Visit:
    """The crawl of a site with so many new articles."""
    if down:
        return Visit(DOWN_SECONDS, costs.crawl)
    lists = SECTIONS + articles // PER_LIST
    seconds = (1 + lists + articles) * max(1.0, costs.wait)
    return Visit(seconds, costs.crawl + lists * costs.list + articles * costs.article)


def finished_after(visits: list[Visit], processes: int, at_once: int) -> float:
    """Seconds until all visits are done, begun in this order, each process with `at_once` crawls on its core.

    A crawl lasts as long as its requests' distances, or as its CPU where the core is shared by so many that CPU is what
    lacks; the round lasts as long as its last crawl, and not shorter than its CPU."""
    slots = [0.0] * (processes * at_once)
    heapq.heapify(slots)
    last = 0.0
    for each in visits:
        end = heapq.heappop(slots) + max(each.seconds, each.cpu / USABLE)
        heapq.heappush(slots, end)
        last = max(last, end)
    return max(last, sum(each.cpu for each in visits) / USABLE / processes)


def rhythms(count: int, chance: random.Random) -> list[float]:
    """Articles a working day, for each site."""
    return [MEDIAN * chance.lognormvariate(0, SIGMA) for _ in range(count)]


def poisson(mean: float, chance: random.Random) -> int:
    """A number of events where `mean` are expected."""
    passed, events = chance.expovariate(1), 0
    while passed < mean:
        events += 1
        passed += chance.expovariate(1)
    return events


def hours(seconds: float) -> str:
    """A length of time in minutes, hours or days."""
    if seconds < 2 * 3600:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 48 * 3600 else f"{seconds / 86400:.1f} days"


def unevenness(weights: list[float], places: list[int]) -> float:
    """How much more the fullest of the shards holds than an even share, where weight i lies on shard places[i]."""
    held = [0.0] * SHARDS
    for weight, place in zip(weights, places, strict=True):
        held[place] += weight
    return max(held) * SHARDS / sum(held)


def shard_keys(daily: list[float], chance: random.Random) -> list[tuple[str, ...]]:
    """What each key does to the shards: how uneven the store gets, and today's writes; how many shards an upsert by
    `_id`, the look-up of a story and a site's latest articles ask; whether a page can be stored twice."""
    sites = [chance.randrange(SHARDS) for _ in daily]
    pages = [chance.randrange(SHARDS) for _ in range(round(sum(daily)))]
    even = unevenness([1.0] * len(pages), pages)
    by_site = unevenness(daily, sites)
    every = str(SHARDS)
    return [
        ("`_id`", f"{even:.2f}", f"{even:.2f}", "1", every, every, "no"),
        ("`site.code`, hashed", f"{by_site:.2f}", f"{by_site:.2f}", every, every, "1", "yes"),
        ("`published_at`", "1.00", f"{SHARDS:.2f}", every, every, every, "yes"),
        ("`site.code`, `published_at`", f"{by_site:.2f}", f"{by_site:.2f}", every, every, "1", "yes"),
    ]


def table(head: str, rows: list[tuple[str, ...]]) -> None:
    """Print rows under `head` (cells parted by |), in Markdown."""
    print(f"\n| {head} |\n{'|---' * len(head.split('|'))}|")
    for row in rows:
        print(f"| {' | '.join(row)} |")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("cpu-ms", "list-ms", "store-ms", "crawl-ms", "bytes"):
        parser.add_argument(f"--{name}", type=float, required=True)
    parser.add_argument("--wait-ms", type=float, default=300.0)
    parser.add_argument("--kept", type=float, default=1.0)
    parser.add_argument("--at-once", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def main() -> None:
    given = arguments()
    measured = (given.cpu_ms, given.list_ms, given.crawl_ms, given.store_ms, given.wait_ms)
    costs = Costs(*(value / 1000 for value in measured))
    chance = random.Random(given.seed)
    sites = [site for site in load().sites if site.kind == "county" and site.homepage]
    daily = rhythms(len(sites), chance)
    today = [poisson(mean, chance) for mean in daily]
    round_ = [visit(articles, costs, down=chance.random() < DOWN_SHARE) for articles in today]
    whole = [round(mean * YEARS * (WORKING + OTHER * WEEKEND)) for mean in daily]
    # The longest first: a round is as long as its last crawl.
    backfill = [visit(articles, costs) for articles in sorted(whole, reverse=True)]
    print(f"{len(sites)} sites, {sum(daily):,.0f} articles a working day, {sum(whole):,} in ten years")
    table(
        "processes | a daily round | ten years",
        [
            (str(number), *(hours(finished_after(visits, number, given.at_once)) for visits in (round_, backfill)))
            for number in (1, 2, 4, 8, 16)
        ],
    )
    table(
        "CPU on one core | a daily round | ten years",
        [
            ("of the crawlers", *(hours(sum(each.cpu for each in visits)) for visits in (round_, backfill))),
            ("of the store", *(hours(sum(numbers) * given.kept * costs.store) for numbers in (today, whole))),
        ],
    )
    longest = max(backfill, key=lambda each: each.seconds)
    print(f"\nThe busiest site alone takes {hours(longest.seconds)} at a request a second: no backfill is shorter.")
    yearly, stored = (given.kept * n for n in (sum(daily) * (WORKING + OTHER * WEEKEND), sum(whole)))
    times = (("a year", yearly), ("the backfill", stored), ("the backfill and five years", stored + 5 * yearly))
    table(
        "store after | articles | size",
        [(name, f"{count / 1e6:.1f} M", f"{count * given.bytes / 1e9:,.0f} GB") for name, count in times],
    )
    table(
        "shard key | fullest shard, of an even share | the same of today's writes | shards an upsert asks "
        "| a story's look-up | a site's latest | can a page be stored twice?",
        shard_keys(daily, chance),
    )
    print(
        "\n`_id` it is: a hash of the address, so that ranges of it fill evenly without a hashed index; the only key "
        "with which an upsert\nasks one shard, and two shards can't hold the same page. Stories are looked up by "
        "fingerprint, which no key serves; readers\nwho ask for a site or a time are few beside the writes."
    )


if __name__ == "__main__":
    main()
