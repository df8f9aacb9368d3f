"""Keeps worker processes running: starts them, restarts dead ones with growing waits, and stops them together."""

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

from crawler.schedule.process import CONFIG_VARIABLE, WorkerConfig

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.2
FIRST_WAIT_SECONDS, MAX_WAIT_SECONDS = 1.0, 60.0
HEALTHY_SECONDS = 60.0
"""After a worker lived so long, the wait before the next restart is short again."""


@dataclass
class _Slot:
    process: subprocess.Popen[bytes]
    started: float
    wait: float = FIRST_WAIT_SECONDS
    start_at: float | None = None


class Supervisor:
    """Runs `count` worker processes until they end (`once`) or a signal stops them. `on_poll` is called every
    POLL_SECONDS."""

    def __init__(self, config: WorkerConfig, count: int, on_poll: Callable[[], None]) -> None:
        self.config, self.count, self.on_poll = config, count, on_poll
        self.signals = 0
        self.restarts = 0

    def run(self) -> int:
        """Return 0 if all workers ended without an error, else 1."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._signalled)
        slots = [_Slot(self._start(), time.monotonic()) for _ in range(self.count)]
        handled = 0
        while any(slot.process.poll() is None or slot.start_at for slot in slots):
            time.sleep(POLL_SECONDS)
            if handled < self.signals:
                handled = self.signals
                for slot in slots:
                    slot.start_at = None
                    if slot.process.poll() is None:
                        slot.process.send_signal(signal.SIGTERM)
            if not handled:
                for slot in slots:
                    self._restart(slot)
                self.on_poll()
        # A worker that was still starting when the signal came ends by it.
        fine = {0, -signal.SIGTERM} if handled else {0}
        return int(any(slot.process.returncode not in fine for slot in slots))

    def _restart(self, slot: _Slot) -> None:
        """Start another worker for one that died, after a wait."""
        code, now = slot.process.poll(), time.monotonic()
        if code is None or (code >= 0 and self.config.once):
            return
        if slot.start_at is None:
            if now - slot.started > HEALTHY_SECONDS:
                slot.wait = FIRST_WAIT_SECONDS
            logger.warning(
                "Worker %d ended (%s); starting another in %.0f s", slot.process.pid, _describe(code), slot.wait
            )
            slot.start_at, slot.wait = now + slot.wait, min(2 * slot.wait, MAX_WAIT_SECONDS)
        elif now >= slot.start_at:
            slot.process, slot.started, slot.start_at = self._start(), now, None
            self.restarts += 1

    def _start(self) -> subprocess.Popen[bytes]:
        config = replace(self.config, parent=os.getpid())
        return subprocess.Popen(
            [sys.executable, "-m", config.program],
            env={**os.environ, CONFIG_VARIABLE: config.as_text()},
            # In a session of its own, so that Ctrl-C reaches the worker only once, through us.
            start_new_session=True,
        )

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        self.signals += 1


def _describe(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
