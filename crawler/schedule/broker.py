"""Due sites as messages of a Celery broker (Redis, RabbitMQ). It is only the messenger: what is due and who crawls it
is in the store, so a message that is lost, late or repeated costs a delay and nothing else."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from amqp.exceptions import AMQPError
from celery import Celery
from kombu import Queue
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

QUEUE, AGAIN = "food_safety", "food_safety.again"
"""The queue of what is due, and one of their own for crawls that were begun by a worker that is dead. A worker takes
from both in turn, so that what was begun doesn't wait behind what wasn't."""
TASK = "crawl"
REACH_SECONDS = 5
_ERRORS = (OperationalError, AMQPError, RedisError, OSError, ValueError)
"""kombu hands on some of its clients' errors as they are: a wrong password or virtual host, a server of no broker."""
VISIBLE_SECONDS = 3600
"""When Redis gives a message to another worker although the first still works on it: the lease refuses the second."""


class BrokerError(Exception):
    """The broker can't be used. The message says why and what to do; it never holds credentials."""


def application(url: str) -> Celery:
    """The Celery application of the broker at `url`."""
    app = Celery("food_safety", broker=url)
    app.conf.update(
        task_default_queue=QUEUE,
        task_queues=[Queue(QUEUE, routing_key=QUEUE), Queue(AGAIN, routing_key=AGAIN)],
        task_acks_late=True,  # a message is done when the crawl is
        worker_prefetch_multiplier=1,
        task_ignore_result=True,
        broker_connection_retry_on_startup=True,
        broker_connection_timeout=REACH_SECONDS,
        broker_transport_options={
            "visibility_timeout": VISIBLE_SECONDS,
            "socket_connect_timeout": REACH_SECONDS,
            "socket_timeout": 30,
        },
        worker_hijack_root_logger=False,
        worker_send_task_events=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
    )
    return app


class Broker:
    """Sends messages and counts those that wait. Methods raise BrokerError."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.app = application(url)

    def check(self) -> None:
        """See that the broker answers."""
        if not re.match(r"(?:rediss?|amqps?|pyamqp)://\S", self.url):
            raise BrokerError(
                f"{_hidden(self.url)} is no address of a broker: it looks like redis://HOST:6379/0 or amqp://USER@HOST//"
            )
        self.waiting()

    def waiting(self) -> dict[str, int]:
        """How many messages of each queue no worker has taken yet."""
        try:
            with self.app.connection_for_write() as connection:
                connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=REACH_SECONDS)
                queues = [self.app.amqp.queues[name].bind(connection.default_channel) for name in (QUEUE, AGAIN)]
                return {queue.name: queue.queue_declare().message_count for queue in queues}
        except _ERRORS as error:
            raise BrokerError(
                f"No broker can be used at {_hidden(self.url)} ({self._said(error)}): start it, or correct --broker."
            ) from error

    def send(self, messages: list[tuple[str, str, str]]) -> None:
        """A message for each crawl: its queue, the `_id` of its due row, and the due time it is for."""
        try:
            with self.app.connection_for_write() as connection, self.app.amqp.Producer(connection) as producer:
                for queue, row, due_at in messages:
                    self.app.send_task(TASK, args=[row, due_at], queue=queue, producer=producer, retry=False)
        except _ERRORS as error:
            raise BrokerError(f"The broker at {_hidden(self.url)} went away ({self._said(error)}).") from error

    def _said(self, error: Exception) -> str:
        """What the broker's client says, without the password it may quote."""
        said = next(iter(str(error).splitlines()), "") or type(error).__name__
        password = urlsplit(self.url).password or ""
        for secret in filter(None, (password, unquote(password))):
            said = said.replace(secret, "***")
        return said.rstrip(".")


def _hidden(url: str) -> str:
    """`url` without credentials and options."""
    scheme, found, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2].partition('?')[0]}" if found else repr(url)
