"""Keeps worker processes alive: starts them, starts dead ones again with growing waits, and ends them together."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import FrameType

from crawler.schedule.order import ORDER, Order

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.2
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
HEALTHY_SECONDS = 60.0
"""A worker that lived so long is started again without a wait that grows."""


@dataclass
class _Place:
    process: subprocess.Popen[bytes]
    started: float
    wait: float = FIRST_WAIT
    start_at: float | None = None


class Supervisor:
    """Runs `count` workers that follow `order` until they end (`once`) or `stop` is called. `tend` is called in
    between, all the time."""

    def __init__(self, order: Order, count: int, tend: Callable[[], None]) -> None:
        self.order, self.count, self.tend = order, count, tend
        self.signals = 0
        self.restarts = 0

    def run(self) -> int:
        """0 where all workers ended well, else 1."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._signalled)
        places = [_Place(self._start(), time.monotonic()) for _ in range(self.count)]
        told = 0
        while any(place.process.poll() is None or place.start_at for place in places):
            time.sleep(LOOK_SECONDS)
            if told < self.signals:
                told = self.signals
                for place in places:
                    place.start_at = None
                    if place.process.poll() is None:
                        place.process.send_signal(signal.SIGTERM)
            if not told:
                for place in places:
                    self._see_to(place)
                self.tend()
        return int(any(place.process.returncode for place in places))

    def _see_to(self, place: _Place) -> None:
        """Start a worker that died again, after a wait."""
        code, now = place.process.poll(), time.monotonic()
        if code is None or (code >= 0 and self.order.once):
            return
        if place.start_at is None:
            if now - place.started > HEALTHY_SECONDS:
                place.wait = FIRST_WAIT
            logger.warning(
                "Worker %d ended (%s); starting another in %.0f s", place.process.pid, _said(code), place.wait
            )
            place.start_at, place.wait = now + place.wait, min(2 * place.wait, LONGEST_WAIT)
        elif now >= place.start_at:
            place.process, place.started, place.start_at = self._start(), now, None
            self.restarts += 1

    def _start(self) -> subprocess.Popen[bytes]:
        order = replace(self.order, parent=os.getpid())
        return subprocess.Popen(
            [sys.executable, "-m", order.program],
            env={**os.environ, ORDER: order.as_text()},
            # A session of its own: Ctrl-C reaches the worker through us alone, once.
            start_new_session=True,
        )

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        self.signals += 1


def _said(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
