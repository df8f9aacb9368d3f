"""Time and accuracy of the restoration: python tests/bench/bench_restore.py [ROWS.jsonl]

ROWS hold garbled and clean; by default the shared simulated articles. Prints milliseconds an article.
"""

import json
import statistics
import sys
import time
from pathlib import Path

from crawler.text.restore import restore

DEFAULT = Path(__file__).resolve().parents[2] / "../shared/garbled/simulated.jsonl"


def milliseconds(text: str) -> float:
    started = time.perf_counter()
    restore(text)
    return (time.perf_counter() - started) * 1000


def main() -> None:
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT
    if not source.is_file():
        sys.exit(f"{source} is not there; give the path of rows with garbled and clean")
    with source.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    restore(rows[0]["garbled"])
    for name in ("clean", "garbled"):
        spent = sorted(milliseconds(row[name]) for row in rows)
        print(f"{name:8} median {statistics.median(spent):7.3f} ms   p95 {spent[len(spent) * 95 // 100]:7.3f} ms")
    for unit in ("?(", "網(wǎng)", "??。", "("):
        text = rows[0]["garbled"] + unit * (1_000_000 // len(unit.encode()))
        print(f"1 MB of {unit!r:10} {milliseconds(text):9.0f} ms")


if __name__ == "__main__":
    main()
