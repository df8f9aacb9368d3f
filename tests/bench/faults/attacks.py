"""Hostile pages: one crawl meets all of them, each beside a sound article, and every sound article must be stored."""

from __future__ import annotations

import csv
import json
from datetime import datetime
from itertools import count, pairwise
from pathlib import Path
from typing import Any

from tests.bench.faults.endless import endless
from tests.bench.faults.ground import SITE, Ground, Tried, ground, must
from tests.bench.faults.hostile import BODY, HOST, LIST, Hostile, article, bomb, listing, page, redirects, sends

PRIVATE = [
    *("http://127.0.0.1/", "http://127.0.0.1:27017/", "http://localhost/", "http://0.0.0.0/", "http://10.0.0.1/"),
    *("http://172.16.0.1/", "http://192.168.1.1/", "http://169.254.169.254/latest/meta-data/", "http://100.64.0.1/"),
    *("http://100.100.100.200/latest/meta-data/", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://[fd00::1]/"),
    *("http://2130706433/", "http://0177.0.0.1/", "http://0x7f.1/", "http://127.1/", "http://db.internal/"),
    *("http://224.0.0.1/", "http://user:secret@127.0.0.1/", f"http://{HOST}:6379/", f"https://{HOST}:22/"),
]
OTHER = ["file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1:6379/_INFO", "javascript:alert(1)", "data:,x"]
ENTITIES = (
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd"><!ENTITY b "哈哈">'
    + "".join(f'<!ENTITY b{n} "{f"&b{n - 1 if n else str()};" * 10}">' for n in range(12))
    + "]>"
)
ESCAPES = "\x1b]0;owned\x07\x1b[2J\x1b[31m检查通报\x9b31m\u202e"


def attacks(base: Path) -> list[Tried]:
    """All of them."""
    return [*_pages(base), *endless(base)]


def _hostile_pages(hostile: Hostile) -> dict[str, list[str]]:
    """Fill the site; the paths of the articles by the name of the attack."""
    number = count(1)
    groups: dict[str, list[str]] = {}

    def add(name: str, answer: Any) -> None:
        path = article(next(number))
        hostile.answers[path] = answer
        groups.setdefault(name, []).append(path)

    for target in PRIVATE:
        add("redirect to a private address or foreign port", redirects(target))
        add(
            "the same by meta refresh",
            sends(page("跳转", head=f'<meta http-equiv="refresh" content="0;url={target}">')),
        )
    for target in OTHER:
        add("redirect to a scheme that is not the web's", redirects(target))
    for encoding in ("gzip", "deflate", "br", "zstd", "twice"):
        add("bomb of 300 MB (gzip, deflate, br, zstd, gzip twice)", bomb(encoding))
    add("page of 30 MB", sends(page("大") + b"<p>x</p>" * (30 * 1024 * 128)))
    add("XML bomb and external entity", sends(ENTITIES.encode() + page("实体", "&x;&b11;" + BODY)))
    add("200,000 nested elements, 300,000 links", sends(page("深", "<div>" * 200_000 + BODY)))
    add("200,000 nested elements, 300,000 links", sends(page("链", '<a href="/x.html">x</a>' * 300_000)))
    add("8 MB of line breaks", sends(page("行", "<br>" * 2_000_000)))
    loop = article(next(number))
    hostile.answers[loop] = redirects(loop)
    further = [f"{loop}?n={n}" for n in range(50)]
    hostile.answers |= {at: redirects(to) for at, to in pairwise(further)}
    groups["endless redirect (circle, chain)"] = [loop, further[0]]
    add("terminal escapes, formulas and script in a title", sends(page(ESCAPES, f"甲{BODY}")))
    add("terminal escapes, formulas and script in a title", sends(page("=cmd|' /C calc'!A0", f"乙{BODY}乙乙")))
    add(
        "terminal escapes, formulas and script in a title",
        sends(page("&lt;script&gt;alert(1)&lt;/script&gt;通报", f"丙丙{BODY}丙")),
    )
    return groups


def _pages(base: Path) -> list[Tried]:
    with ground(base, "attacks") as here, Hostile() as hostile:
        groups = _hostile_pages(hostile)
        sound = [article(5000 + n) for n in range(20)]
        hostile.answers |= {path: sends(page(f"食堂检查第{n}号", f"{n}{BODY}{n}")) for n, path in enumerate(sound)}
        wicked = [path for paths in groups.values() for path in paths]
        links = wicked[: len(wicked) // 2] + sound + wicked[len(wicked) // 2 :]
        private = [*PRIVATE, "file:///etc/passwd", "javascript:alert(1)", f"http://{HOST}/{'x' * 5000}.html"]
        hostile.answers[LIST] = sends(listing([*links, *private]))
        result = here.finish(
            *SITE,
            proxy=hostile.address,
            DOWNLOAD_DELAY=0,
            CIRCUIT_BREAKER_TIMEOUTS=1000,
            CIRCUIT_BREAKER_ERRORS=1000,
            DOWNLOAD_TIMEOUT=5,
            RETRY_TIMES=1,
            LOG_LEVEL="INFO",
        )
        must(not hostile.leaked, f"requests left: {hostile.leaked[:3]}")
        must("secret" not in result.stderr, "a password is in the log")
        must("\x1b" not in result.stderr, "a terminal escape is in the log")
        must("Traceback" not in result.stderr, f"a traceback: {result.stderr[-800:]}")
        kept, rejected = _outcome(here)
        urls = {f"http://{HOST}{path}" for path in sound}
        must(urls <= set(kept), f"{len(urls - set(kept))} sound articles are missing: {result.stderr[-500:]}")
        text = json.dumps(list(kept.values()), ensure_ascii=False, default=str)
        must("root:" not in text and "内网页面" not in text, "something private was stored")
        must("\x1b" not in text and "\\u001b" not in text, "a terminal escape was stored")
        rows = [_row(name, paths, kept, rejected) for name, paths in groups.items()]
        must(0 < here.peak < 400, f"the crawl took {here.peak:.0f} MB")
        rows.append(Tried("memory of the crawl that met all of these", 1, f"at most {here.peak:.0f} MB"))
        return [*rows, _shown(here, len(kept))]


def _shown(here: Ground, articles: int) -> Tried:
    """What the hostile titles do in a terminal, a spreadsheet and a browser."""
    health = here.folder / "health.html"
    commands = [
        ("search", "检查", "--limit", str(articles)),
        ("export", "检查", "-o", str(here.folder / "news.csv")),
        ("runs",),
        ("health", "--html", str(health)),
        ("duplicates",),
    ]
    said = "".join(done.stdout + done.stderr for done in (here.scrapy(*command) for command in commands))
    table = (here.folder / "news.csv").read_text("utf-8-sig")
    with (here.folder / "news.csv").open(encoding="utf-8-sig", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    must("calc" in table and "alert(1)" in table, "the hostile titles are not in the table")
    must(not any(cell.startswith(("=", "+", "@")) for cell in cells), "a cell of the table is a formula")
    must(not set("\x1b\x07\x9b\u202e") & set(said + table + health.read_text("utf-8")), "a terminal escape is shown")
    must("<script" not in health.read_text("utf-8"), "a script is in the health page")
    return Tried("the same in search, CSV, runs, health page and duplicates", len(commands), "inert")


def _outcome(here: Ground) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    with here.articles() as articles:
        kept = {row["url"]: {k: v for k, v in row.items() if not isinstance(v, datetime)} for row in articles.find({})}
        rejected = {row["url"]: row["reason"] for row in articles.database["rejects"].find({})}
    return kept, rejected


def _row(name: str, paths: list[str], kept: dict[str, Any], rejected: dict[str, str]) -> Tried:
    ends: dict[str, int] = {}
    lost = []
    for path in paths:
        url = f"http://{HOST}{path}"
        end = rejected.get(url) or ("stored, inert" if url in kept else "")
        if not end:
            lost.append(f"no trace of {path}")
        ends[end] = ends.get(end, 0) + 1
    return Tried(name, len(paths), ", ".join(f"{end} {n}" for end, n in sorted(ends.items())), lost)
