"""What addresses and saved list pages tell: how many of the counties' list-page addresses name their platform by form
alone, on which of the saved list pages items and next page come out right, and what reading one costs. Reads ../shared;
prints tables.

`python tests/bench/bench_registry.py`
"""

from __future__ import annotations

import json
import statistics
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crawler.parsing.page import Page
from crawler.platforms.detect import detect_by_url
from crawler.platforms.reading import read_list
from crawler.sites.registry import load

SHARED = Path(__file__).resolve().parents[2] / "../shared"
NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
NOWHERE = "http://www.list-demo.gov.cn/x/index.html"
"""Where the pages are read as if they came from whose address nobody noted."""
# How the address of the next page ends, as a person reads it off the page; None where the page has no other.
NEXT = {
    "sites-list_dfa66_announcement": "/index2.html",
    "sites-list_hdzfxxgk_hd_gov_cn_edu": "/zfwj/jinqixxgk/index_1.html",
    "sites-list_hdzfxxgk_hd_gov_cn_index": None,
    "sites-list_jyt_gansu_gov_cn": "/zwgklist_2.shtml",
    "sites-list_news_163_com": None,
    "sites-list_sthjt_jiangxi_gov_cn": "/queryList",
    "sites-list_www_gd_gov_cn_czxx": None,
    "sites-list_www_maoming_gov_cn_qx": None,
    "sites-list_yuanzhou_gov_cn_trs": "/index_1.html",
    "sites-list_zwgk_dingxi_gov_cn_datastore": "&columnid=12377&unitid=38486&webname=%25E5%25AE%259A%25E8%25A5%25BF"
    "%25E5%25B8%2582%25E6%2594%25BF%25E5%25BA%259C%25E4%25BF%25A1%25E6%2581%25AF%25E5%2585%25AC%25E5%25BC%2580%25E5%25B9"
    "%25B3%25E5%258F%25B0&permissiontype=0",
}
# Pages that a script turns without any address in the page, and an answer saved without its question.
NOT_TOLD = {
    "sites-list_ggzyzx_jl_gov_cn": "script",
    "sites-list_gxt_jiangsu_gov_cn_p1": "answer without its question",
    "sites-list_hsqhfunds_announcement": "script",
    "sites-list_netease_rolling_news": "script",
    "sites-list_www_ggzy_gov_cn": "script",
}


def counties(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The counties below `node` of gov_sites.json."""
    for child in node.get("children", ()):
        if child["level"] == "county":
            yield child
        yield from counties(child)


def addresses() -> list[str]:
    """The probed list pages of counties."""
    tree = json.loads((SHARED / "sites/gov_sites.json").read_text("utf-8"))
    found = (county.get("news_list") or {} for province in tree["provinces"] for county in counties(province))
    return [entry["url"] for entry in found if entry.get("url")]


def truths() -> list[dict[str, Any]]:
    """The saved list pages."""
    rows = map(json.loads, (SHARED / "pages/truth.jsonl").read_text("utf-8").splitlines())
    return [row for row in rows if row["kind"] == "list"]


def judge(truth: Mapping[str, Any]) -> tuple[bool, str]:
    """Whether the items are right, and what became of the next page: `right`, `wrong`, or why it can't be told."""
    url = (truth["url"] or NOWHERE).split(" ")[0]
    listing = read_list(Page.from_bytes((SHARED / "pages" / truth["file"]).read_bytes(), url), now=NOW)
    wanted = truth["expected"]
    items = len(listing.items) == wanted["items"]
    if items and listing.items and "first" in wanted:
        titles = listing.items[0].title, listing.items[-1].title
        items = titles == (wanted["first"]["title"], wanted["last"]["title"])
    if truth["id"] in NOT_TOLD:
        return items, NOT_TOLD[truth["id"]]
    ending = NEXT[truth["id"]]
    right = (listing.next is None) if ending is None else bool(listing.next and listing.next.url.endswith(ending))
    return items, "right" if right else "wrong"


def cost(truth: Mapping[str, Any]) -> float:
    """Milliseconds of CPU from the bytes of a list page to its items and next page: the best of ten readings."""
    url, content = (truth["url"] or NOWHERE).split(" ")[0], (SHARED / "pages" / truth["file"]).read_bytes()
    times = []
    for _ in range(10):
        began = time.process_time()
        read_list(Page.from_bytes(content, url), now=NOW)
        times.append(time.process_time() - began)
    return min(times) * 1000


def main() -> None:
    """Print the tables."""
    found = addresses()
    told = Counter(detect_by_url(url) for url in found)
    known = len(found) - told.pop(None, 0)
    print(f"{known} of {len(found)} list-page addresses of counties tell their platform ({known / len(found):.1%})\n")
    print("| platform | addresses |\n|---|---|")
    print("\n".join(f"| {name} | {count} |" for name, count in told.most_common()))
    statuses = Counter((site.kind, site.status) for site in load() if site.kind != "portal")
    print("\n| rows | verified | detected | listed |\n|---|---|---|---|")
    for kind in ("province", "city", "county"):
        print(f"| {kind} | " + " | ".join(str(statuses[kind, s]) for s in ("verified", "detected", "listed")) + " |")
    results = {truth["id"]: judge(truth) for truth in truths()}
    paged = {name: after for name, (_, after) in results.items() if after in {"right", "wrong"}}
    print(f"\nitems right on {sum(items for items, _ in results.values())} of {len(results)} saved list pages")
    print(f"next page right on {sum(after == 'right' for after in paged.values())} of {len(paged)} that tell it")
    for name, (items, after) in results.items():
        if not items or after != "right":
            print(f"  {name}: items {'right' if items else 'WRONG'}, next page: {after}")
    print(f"\n{statistics.median(map(cost, truths())):.1f} ms CPU a list page at the median")


if __name__ == "__main__":
    main()
