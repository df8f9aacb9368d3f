"""Shares of small samples: how sure one may be that a share has grown. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

_Z = 1.96
"""Of a two-sided 95 % interval."""


@dataclass(frozen=True)
class Share:
    """`part` of `whole` things, with the interval in which the true share lies (Wilson 1927: it holds for small samples
    and for shares near 0 and 1, where the usual one fails)."""

    part: int
    whole: int

    @property
    def value(self) -> float:
        """The share itself, 0 of nothing."""
        return self.part / self.whole if self.whole else 0.0

    @property
    def low(self) -> float:
        """What it is at least, 0 of nothing."""
        return self._bound(-1)

    @property
    def high(self) -> float:
        """What it is at most, 1 of nothing."""
        return self._bound(1)

    def _bound(self, sign: int) -> float:
        if not self.whole:
            return 0.0 if sign < 0 else 1.0
        n, p = self.whole, self.value
        middle = p + _Z * _Z / (2 * n)
        spread = _Z * sqrt(p * (1 - p) / n + _Z * _Z / (4 * n * n))
        return min(1.0, max(0.0, (middle + sign * spread) / (1 + _Z * _Z / n)))

    def __str__(self) -> str:
        return f"{100 * self.value:.0f} %"


def has_grown(now: Share, usual: Share | float, by: float = 0.25) -> bool:
    """Whether `now` is larger than `usual` by a margin that matters (`by`) and that chance doesn't explain. A `usual`
    without a sample is a number that is taken to be true."""
    most, value = (usual.high, usual.value) if isinstance(usual, Share) else (usual, usual)
    return now.value - value >= by and now.low > most
