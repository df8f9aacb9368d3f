"""The store is away for a while: killed and back, or halted; and gone for good while the crawl is ended."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

from crawler.storage import embedded
from tests.bench.faults.ground import Ground, Tried, ground, must, until


def away(base: Path, seconds: float) -> list[Tried]:
    """All of them."""
    return [_killed(base, seconds), _halted(base, min(seconds, 20.0)), _ended_meanwhile(base)]


def _begun(here: Ground) -> tuple[subprocess.Popen[str], str]:
    """A crawl with some articles stored, whose store it can't start again (MONGO_URI), and that store's address."""
    uri = embedded.ensure_running(here.data)
    process = here.start(MONGO_URI=uri, DOWNLOAD_DELAY=0.1)
    until(lambda: process.poll() is not None or len(here.stored()) >= 6, "six articles stored")
    must(process.poll() is None, f"the crawl ended early: {here.log[-500:]}")
    return process, uri


def _spooled(here: Ground) -> bool:
    return any(path.stat().st_size > 1000 for path in here.data.glob("spool/*.spool"))


def _killed(base: Path, seconds: float) -> Tried:
    with ground(base, "away") as here:
        process, uri = _begun(here)
        try:
            here.kill_store()
            until(lambda: _spooled(here), "articles in the spool")
            time.sleep(seconds)
            must(process.poll() is None, f"the crawl did not wait: {here.log[-500:]}")
            must(embedded.ensure_running(here.data) == uri, "the store came back elsewhere")
            must(process.wait(120) == 0, f"the crawl failed: {here.log[-500:]}")
        finally:
            process.kill()
            process.wait()
        here.check()
    return Tried(f"store away for {seconds:.0f} s", 1, "the crawl waited and stored what was in the spool")


def _halted(base: Path, seconds: float) -> Tried:
    with ground(base, "halted") as here:
        process, _ = _begun(here)
        daemon = embedded.status(here.data)
        must(daemon, "no store")
        assert daemon is not None
        try:
            os.kill(daemon.pid, signal.SIGSTOP)
            time.sleep(seconds)
            must(process.poll() is None, f"the crawl did not wait: {here.log[-500:]}")
            os.kill(daemon.pid, signal.SIGCONT)
            must(process.wait(180) == 0, f"the crawl failed: {here.log[-500:]}")
        finally:
            os.kill(daemon.pid, signal.SIGCONT)
            process.kill()
            process.wait()
        here.check()
    return Tried(f"store that hangs for {seconds:.0f} s (SIGSTOP)", 1, "the crawl waited and went on")


def _ended_meanwhile(base: Path) -> Tried:
    ends = [signal.SIGKILL, signal.SIGTERM, signal.SIGINT]
    for number, end in enumerate(ends):
        with ground(base, f"ended {number}") as here:
            process, uri = _begun(here)
            try:
                here.kill_store()
                until(lambda here=here: _spooled(here), "articles in the spool")  # type: ignore[misc]
                process.send_signal(end)
                process.wait(120)
            finally:
                process.kill()
                process.wait()
            must(embedded.ensure_running(here.data) == uri, "the store came back elsewhere")
            last = here.finish(MONGO_URI=uri)
            must(last.returncode == 0, f"the next crawl failed: {last.stderr[-500:]}")
            must("could not store are stored now" in last.stderr, f"nothing was drained: {last.stderr[-500:]}")
            here.check()
            must("Traceback" not in here.log, f"a traceback after {end.name}: {here.log[-1500:]}")
    return Tried("crawl ended while its store is away (KILL, TERM, INT)", len(ends), "the next crawl drained the spool")
