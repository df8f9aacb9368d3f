"""The embedded server: MongoDB's wire protocol with nothing to install, one daemon for every process.

SecantusDB's native server is started as a separate process and never imported (it is GPL-2.0: the wire keeps the
licences apart). Whoever needs it first starts it; the next ones attach. It stays until `scrapy db stop`.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from crawler.storage.daemon import Daemon, changing, is_alive, running
from crawler.storage.errors import StoreError
from crawler.storage.launch import POLL_SECONDS, executable, reap, start, wait_until_listening

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
    daemon = running(directory)
    if daemon is None:
        program = executable()
        with changing(directory):
            # Whoever held the lock before us may have started it, or may have been killed while starting it.
            if not _is_there(directory):
                start(program, directory)
            daemon = running(directory)
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
    with changing(directory):
        daemon = running(directory) if _is_there(directory) else None
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
    return running(data_dir(directory))


def _is_there(directory: Path) -> bool:
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
