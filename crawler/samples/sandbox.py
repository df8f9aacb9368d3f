"""Reads files of strangers in a child process, so that none can take the crawl down, hang it or reach the network."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from crawler.items import Sample, SampleItem
from crawler.samples.child import MAX_BYTES, OUT_OF_MEMORY
from crawler.samples.reader import FileReading
from crawler.samples.sniff import sniff

TIMEOUT = 18
"""Seconds, so that a file takes no more than 20 with the start and end of the process."""
OFFICE_TIMEOUT = 60
MAX_OUTPUT = 64 * 1024 * 1024
OFFICE_PROGRAMS = ("soffice", "libreoffice")


def read_file(data: bytes, name: str = "", *, timeout: float = TIMEOUT) -> FileReading:
    """What the file `data`, called `name`, holds. Never raises: a file that ends its process, or takes too much time or
    memory, has `crashed`, `timeout` or `out_of_memory` in `unread`. `timeout` in seconds."""
    kind = sniff(data)
    if len(data) > MAX_BYTES:
        return _unread(kind, name, "too_large", f"the file has {len(data):,} bytes; the limit is {MAX_BYTES:,}")
    if kind == "doc" and (converted := _convert(data)) is not None:
        reading = _read_in_child(converted, name, timeout)
        reading.kind = kind
        return reading
    reading = _read_in_child(data, name, timeout)
    reading.kind = kind
    return reading


def _read_in_child(data: bytes, name: str, timeout: float) -> FileReading:
    command = [sys.executable, "-I", "-m", "crawler.samples.child", name[-200:]]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        return _unread("unknown", name, "timeout", f"reading took more than {timeout:g} s")
    if done.returncode == OUT_OF_MEMORY:
        return _unread("unknown", name, "out_of_memory", "reading took more memory than allowed")
    if done.returncode in {-signal.SIGXCPU, -signal.SIGKILL}:
        return _unread("unknown", name, "timeout", "reading took more CPU time than allowed")
    if done.returncode or len(done.stdout) > MAX_OUTPUT:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        why = f" ({lines[-1][:200]})" if lines else ""
        if "MemoryError" in why or "memory allocation" in why:
            return _unread("unknown", name, "out_of_memory", f"reading took more memory than allowed{why}")
        return _unread("unknown", name, "crashed", f"the reader ended with status {done.returncode}{why}")
    return _from_json(done.stdout)


def _from_json(output: bytes) -> FileReading:
    row = json.loads(output)
    samples = []
    for each in row["samples"]:
        each["items"] = [SampleItem(**item) for item in each["items"]]
        samples.append(Sample(**each))
    unread = [(name, reason, detail) for name, reason, detail in row["unread"]]
    return FileReading(row["kind"], samples, row["tables"], row["text"], Counter(row["refused"]), unread)


def _unread(kind: str, name: str, reason: str, detail: str) -> FileReading:
    return FileReading(kind, unread=[(name, reason, detail)])


def _convert(data: bytes) -> bytes | None:
    """A .doc or .wps as .docx, by LibreOffice; None if it is not installed or can't read the file."""
    program = next(filter(None, map(shutil.which, OFFICE_PROGRAMS)), None)
    if program is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "file.doc"
        source.write_bytes(data)
        command = [
            *(program, "--headless", "--norestore", f"-env:UserInstallation=file://{folder}/profile"),
            *("--convert-to", "docx", "--outdir", folder, str(source)),
        ]
        if unshare := shutil.which("unshare"):
            # A document may name pictures of other hosts; without a network they stay unread.
            command = [unshare, "--user", "--net", "--map-root-user", *command]
        try:
            subprocess.run(command, capture_output=True, timeout=OFFICE_TIMEOUT, check=False)
        except subprocess.TimeoutExpired:
            return None
        target = Path(folder) / "file.docx"
        return target.read_bytes() if target.is_file() else None
