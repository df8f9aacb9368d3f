"""The embedded server's files in the data directory: who may start or stop it, whether it lives, where it listens.

- `daemon.lock`: locked by whoever starts or stops the daemon
- `daemon.alive`: the daemon's pid, written by itself, in a file that it holds locked for as long as it lives. The lock
  ends with the process, however that ends, so another program that got the pid later is never taken for it.
- `daemon.log`: what it prints, first the port it listens on; the run before is `daemon.log.1`
- `wiredtiger/`: the data
"""

from __future__ import annotations

import errno
import fcntl
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from crawler.storage.errors import StoreError

HOST = "127.0.0.1"
_LISTENING = re.compile(rb"listening on [\d.]+:(\d+)")


@dataclass(frozen=True)
class Daemon:
    """A running daemon."""

    host: str
    port: int
    pid: int

    @property
    def uri(self) -> str:
        """Its address."""
        return f"mongodb://{self.host}:{self.port}/?replicaSet=secantus"


@contextmanager
def changing(directory: Path) -> Iterator[None]:
    """Be the only one who starts or stops the daemon of `directory`, which is created. Raises StoreError."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock = (directory / "daemon.lock").open("a")
    except OSError as error:
        raise unusable(directory, error) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def is_alive(directory: Path) -> bool:
    """Whether a daemon serves `directory`. Raises StoreError where that can't be seen."""
    try:
        with (directory / "daemon.alive").open("rb") as alive:
            # Shared, so that those who ask at the same time don't take each other for the daemon.
            fcntl.flock(alive, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    except OSError as error:
        raise unusable(directory, error) from error
    return False


def running(directory: Path) -> Daemon | None:
    """The daemon that serves `directory` and listens. None where none runs, or where it is still starting."""
    if not is_alive(directory):
        return None
    try:
        pid = int((directory / "daemon.alive").read_text("ascii"))
    except (OSError, ValueError):
        return None
    port = printed_port(directory)
    return Daemon(HOST, port, pid) if port and pid > 1 else None


def printed_port(directory: Path) -> int | None:
    """The port that the daemon of now, or else the last one, printed."""
    try:
        found = _LISTENING.search((directory / "daemon.log").read_bytes())
    except OSError:
        return None
    return int(found[1]) if found else None


def unusable(directory: Path, error: OSError) -> StoreError:
    """Why `directory` can't hold the data, as a sentence."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StoreError(f"No space is left for the data directory {directory}: free some, or set CRAWLER_DATA.")
    why = (error.strerror or "unknown reason").lower()
    return StoreError(f"The data directory {directory} can't be used ({why}): set CRAWLER_DATA to another one.")
