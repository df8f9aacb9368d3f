"""What the hosts of the fleet felt: when they were asked, and how many requests were on their way at once."""

from __future__ import annotations

from array import array
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
        """A request was answered, or its client went away."""
        self.open -= 1

    def shortest_gap(self) -> float | None:
        """The seconds between the two requests that came closest after one another; None of fewer than two."""
        return min((later - earlier for earlier, later in pairwise(self.times)), default=None)

    def as_json(self) -> dict[str, Any]:
        """`requests`, `most_open`, `shortest_gap`, `first` and `last` arrival."""
        gap = self.shortest_gap()
        return {
            "requests": len(self.times),
            "most_open": self.most_open,
            "shortest_gap": gap,
            "first": self.times[0] if self.times else None,
            "last": self.times[-1] if self.times else None,
        }
