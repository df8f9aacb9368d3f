"""What the hosts of the fleet felt: when they were asked, and how many requests were on their way at once."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any


@dataclass(eq=False)
class HostLog:
    """One host: `times` of arrival (seconds, wall clock); `most_open`, the most requests it had at the same time."""

    times: array[float] = field(default_factory=lambda: array("d"))
    open: int = 0
    most_open: int = 0

    def arrived(self, moment: float) -> None:
        """A request came in."""
        self.times.append(moment)
        self.open += 1
        self.most_open = max(self.most_open, self.open)

    def left(self) -> None:
        """A request was answered, or its client disconnected."""
        self.open -= 1

    def shortest_gap(self) -> float | None:
        """The seconds between the two requests that came closest after one another; None of fewer than two."""
        return min((later - earlier for earlier, later in pairwise(self.times)), default=None)

    def most_ahead(self, delay: float) -> float:
        """By how many requests, in the span of time where it was most, the host was asked more than one in each
        `delay` seconds allows. Below 1 none came before its turn but by what its way here took it less than others."""
        ahead = lowest = 0.0
        for number, moment in enumerate(self.times):
            turn = number - (moment - self.times[0]) / delay
            lowest = min(lowest, turn)
            ahead = max(ahead, turn - lowest)
        return ahead

    def as_json(self) -> dict[str, Any]:
        """`times` and `most_open`."""
        return {"times": self.times.tolist(), "most_open": self.most_open}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> HostLog:
        """The log of a host that has nothing open."""
        return cls(array("d", told["times"]), most_open=told["most_open"])
