"""How long the absurd pages of `tests/parsing/test_any_bytes.py` take to read, the slowest first:
`python tests/bench/bench_absurd.py`. CPU seconds; each page is read once.
"""

from __future__ import annotations

import importlib.util
import time
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parents[1] / "parsing" / "test_any_bytes.py"


def tests() -> Any:
    """The module of the tests, which is in no package."""
    found = importlib.util.spec_from_file_location("test_any_bytes", TESTS)
    assert found
    assert found.loader
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def main() -> None:
    """Print a table."""
    module = tests()
    spent = []
    for text in module.ABSURD:
        body = text.encode()
        started = time.process_time()
        module.read(body)
        spent.append((time.process_time() - started, len(body), text[:40].replace("\0", "0")))
    print("| CPU s | bytes | page |\n|---|---|---|")
    for seconds, size, begins in sorted(spent, reverse=True):
        print(f"| {seconds:.2f} | {size:,} | `{begins}` |")


if __name__ == "__main__":
    main()
