"""How long a date takes to read, beside `dateparser.parse` in the same process: `python tests/bench/bench_dates.py`.

Not a test: times depend on the machine. Prints the median of several rounds, in microseconds a string, for the forms
that news and government pages print most, and how many of them each reader got right.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import datetime

import dateparser

from crawler.parsing.dates import CST, read_date

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=CST)
COMMON = {
    "2019-07-05 08:29": "2019-07-05 08:29",
    "2019-07-05": "2019-07-05",
    "2019-07-05 08:29:00": "2019-07-05 08:29",
    "2019/07/05": "2019-07-05",
    "2019.07.05 08:29": "2019-07-05 08:29",
    "2019年07月05日 08:29": "2019-07-05 08:29",
    "2019年7月5日": "2019-07-05",
    "发布时间：2019-07-05 08:29": "2019-07-05 08:29",
    "2019-07-05 08:29来源:青田县政府": "2019-07-05 08:29",
    "[2019-07-05]": "2019-07-05",
    "2019-07-05T08:29:00+08:00": "2019-07-05 08:29",
    "Fri, 05 Jul 2019 08:29:00 +0800": "2019-07-05 08:29",
}
ROUNDS = 7


def time_of(read: Callable[[str], object], repeat: int) -> float:
    """Median over the rounds of the CPU time of one string, in microseconds."""
    rounds = []
    for _ in range(ROUNDS):
        started = time.process_time()
        for _ in range(repeat):
            for text in COMMON:
                read(text)
        rounds.append((time.process_time() - started) / repeat / len(COMMON) * 1e6)
    return statistics.median(rounds)


def right(read: Callable[[str], datetime | None]) -> int:
    """How many of the strings are read as the moment they stand for."""
    count = 0
    for text, expected in COMMON.items():
        moment = read(text)
        if moment is not None:
            moment = moment.replace(tzinfo=CST) if moment.tzinfo is None else moment
            count += moment == datetime.fromisoformat(expected).replace(tzinfo=CST)
    return count


def main() -> None:
    """Print the table."""
    readers: list[tuple[str, Callable[[str], datetime | None], int]] = [
        ("read_date", lambda text: read_date(text, NOW).value, 500),
        ("dateparser.parse", dateparser.parse, 5),
    ]
    print(f"{'reader':<20}{'µs a string':>12}{'right':>10}")
    for name, read, repeat in readers:
        correct = right(read)
        print(f"{name:<20}{time_of(read, repeat):>12.1f}{correct:>7} of {len(COMMON)}")


if __name__ == "__main__":
    main()
