"""What the machine does to a crawl: a full disk, a clock that jumps, SIGTERM and Ctrl-C."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import IO

from tests.bench.faults.ground import Ground, Tried, ground, must, until

# Moves the clock on the wall for one process; the file named by CLOCK_OFFSET holds the seconds.
SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
static long offset(void) {
  const char *path = getenv("CLOCK_OFFSET"); long seconds = 0; FILE *file = path ? fopen(path, "r") : 0;
  if (file) { if (fscanf(file, "%ld", &seconds) != 1) seconds = 0; fclose(file); }
  return seconds;
}
int clock_gettime(clockid_t id, struct timespec *now) {
  static int (*real)(clockid_t, struct timespec *);
  if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
  int result = real(id, now);
  if (id == CLOCK_REALTIME) now->tv_sec += offset();
  return result;
}
time_t time(time_t *where) {
  struct timespec now; clock_gettime(CLOCK_REALTIME, &now);
  if (where) *where = now.tv_sec;
  return now.tv_sec;
}
"""
JUMPS = {"a day ahead": 86_400, "a day back": -86_400, "to 1970": -int(time.time()) + 60}


def machine(base: Path) -> list[Tried]:
    """All of them."""
    return [_ended(base), _clock(base), _disk(base)]


def _ended(base: Path) -> Tried:
    signals = [signal.SIGTERM, signal.SIGINT] * 3
    for number, how in enumerate(signals):
        with ground(base, f"signal {number}") as here:
            process = here.start(DOWNLOAD_DELAY=0.05, STORE_BATCH_ITEMS=1000, STORE_BATCH_SECONDS=600)
            until(lambda here=here: sum("/art/" in r.path for r in here.replica.requests) >= 6, "six pages")  # type: ignore[misc]
            process.send_signal(how)
            must(process.wait(60) == 1, f"exit status {process.returncode}: {here.log[-500:]}")
            must("Traceback" not in here.log, f"a traceback: {here.log[-800:]}")
            left = [pid for pid in _children(here) if pid != _store(here)]
            must(not left, f"processes left: {left}")
            with here.articles() as articles:
                run = articles.database["runs"].find_one({"parent": None})
            must(run and run["finished_at"] and run["finish_reason"] == "shutdown", "no end in the run record")
            must(here.finish().returncode == 0, "the next crawl failed")
            here.check()
    return Tried("SIGTERM and Ctrl-C", len(signals), "a run record with its end, no process left")


def _store(here: Ground) -> int | None:
    from crawler.storage import embedded

    daemon = embedded.status(here.data)
    return daemon.pid if daemon else None


def _children(here: Ground) -> list[int]:
    """Processes whose environment names the ground's data folder."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and str(here.data).encode() in (entry / "environ").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def _clock(base: Path) -> Tried:
    what = f"clock jumps while crawling ({', '.join(JUMPS)})"
    if shutil.which("cc") is None:
        return Tried(what, 0, "not tried: no C compiler to build the clock with")
    library = base / "clock.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-o", library, "-", "-ldl"], input=SHIM, text=True, check=True)
    for name, seconds in JUMPS.items():
        with ground(base, f"clock {name}") as here:
            here.stored()
            offset = here.folder / "offset"
            offset.write_text("0")
            here.env |= {"LD_PRELOAD": str(library), "CLOCK_OFFSET": str(offset)}
            process = here.start(DOWNLOAD_DELAY=0.05)
            until(lambda here=here: len(here.stored()) >= 6, "six articles stored")  # type: ignore[misc]
            offset.write_text(str(seconds))
            must(process.wait(120) == 0, f"{name}: the crawl failed: {here.log[-800:]}")
            must("Traceback" not in here.log, f"{name}: a traceback: {here.log[-800:]}")
            with here.articles() as articles:
                run = articles.database["runs"].find_one({"parent": None})
            must(run, "no run record")
            assert run is not None
            lasted = (run["finished_at"] - run["started_at"]).total_seconds()
            must(abs(lasted - seconds) < 300, f"{name}: the clock moved by {lasted:.0f} s")
            here.check()
            del here.env["LD_PRELOAD"]
            must(here.finish().returncode == 0, f"{name}: the next crawl failed")
            here.check()
    return Tried(what, len(JUMPS), "the crawl went on; the next one too")


def _disk(base: Path) -> Tried:
    what = "disk full while crawling"
    folder = base / "disk"
    folder.mkdir()
    if (
        os.geteuid() != 0
        or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", folder], check=False).returncode
    ):
        return Tried(what, 0, "not tried: only root can mount a small disk")
    try:
        with ground(folder, "full") as here:
            here.log_file = base / "disk.log"  # on a disk that has room
            here.stored()
            # So slow that the store writes a checkpoint, one a minute: what few articles need, its log has set aside.
            process = here.start(DOWNLOAD_DELAY=3, STORE_RETRY_SECONDS=15)
            until(lambda: len(here.stored()) >= 6, "six articles stored")
            filler = folder / "filler"
            with filler.open("wb", buffering=0) as file:
                until(lambda: _fill(file) or process.poll() is not None, "the end of the crawl")
            status = process.wait()
            must("Traceback" not in here.log, f"a traceback: {here.log[-1500:]}")
            told = "space" in here.log.lower()
            must(status == 1 and told, f"exit status {status}, {'' if told else 'not '}told: {here.log[-800:]}")
            filler.unlink()
            last = here.finish()
            must(last.returncode == 0, f"the next crawl failed: {last.stderr[-800:]}")
            here.check()
            return Tried(what, 1, f"exit status {status}, told in a sentence; complete once there is room")
    finally:
        subprocess.run(["umount", "-l", folder], check=False)


def _fill(file: IO[bytes]) -> bool:
    """Write until there is no room: what somebody frees meanwhile is taken too. False."""
    for size in (1 << 20, 1):
        try:
            while file.write(bytes(size)):
                pass
        except OSError:
            continue
    return False
