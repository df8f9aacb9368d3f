"""`kill -9` at random moments, of the crawler, of the store, of both."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from pathlib import Path

from tests.bench.faults.ground import Ground, Tried, ground, must, until

ROUNDS = {"crawler": 3, "store": 1, "both": 3}
"""Kills before the crawl may end: the third finds what two others left. A crawl outlives its store, and leaves
nothing to be lost by a second kill."""
MAX_TRIES = 3
"""Of each kill: a crawl that ended before it was to be killed is no kill, and is tried again."""


def kills(base: Path, what: str, times: int, seed: int) -> Tried:
    """`times` kills of `crawler`, `store` or `both`, each while a crawl was under way. Raises Failed."""
    chance = random.Random(f"{seed} {what}")
    row = Tried(f"`kill -9` of {'the ' if what != 'both' else ''}{what}, at random moments")
    tries, between = 0, []
    while row.times < times:
        with ground(base, f"{what} {tries}") as here:
            here.stored()
            acknowledged: set[str] = set()
            for _ in range(min(ROUNDS[what], times - row.times)):
                tries += 1
                seen = _one(here, what, chance)
                if seen is not None:
                    row.times += 1
                    between.append(len(seen))
                    acknowledged |= seen | here.stored()
            last = here.finish()
            must(last.returncode == 0, f"the last crawl failed: {last.stderr[-500:]}")
            here.check(acknowledged)
        must(tries < MAX_TRIES * times, f"only {row.times} of {tries} kills met a crawl under way")
    row.outcome = (
        f"with {min(between)} to {max(between)} articles stored; the same command again completes the crawl; "
        "every article once"
    )
    return row


def _one(here: Ground, what: str, chance: random.Random) -> set[str] | None:
    """One kill, up to two seconds after the crawl's first request, and each fifth while it starts; the articles that
    were in the store just before. None where the crawl had ended before."""
    asked = len(here.replica.requests)
    process = here.start(DOWNLOAD_DELAY=0.05)
    try:
        if chance.random() > 0.2:
            until(lambda: len(here.replica.requests) > asked or process.poll() is not None, "a first request")
            time.sleep(2.0 * chance.random())
        else:
            time.sleep(chance.random())
        seen = here.stored()
        if process.poll() is not None:
            return None
        if what in {"store", "both"}:
            here.kill_store()
        if what in {"crawler", "both"}:
            if not _killed(process):
                return None
        else:
            must(process.wait(120) == 0, f"the crawl did not survive the store: {here.log[-500:]}")
    finally:
        process.kill()
        process.wait()
    return seen


def _killed(process: subprocess.Popen[str]) -> bool:
    process.kill()
    return process.wait() == -signal.SIGKILL
