"""How many processes, how long, how large: a simulation of all the county sites of the registry.

`python tests/bench/plan.py [--cpu-ms 5 --crawl-ms 25 --bytes 12000 …]` prints tables in Markdown.
The defaults are placeholders for what the other benchmarks of this folder print on the machine in question; give yours:

--cpu-ms    CPU of one article page from request to store, milliseconds (`crawl/bench_crawl.py`, row "ours, stored")
--list-ms   CPU of one list page
--crawl-ms  CPU of one crawl besides its pages, in a long-lived worker (`bench_workers.py`)
--bytes     bytes an article takes in the store, indexes included (`bench_search.py`)
--kept      share of the articles that are about food safety and stored whole (1: all, `keep=all`)
--wait-ms   how long a site takes to answer

Assumptions, none of them measured on the live sites:
- A site publishes a number of articles a working day that is lognormal over sites (median 8, sigma 0.8: "a handful to
  some dozens"); at weekends a fifth of it.
- A visit asks for robots.txt, the first page of each of 4 sections, one further list page for each 20 new articles, and
  each new article once. Requests to one host stand a second apart, or as long as its answer takes where that is longer.
- Three sites of a hundred are down on a given day: three tries with waits, 40 s in all.
- For the backfill, ten years of 250 working days and 115 others at today's rhythm, 20 articles a list page.
- A process works on one core at 70 % of it, with at most 100 crawls at once.
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
USABLE, AT_ONCE = 0.7, 100


@dataclass(frozen=True)
class Costs:
    """What was measured: seconds of CPU for an article, a list page and a crawl, seconds until a site answers."""

    article: float
    list: float
    crawl: float
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


def finished_after(visits: list[Visit], processes: int) -> float:
    """Seconds until all visits are done, begun in this order, each process with AT_ONCE crawls and its share of a core.

    A crawl lasts as long as its requests' distances, or as its CPU where the core is shared by so many that CPU is what
    lacks; the round lasts as long as its last crawl, and not shorter than its CPU."""
    slots = [0.0] * (processes * AT_ONCE)
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
    return f"{seconds / 3600:.1f} h" if seconds < 48 * 3600 else f"{seconds / 86400:.1f} days"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("cpu-ms", 5.0), ("list-ms", 5.0), ("crawl-ms", 25.0), ("wait-ms", 300.0)):
        parser.add_argument(f"--{name}", type=float, default=default)
    parser.add_argument("--bytes", type=int, default=12_000)
    parser.add_argument("--kept", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    costs = Costs(*(value / 1000 for value in (options.cpu_ms, options.list_ms, options.crawl_ms, options.wait_ms)))
    chance = random.Random(options.seed)
    sites = [site for site in load().sites if site.kind == "county" and site.homepage]
    daily = rhythms(len(sites), chance)
    today = [visit(poisson(mean, chance), costs, down=chance.random() < DOWN_SHARE) for mean in daily]
    whole = [round(mean * YEARS * (WORKING + OTHER * WEEKEND)) for mean in daily]
    # The longest first: a round is as long as its last crawl.
    backfill = [visit(articles, costs) for articles in sorted(whole, reverse=True)]
    print(f"{len(sites)} sites, {sum(daily):,.0f} articles a working day, {sum(whole):,} in ten years\n")
    print(
        "| processes | a daily round | its CPU on one core | ten years | their CPU on one core |\n|---|---|---|---|---|"
    )
    for processes in (1, 2, 4, 8):
        round_, years = finished_after(today, processes), finished_after(backfill, processes)
        cpu = [hours(sum(each.cpu for each in visits)) for visits in (today, backfill)]
        print(f"| {processes} | {hours(round_)} | {cpu[0]} | {hours(years)} | {cpu[1]} |")
    longest = max(backfill, key=lambda each: each.seconds)
    print(f"\nThe busiest site alone takes {hours(longest.seconds)} at a request a second: no backfill is shorter.")
    yearly, stored = (options.kept * n for n in (sum(daily) * (WORKING + OTHER * WEEKEND), sum(whole)))
    print("\n| store after | articles | size |\n|---|---|---|")
    for name, articles in (
        ("a year", yearly),
        ("the backfill", stored),
        ("the backfill and five years", stored + 5 * yearly),
    ):
        print(f"| {name} | {articles / 1e6:.1f} M | {articles * options.bytes / 1e9:,.0f} GB |")


if __name__ == "__main__":
    main()
