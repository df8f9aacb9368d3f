"""What a contender's crawl took, and where its fields go."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self


class Clock:
    """When `start` was called (on the monotonic clock, which all processes share), and the wall and CPU seconds (of
    this process, all threads) from then to `stop`."""

    began = seconds = cpu = 0.0

    def start(self) -> None:
        self.began, self._spent = time.monotonic(), time.process_time()

    def stop(self) -> None:
        self.seconds, self.cpu = time.monotonic() - self.began, time.process_time() - self._spent


class Results:
    """Writes each page's fields as a line of JSON: `time` is `YYYY-MM-DD HH:MM` in China, texts as they came."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.path, self.clock, self._lock = path, clock, threading.Lock()

    def __enter__(self) -> Self:
        self._file = self.path.open("w", encoding="utf-8")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, url: str, title: str | None, minute: str | None, body: str | None) -> None:
        line = json.dumps({"url": url, "title": title, "time": minute, "body": body}) + "\n"
        with self._lock:
            self._file.write(line)
