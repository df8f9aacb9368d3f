"""The embedded server: MongoDB's wire protocol with nothing to install, one daemon for every process.

SecantusDB's native server is started as a separate process and never imported (it is GPL-2.0: the wire keeps the
licences apart). Whoever needs it first starts it; the next ones attach. It stays until `scrapy db stop`.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, BinaryIO

from crawler.errors import StoreError

# Files of the embedded server in the data directory:
# - `daemon.lock`: locked by whoever starts or stops the daemon.
# - `daemon.alive`: the daemon's pid, which it writes itself into a file that it keeps locked while it runs. The lock
#   ends with the process, so another program that gets the same pid later is never mistaken for it.
# - `daemon.log`: what it prints, first its port; `daemon.log.1` is that of the run before.
# - `daemon.password`: the generated password of the one user that may use the server; only its owner can read it.
# - `daemon.setup.log`: what the server prints while that user is created; only then it runs without authentication.
# - `wiredtiger/`: the data.

HOST = "127.0.0.1"
USER = "crawler"
_LOG, _SETUP_LOG, _PASSWORD = "daemon.log", "daemon.setup.log", "daemon.password"
_LISTENING = re.compile(rb"listening on [\d.]+:(\d+)")


@dataclass(frozen=True)
class Daemon:
    """A running daemon."""

    host: str
    port: int
    pid: int
    password: str | None = field(default=None, repr=False)
    """None for a daemon that was started before there were passwords."""

    @property
    def uri(self) -> str:
        """Its address with the password, for the driver."""
        if self.password is None:
            return f"mongodb://{self.host}:{self.port}/?replicaSet=secantus"
        user = f"{USER}:{self.password}"
        return f"mongodb://{user}@{self.host}:{self.port}/?replicaSet=secantus&authSource=admin"

    @property
    def address(self) -> str:
        """Its address without the password, for people."""
        return f"{self.host}:{self.port}"


@contextmanager
def lock_daemon(directory: Path) -> Iterator[None]:
    """Hold the right to start or stop the daemon of `directory`, which is created. Raises StoreError, also if another
    process holds it for more than LOCK_SECONDS."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (directory / "daemon.lock").open("a+")
    except OSError as error:
        raise unusable_error(directory, error) from error
    with lock:
        deadline = time.monotonic() + LOCK_SECONDS
        while not _try_to_lock(lock):
            if time.monotonic() > deadline:
                lock.seek(0)
                raise StoreError(
                    f"Process {lock.read() or '?'} has been starting or stopping the embedded database server for "
                    f"{LOCK_SECONDS:.0f} s: see {directory / _LOG}, or end that process."
                )
            time.sleep(POLL_SECONDS)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _try_to_lock(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_alive(directory: Path) -> bool:
    """Whether a daemon serves `directory`. Raises StoreError if that can't be seen."""
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
    """The daemon that serves `directory` and listens. None if none runs, or where it is still starting."""
    if not is_alive(directory):
        return None
    pid, port = _read_pid(directory), read_port(directory)
    return Daemon(HOST, port, pid, read_password(directory)) if port and pid else None


def _read_pid(directory: Path) -> int | None:
    try:
        pid = int((directory / "daemon.alive").read_text("ascii"))
    except (OSError, ValueError):
        return None
    return pid if pid > 1 else None


def read_password(directory: Path) -> str | None:
    """Return the password of the daemon of `directory`; None if it has none yet. Raises StoreError."""
    try:
        return (directory / _PASSWORD).read_text("ascii")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unusable_error(directory, error) from error


def read_port(directory: Path, log: str = _LOG) -> int | None:
    """Return the port that the present daemon, or else the last one, printed to its `log`."""
    try:
        found = _LISTENING.search((directory / log).read_bytes())
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
"""The longest a start may take: after a crash it reads the write-ahead log, which takes over 30 s for 14 GB of data."""
LOCK_SECONDS = 900.0
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
    """Start the daemon and wait until it listens. It gets the port it had before if that is free, so that clients that
    lost it find it again. The caller holds the lock. Raises StoreError."""
    with suppress(PermissionError):  # the folder belongs to another user, who decides
        directory.chmod(0o700)
    last_port = read_port(directory)
    try:
        _keep_last_log(directory)
        with (directory / "daemon.alive").open("w+b") as alive, (directory / "daemon.log").open("wb") as log:
            # Others hold it only while they check whether the daemon is alive, which it isn't.
            fcntl.flock(alive, fcntl.LOCK_EX)
            if read_password(directory) is None:
                _create_user(program, directory, alive)
            for port in (last_port, 0) if last_port else (0,):
                if _has_started(_spawn(program, directory, port, alive, log, "--auth"), directory):
                    return
    except OSError as error:
        raise unusable_error(directory, error) from error
    raise _start_error(directory)


def _create_user(program: str, directory: Path, alive: BinaryIO) -> None:
    """Create the server's user with a generated password. The server has no user to begin with and would refuse
    everybody, so it runs without authentication for this moment, unseen: its port is not in the log that others read.
    May be repeated after a kill. Raises StoreError and OSError."""
    password, new = secrets.token_urlsafe(24), directory / f"{_PASSWORD}.new"
    new.unlink(missing_ok=True)
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(password)
        file.flush()
        os.fsync(file.fileno())
    with (directory / _SETUP_LOG).open("wb") as log:
        process = _spawn(program, directory, 0, alive, log)
        if not _has_started(process, directory, _SETUP_LOG):
            raise _start_error(directory, _SETUP_LOG)
    try:
        _set_password(f"mongodb://{HOST}:{read_port(directory, _SETUP_LOG)}/?replicaSet=secantus", password)
    finally:
        process.terminate()
        reap(process.pid)
    new.replace(directory / _PASSWORD)
    (directory / _SETUP_LOG).unlink()


def _set_password(uri: str, password: str) -> None:
    from pymongo import MongoClient
    from pymongo.errors import OperationFailure, PyMongoError

    try:
        client: MongoClient[dict[str, object]] = MongoClient(uri, serverSelectionTimeoutMS=int(ANSWER_SECONDS * 1000))
        with client:
            try:
                client.admin.command("createUser", USER, pwd=password, roles=["root"])
            except OperationFailure as error:
                if error.code != _USER_EXISTS:
                    raise
                client.admin.command("updateUser", USER, pwd=password, roles=["root"])
    except PyMongoError as error:
        raise StoreError(f"The embedded database server can't create its user ({type(error).__name__}).") from error


def _end_setup(directory: Path) -> None:
    """End a server that was left running without authentication when its starter was killed. The caller holds the
    lock."""
    if (directory / _SETUP_LOG).exists() and is_alive(directory):
        while (pid := _read_pid(directory)) is None and is_alive(directory):
            time.sleep(POLL_SECONDS)  # it writes its pid first
        if pid:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        _wait_for_end(directory)


def wait_until_listening(directory: Path, ended: Callable[[], bool], log: str = _LOG) -> bool:
    """Whether the daemon began to listen: False once it has `ended` without. Raises StoreError if neither happens."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        has_ended = ended()
        if has_ended or read_port(directory, log):
            return not has_ended
        time.sleep(POLL_SECONDS)
    raise _start_error(directory, log)


def reap(pid: int) -> None:
    """Take leave of a child that ended; a pid that isn't our child's is left alone."""
    process = _children.pop(pid, None)
    if process is not None:
        process.wait()


def _spawn(
    program: str, directory: Path, port: int, alive: BinaryIO, log: BinaryIO, *options: str
) -> subprocess.Popen[bytes]:
    """Start the daemon with the locked file as its standard input. A shell writes the pid into that file before it
    becomes the daemon."""
    command = ["/bin/sh", "-c", 'echo $$ 1>&0 && exec "$@"', "sh", program]
    command += ["--host", HOST, "--port", str(port), "--storage-path", str(directory / "wiredtiger")]
    command += ["--cache-size", f"{cache_megabytes()}M", "--log-file-max", "64MB", "--oplog-max-entries", "10000"]
    command += options
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


def _has_started(process: subprocess.Popen[bytes], directory: Path, log: str = _LOG) -> bool:
    try:
        listens = wait_until_listening(directory, lambda: process.poll() is not None, log)
    except StoreError:
        process.kill()
        reap(process.pid)
        raise
    if not listens:
        reap(process.pid)
    return listens


def _start_error(directory: Path, name: str = _LOG) -> StoreError:
    """Return what the daemon printed last, as a sentence."""
    log = directory / name
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
_USER_EXISTS = 51003


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
            # The process that held the lock before may have started it, or may have been killed while starting it.
            _end_setup(directory)
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
    """End the daemon of `directory` in order (what it holds is flushed). False if none runs. Raises StoreError."""
    directory = data_dir(directory)
    if not is_alive(directory):
        return False
    with lock_daemon(directory):
        _end_setup(directory)
        daemon = find_daemon(directory) if _wait_for_daemon(directory) else None
        if daemon is None:
            return False
        os.kill(daemon.pid, signal.SIGTERM)
        _wait_for_end(directory)
        reap(daemon.pid)
    return True


def _wait_for_end(directory: Path) -> None:
    deadline = time.monotonic() + STOP_SECONDS
    while is_alive(directory):
        if time.monotonic() > deadline:
            raise StoreError(
                f"The embedded database server of {directory} didn't end within {STOP_SECONDS:.0f} s; it may still be "
                f"flushing: see {directory / _LOG}, and try again."
            )
        time.sleep(POLL_SECONDS)


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
