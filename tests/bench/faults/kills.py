"""`kill -9` at random moments, of the crawler, of the store, of both."""

from __future__ import annotations

import random
import subprocess
import time
from pathlib import Path

from tests.bench.faults.ground import Ground, Tried, ground, must

ROUNDS_OF_ONE_CRAWL = 3
"""Kills before the crawl may end: the third finds what two others left."""


def kills(base: Path, what: str, times: int, seed: int) -> Tried:
    """`times` kills of `crawler`, `store` or `both`."""
    chance = random.Random(f"{seed} {what}")
    row = Tried(f"`kill -9` of {'the ' if what != 'both' else ''}{what}, at random moments")
    landed = 0
    while row.times < times:
        with ground(base, f"{what} {row.times}") as here:
            here.stored()
            acknowledged: set[str] = set()
            for _ in range(min(ROUNDS_OF_ONE_CRAWL, times - row.times)):
                process = here.start(DOWNLOAD_DELAY=0.05)
                acknowledged |= _one(here, what, process, chance)
                landed += process.returncode != 0
                row.times += 1
            last = here.finish()
            must(last.returncode == 0, f"the last crawl failed: {last.stderr[-500:]}")
            here.check(acknowledged)
    row.outcome = "the same command again completes the crawl; every article once"
    return row


def _one(here: Ground, what: str, process: subprocess.Popen[str], chance: random.Random) -> set[str]:
    """One kill, after a start of 1 s and up to 2 s of crawling; the articles that were in the store just before."""
    try:
        time.sleep(1.0 + 2.0 * chance.random())
        seen = here.stored()
        if what in {"store", "both"}:
            here.kill_store()
        if what in {"crawler", "both"}:
            process.kill()
            process.wait()
        else:
            must(process.wait(120) == 0, f"the crawl did not survive the store: {here.log[-500:]}")
    finally:
        process.kill()
        process.wait()
    return seen | here.stored()
