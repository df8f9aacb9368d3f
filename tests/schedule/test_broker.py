"""Celery over a real Redis: the broker only carries messages; lost, repeated and spoilt ones cost a delay at most."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import socketserver
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Thread

import pytest

from crawler.schedule.celery_bridge import LOST_AFTER, MAX_WAITING, choose_messages
from crawler.schedule.jobs import MAX_ATTEMPTS
from tests.schedule.conftest import finished, wait_until

broker = pytest.importorskip("crawler.schedule.celery_bridge", reason="the extra `workers` (Celery) is not installed")

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


LONG_AGO = LOST_AFTER + timedelta(seconds=1)
MOMENT_AGO = timedelta(seconds=5)


def row(name: str, queued_ago: timedelta | None, attempts: int = 0, queued_attempt: int = 0) -> dict:
    queued_at = queued_ago and NOW - queued_ago
    return {
        "_id": name,
        "site": name,
        "queued_at": queued_at,
        "queued_attempt": queued_attempt,
        "attempts": attempts,
    }


def waiting(first: int, again: int = 0) -> dict[str, int]:
    return {broker.QUEUE: first, broker.RETRY_QUEUE: again}


@pytest.mark.parametrize(
    ("one", "in_queues", "sent_for"),
    [
        (row("never sent", None), waiting(5), 0),
        (row("a worker may just be taking it", MOMENT_AGO), waiting(0), None),
        (row("it may be the one that waits", LONG_AGO), waiting(1), None),
        (row("nobody has it", LONG_AGO), waiting(0, 1), 0),
        (row("begun since, by a worker that is dead", MOMENT_AGO, 1), waiting(5), 1),
        (row("on its way again", MOMENT_AGO, 1, 1), waiting(0, 0), None),
        (row("waits again", LONG_AGO, 1, 1), waiting(0, 1), None),
        (row("lost again", LONG_AGO, 1, 1), waiting(7, 0), 1),
        (row("begun again, by a worker that is dead", LONG_AGO, 2, 1), waiting(0, 1), 2),
    ],
    ids=lambda value: value["_id"] if isinstance(value, dict) and "_id" in value else "",
)
def test_a_message_is_sent_again_only_where_it_was_lost(one, in_queues, sent_for):
    assert choose_messages([one], {}, in_queues, NOW) == ([] if sent_for is None else [(one, sent_for)])


def test_a_crawl_whose_worker_died_about_to_begin_it_has_begun():
    one = row("one", MOMENT_AGO)
    assert choose_messages([one], {"one": NOW - timedelta(seconds=4)}, waiting(9), NOW) == [(one, 1)]
    assert choose_messages([one], {"one": NOW - timedelta(seconds=6)}, waiting(9), NOW) == []  # that was another crawl
    assert choose_messages([one], {"other": NOW}, waiting(9), NOW) == []
    again = row("one", MOMENT_AGO, 0, 1)
    assert choose_messages([again], {"one": NOW - timedelta(seconds=6)}, waiting(9), NOW) == []


def test_a_message_lost_by_a_dead_worker_does_not_wait_for_the_end_of_a_long_queue():
    first = row("z", LONG_AGO + timedelta(seconds=2))
    later = [row(name, LONG_AGO) for name in "abc"]
    assert choose_messages([*later, first], {}, waiting(3), NOW) == [(first, 0)]
    assert choose_messages([*later, first], {}, waiting(4), NOW) == []
    assert choose_messages([*later, first], {}, waiting(2), NOW) == [(later[0], 0), (first, 0)]
    assert choose_messages([*later, first], {}, waiting(9), NOW) == []  # others' messages, or some twice


def test_what_is_due_beyond_a_short_queue_waits_in_the_store():
    rows = [row(f"{number:03}", None) for number in range(MAX_WAITING + 50)]
    begun = row("begun, and its worker died", LONG_AGO, 1)
    sent = [(each, 0) for each in rows]
    assert choose_messages(rows, {}, waiting(0), NOW) == sent[:MAX_WAITING]
    assert choose_messages(rows, {}, waiting(MAX_WAITING - 20), NOW) == sent[:20]
    assert choose_messages([*rows, begun], {}, waiting(MAX_WAITING + 3), NOW) == [(begun, 1)]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("localhost:6379", "'localhost:6379' is not the URL of a broker: write redis://HOST:6379/0"),
        ("redis://me:secret@127.0.0.1:1/0", "No broker can be used at redis://127.0.0.1:1/0 "),
    ],
)
def test_a_wrong_address_is_told_without_credentials(url, said):
    with pytest.raises(broker.BrokerError) as raised:
        broker.Broker(url).check()
    assert str(raised.value).startswith(said)
    assert "secret" not in str(raised.value)


def _answers(port: int) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def redis() -> Iterator[str]:
    """The address of a Redis that keeps nothing on disk."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed (Debian: apt install redis-server)")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: _answers(port), "redis-server did not start")
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait()


def test_a_wrong_password_is_one_sentence(redis):
    from redis import Redis

    with Redis.from_url(redis) as client:
        client.config_set("requirepass", "right")
    with pytest.raises(broker.BrokerError, match="invalid username-password pair") as raised:
        broker.Broker(redis.replace("//", "//:wrong@")).check()
    assert str(raised.value).startswith(f"No broker can be used at {redis} ")


def test_what_a_dead_worker_began_waits_in_a_queue_of_its_own(redis):
    messenger = broker.Broker(redis)
    assert messenger.waiting() == waiting(0, 0)
    moment = NOW.isoformat()
    messenger.send(
        [(broker.QUEUE, "one", moment), (broker.RETRY_QUEUE, "two", moment), (broker.QUEUE, "three", moment)]
    )
    assert messenger.waiting() == waiting(2, 1)


class Website(socketserver.BaseRequestHandler):
    """Answers whatever it is asked as a web server does."""

    def handle(self) -> None:
        self.request.recv(100)
        self.request.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_what_is_no_broker_is_told(scheme):
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Website) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        address = f"{scheme}://127.0.0.1:{server.server_address[1]}/"
        with pytest.raises(broker.BrokerError, match=f"^No broker can be used at {address} "):
            broker.Broker(address).check()
        server.shutdown()


def test_every_site_is_crawled_once_whatever_becomes_of_messages_and_workers(
    scrapy, schedule_file, fleet, stored, redis
):
    from redis import Redis

    codes, log = set(fleet.fleet.codes()), schedule_file.with_name("log-0.txt")
    client = Redis.from_url(redis)
    send = partial(broker.create_app(redis).send_task, broker.TASK)
    # Spoilt messages wait already: no JSON, no task of ours, no arguments, a site that nobody has planned.
    broker.create_app(redis).send_task("nonsense")
    send(args=["one"])
    send(args=["fleet:fleet:000000", NOW.isoformat()])
    client.lpush(broker.QUEUE, "{")
    # A site that keeps its crawl until whoever crawls it is killed, as a page would that kills its reader.
    poison = next(iter(fleet.fleet.hosts.values()))
    poison.fault = "hang"
    scrapy("worker", "--broker", redis, "--processes", 3, "--concurrent", 2)
    for _ in range(2):
        scrapy("schedule", schedule_file, "--broker", redis, "--now")
    victims = []

    def gave_up() -> bool:
        row = stored.due.find_one({"site": poison.site.code})
        pid = row["begun_by"]["pid"] if row and 1 <= row["attempts"] <= MAX_ATTEMPTS else None
        if pid not in (None, *victims):
            victims.append(pid)
            os.kill(pid, signal.SIGKILL)
        return bool(row and row["last"])

    wait_until(lambda: gave_up() or len(finished(stored)) >= 5, "the crawls did not go on")
    for row in stored.due.find({}):
        send(args=[row["_id"], row["due_at"].isoformat()])
    client.flushall()
    wait_until(gave_up, "the poisoned site was never given up")
    client.flushall()
    client.close()
    done = {"last": {"$ne": None}, "due_at": {"$gt": datetime.now(UTC)}}
    wait_until(lambda: stored.due.count_documents(done) == len(codes), log.read_text())
    assert len(victims) == MAX_ATTEMPTS
    assert {row["site"]: row["last"]["outcome"] for row in stored.due.find({})} == {
        **dict.fromkeys(codes, "finished"),
        poison.site.code: "max_attempts",
    }
    assert finished(stored) == dict.fromkeys(codes - {poison.site.code}, 1)
    assert stored.articles.count_documents({}) == 3 * (len(codes) - 1)
    assert max(log.most_open for log in fleet.log.values()) == 1
    told = log.read_text()
    assert "Received unregistered task of type 'nonsense'" in told
    assert "Skipped a message that does not name a job: ('one',)" in told
    assert f"{poison.site.code}: skipped until it is due again: {MAX_ATTEMPTS} crawls ended with their process" in told
