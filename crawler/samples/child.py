"""The child process that reads one file, without network and with limits.

`python -m crawler.samples.child NAME < FILE` prints one JSON object. `sandbox.py` starts it.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import sys
from dataclasses import asdict
from typing import Any

MEMORY = 640 * 1024 * 1024
"""Bytes of address space: what is resident stays below."""
CPU_SECONDS = 15
MAX_BYTES = 100 * 1024 * 1024
OUT_OF_MEMORY = 75
"""Exit status if memory ran out."""
_NEW_USER, _NEW_NET = 0x10000000, 0x40000000


def main() -> None:
    """Reads standard input as a file and prints what it holds."""
    data = sys.stdin.buffer.read(MAX_BYTES + 1)
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    _limit()
    try:
        # Imported here, below the limits: what they load counts.
        from crawler.samples.reader import read_bytes

        reading = read_bytes(data, name)
        row = {
            "kind": reading.kind,
            "samples": [asdict(sample) for sample in reading.samples],
            "tables": reading.tables,
            "text": reading.text,
            "refused": dict(reading.refused),
            "unread": reading.unread,
        }
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    sys.stdout.buffer.write(json.dumps(row, ensure_ascii=False).encode("utf-8", "replace"))


def _limit() -> None:
    """Limits on memory, CPU time, files and processes; no network, by a namespace of its own or else by a guard."""
    for kind, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))
    if hasattr(ctypes, "CDLL") and sys.platform == "linux":
        # Fails where unprivileged user namespaces are off; then the guard alone holds.
        ctypes.CDLL(None, use_errno=True).unshare(_NEW_USER | _NEW_NET)
    sys.addaudithook(_refuse_network)


def _refuse_network(event: str, arguments: tuple[Any, ...]) -> None:
    if event.startswith("socket.") or event in {"subprocess.Popen", "os.exec", "os.posix_spawn", "os.fork"}:
        raise PermissionError(f"{event} is not allowed while reading a file")


if __name__ == "__main__":
    main()
