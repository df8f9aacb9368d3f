"""How fast a whole crawl is, beside a spider that only downloads and beside the libraries others use:
`python tests/bench/crawl/bench_crawl.py [--pages 5000] [--rounds 3] [--only NAME,NAME] [--at-once] [--sound]` prints a
table in Markdown.

In one run, in turn and each in a process of its own: a bare Scrapy spider and one with three CSS fields, both by
default and tuned, the last also into our store, as does a bare one that walks each page once; ours into an embedded
store of its own, with one process and two, and into none; the peers that are installed (the extra `peers`; they read a
tenth of the pages: they take that long), on one thread and on eight.

Pages come gzipped from `pages.py`, a server process that only hands out prepared bytes. pages/s run from the first
request to the end; CPU is that of the crawling processes, a mean; a title or minute is right when equal, a body where
4-grams agree with F1 ≥ .95. `--sound` leaves out the garbled pages (one in thirty), which take ours several times as
long as the others, and so shows what the median page takes. Scrapy takes requests from `start` one each time the event
loop goes round; with `--at-once` they wait in the scheduler, as those of list pages do.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from contenders import CONTENDERS, PEERS, PROCESSES, installed

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
PEER_SHARE = 10


def grams(text: str) -> Counter[str]:
    text = "".join(text.split())
    return Counter(text[i : i + 4] for i in range(len(text) - 3))


def agreement(one: str, other: str) -> float:
    """F1 of the 4-grams of two texts."""
    left, right = grams(one), grams(other)
    return 2 * (left & right).total() / max(1, left.total() + right.total())


def right_fields(directory: Path, name: str, truth: dict[str, Any]) -> dict[str, int]:
    """How many titles, minutes and bodies a contender got right."""
    counts = {"title": 0, "time": 0, "body": 0}
    for file in (directory / name).iterdir():
        for line in file.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            true = truth["/" + row["url"].split("/", 3)[3]]
            counts["title"] += row["title"] == true["title"]
            counts["time"] += row["time"] == true["time"]
            counts["body"] += agreement(row["body"] or "", true["body"]) >= 0.95
    return counts


def run(name: str, port: int, pages: int, directory: Path, flags: list[str]) -> dict[str, Any]:
    """One round of a contender; those that store write to an embedded store that is filled anew."""
    with tempfile.TemporaryDirectory() as data:
        # The settings of the project are used by ours alone.
        environment = os.environ | {"CRAWLER_DATA": data, "PYTHONPATH": f"{ROOT}:{HERE}"}
        environment |= {"SCRAPY_SETTINGS_MODULE": "crawler.settings"} if name.startswith("ours") else {}
        command = [sys.executable, str(HERE / "contenders.py"), name, str(port), str(pages), str(directory)]
        parts = PROCESSES.get(name, 1)
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        running = [
            subprocess.Popen([*command, f"{part}/{parts}", *flags], env=environment, cwd=data, **pipes)
            for part in range(1, parts + 1)
        ]
        answers = [(process.communicate(), process.returncode) for process in running]
        if "stored" in name:
            stop = [sys.executable, "-m", "scrapy", "db", "stop"]
            subprocess.run(stop, env=environment, cwd=ROOT, check=False, stdout=subprocess.DEVNULL)
        for (_, errors), status in answers:
            if status:
                raise SystemExit(f"{name} failed:\n{errors[-3000:]}")
            if errors.strip():
                print(errors[-2000:], file=sys.stderr)
        return together([json.loads(output.strip().splitlines()[-1]) for (output, _), _ in answers])


def together(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """The figures of processes that ran side by side, as those of one."""
    seconds = max(part["began"] + part["seconds"] for part in parts) - min(part["began"] for part in parts)
    return {"seconds": seconds} | {name: sum(part[name] for part in parts) for name in ("pages", "cpu", "peak")}


def row(name: str, rounds: list[dict[str, Any]], right: dict[str, int]) -> str:
    pages = rounds[0]["pages"]
    speeds = [each["pages"] / each["seconds"] for each in rounds]
    cpu = statistics.median(each["cpu"] / each["pages"] * 1000 for each in rounds)
    peak = statistics.median(each["peak"] for each in rounds) / 1024
    shares = " | ".join(f"{right[field]}/{pages}" if right else "·" for field in ("title", "time", "body"))
    spread = f"{min(speeds):.0f}–{max(speeds):.0f}"
    return f"| {name} | {statistics.median(speeds):.0f} | {spread} | {cpu:.2f} | {peak:.0f} | {shares} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="names of contenders, by commas (`,` in a name is left out)")
    parser.add_argument("--at-once", action="store_true", help="Scrapy's requests wait in the scheduler from the start")
    parser.add_argument("--sound", action="store_true", help="without the garbled pages")
    options = parser.parse_args()
    flags = [flag for flag, given in (("--at-once", options.at_once), ("--sound", options.sound)) if given]
    wanted = options.only.split(",") if options.only else None
    names = [name for name in CONTENDERS if installed(name) and (not wanted or name.replace(",", "") in wanted)]
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        server = subprocess.Popen(
            [sys.executable, str(HERE / "pages.py"), str(options.pages), str(directory / "truth.jsonl")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": f"{ROOT}:{HERE}"},
        )  # fmt: skip
        assert server.stdout
        assert server.stdin
        with server:
            port = int(server.stdout.readline().split()[1])
            rows = (json.loads(line) for line in (directory / "truth.jsonl").open(encoding="utf-8"))
            truth = {each["path"]: each for each in rows}
            results: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
            for _ in range(options.rounds):
                for name in names:
                    pages = options.pages // PEER_SHARE if name in PEERS else options.pages
                    results[name].append(run(name, port, pages, directory, flags))
            server.stdin.close()
        print(
            f"{options.pages} pages, {options.rounds} rounds, {os.cpu_count()} cores, Python {sys.version.split()[0]}\n"
        )
        print("| | pages/s | from–to | CPU ms/page | peak MB | titles | minutes | bodies |\n" + "|---" * 8 + "|")
        for name in names:
            print(row(name, results[name], {} if name.startswith("bare") else right_fields(directory, name, truth)))


if __name__ == "__main__":
    main()
