"""What a supervisor tells its worker processes."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from scrapy.settings import SETTINGS_PRIORITIES, Settings
from scrapy.utils.project import get_project_settings

ORDER = "CRAWLER_WORKER_ORDER"
"""Where the order stands: in the environment, which other users of the machine can't read; a broker's address may hold
a password."""
PROGRESS = "crawler.runs.progress.Progress"


@dataclass(frozen=True)
class Order:
    """What a worker process is to do: the settings that differ from the project's, how many crawls at once, whose child
    it is, whether to end when nothing is due, and the broker that brings its work (None: it looks in the store)."""

    settings: dict[str, Any] = field(default_factory=dict)
    concurrent: int = 1
    once: bool = False
    broker: str | None = None
    parent: int = 0

    @property
    def program(self) -> str:
        """The module to run with the order as its argument."""
        return "crawler.schedule.celery_process" if self.broker else "crawler.schedule.process"

    def as_text(self) -> str:
        """For the command line or the environment."""
        return json.dumps(asdict(self))

    def read_settings(self) -> Settings:
        """The project's settings with those of the order. No crawl tells its progress: there are many at once."""
        settings = get_project_settings()
        settings.setdict(self.settings, priority="cmdline")
        settings.set("PROGRESS_SECONDS", 0, priority="cmdline")
        if not settings.getbool("LOG_JSON"):  # what sees to that logs no progress
            silent = {**settings.getdict("EXTENSIONS"), PROGRESS: None}
            settings.set("EXTENSIONS", silent, priority="cmdline")
        return settings


def given_settings(settings: Settings) -> dict[str, Any]:
    """The settings that the command line changed."""
    least = SETTINGS_PRIORITIES["cmdline"]
    return {name: value for name, value in settings.items() if (settings.getpriority(name) or 0) >= least}


def read_order(text: str) -> Order:
    """The order that `as_text` gave."""
    return Order(**json.loads(text))
