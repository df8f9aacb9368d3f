"""The embedded server's files in the data directory: who may start or stop it, whether it lives, where it listens.

- `daemon.lock`: locked by whoever starts or stops the daemon
- `daemon.alive`: locked by the daemon itself, which inherits the lock: it ends with the process, however that ends, so
  a recorded pid is the daemon's exactly while the lock is held, and another program that got the pid is never taken
  for it.
- `daemon.json`: host, port and pid of the running daemon
- `daemon.log`: what it prints; the run before is `daemon.log.1`
- `wiredtiger/`: the data
"""

from __future__ import annotations

import errno
import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from crawler.storage.errors import StoreError

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Daemon:
    """A running daemon as `daemon.json` records it."""

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


def recorded(directory: Path) -> Daemon | None:
    """The daemon on record, whether it lives or not."""
    try:
        return Daemon(**json.loads((directory / "daemon.json").read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def record(directory: Path, daemon: Daemon) -> None:
    """Write the record in one step: whoever reads it finds it whole or not at all."""
    partial = directory / "daemon.json.partial"
    partial.write_text(json.dumps(asdict(daemon)), "utf-8")
    partial.replace(directory / "daemon.json")


def forget(directory: Path) -> None:
    """Remove the record."""
    (directory / "daemon.json").unlink(missing_ok=True)


def unusable(directory: Path, error: OSError) -> StoreError:
    """Why `directory` can't hold the data, as a sentence."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StoreError(f"No space is left for the data directory {directory}: free some, or set CRAWLER_DATA.")
    why = (error.strerror or "unknown reason").lower()
    return StoreError(f"The data directory {directory} can't be used ({why}): set CRAWLER_DATA to another one.")
