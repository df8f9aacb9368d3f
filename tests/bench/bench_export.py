"""Rows a second and peak memory of `scrapy export`, by format, and of `scrapy db export` and `import`.

    python tests/bench/bench_export.py [ARTICLES] [FOLDER]

Generates the articles (100,000 by default) in an embedded server of its own: in FOLDER, where they stay, so that
generating can be interrupted (`bench_search.py` takes the same folder), else in a temporary one. Then runs each
command as a user would, in a process of its own; memory is that process's largest resident set. Peak memory at a tenth
of the articles stands beside it: flat means that the two are near each other.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pymongo import MongoClient

sys.path.insert(0, str(Path(__file__).resolve().parent))
from seed_articles import seed

from crawler.storage import embedded

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("news.jsonl", "news.jsonl.gz", "news.jsonl.zst", "news.csv", "news.parquet", "news.xlsx")


def measured(environment: dict[str, str], *arguments: str) -> tuple[float, float]:
    """Seconds and megabytes (largest resident set) that `scrapy ARGUMENTS` takes."""
    started = time.monotonic()
    process = subprocess.Popen([sys.executable, "-m", "scrapy", *arguments], cwd=ROOT, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"scrapy {' '.join(arguments)} ended with {process.returncode}")
    return time.monotonic() - started, usage.ru_maxrss / 1024


def size(path: Path) -> float:
    """Megabytes of a file or folder."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files) / 1e6


def main(count: int, kept: str | None) -> None:
    """Seed two databases, and print a line a format."""
    with tempfile.TemporaryDirectory() as folder:
        out, data = Path(folder), Path(kept or f"{folder}/data")
        uri = embedded.ensure_running(data)
        try:
            for name, number in (("whole", count), ("tenth", count // 10)):
                seed(uri, name, number)
            print(f"{'':16}{'rows/s':>10}{'seconds':>10}{'MB file':>10}{'MB peak':>10}{'MB at a tenth':>16}")
            for name in NAMES:
                whole, tenth = environment(uri, "whole"), environment(uri, "tenth")
                _, few = measured(tenth, "export", "-o", str(out / f"tenth-{name}"))
                taken = measured(whole, "export", "-o", str(out / name))
                line(name, count, taken, size(out / name), few)
            move(uri, out, count)
        finally:
            embedded.stop(data)


def move(uri: str, out: Path, count: int) -> None:
    """`scrapy db export`, and `scrapy db import` into another database of the same server."""
    _, few = measured(environment(uri, "tenth"), "db", "export", str(out / "tenth"))
    taken = measured(environment(uri, "whole"), "db", "export", str(out / "dump"))
    line("db export", count, taken, size(out / "dump"), few)
    for name in ("tenth-again", "whole-again"):
        with MongoClient(uri) as client:
            client.drop_database(name)
    _, few = measured(environment(uri, "tenth-again"), "db", "import", str(out / "tenth"))
    taken = measured(environment(uri, "whole-again"), "db", "import", str(out / "dump"))
    line("db import", count, taken, size(out / "dump"), few)


def environment(uri: str, database: str) -> dict[str, str]:
    """The environment of a command on `database`."""
    return {**os.environ, "MONGO_URI": uri, "MONGO_DATABASE": database}


def line(name: str, count: int, taken: tuple[float, float], megabytes: float, few: float) -> None:
    """One row of the table; `taken` as `measured` gives it."""
    seconds, peak = taken
    print(f"{name:16}{count / seconds:10,.0f}{seconds:10.1f}{megabytes:10.1f}{peak:10.0f}{few:16.0f}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000, sys.argv[2] if len(sys.argv) > 2 else None)
