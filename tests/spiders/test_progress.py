"""How a crawl tells how far it is: on a terminal, in a log and to a program."""

import contextlib
import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import termios
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SITE = ("county", "-a", "site=qingtian", "-a", "keep=all")
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def on_a_terminal(words: list[str]) -> str:
    """What a terminal of 150 columns gets to see of a command."""
    screen, side = pty.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 150, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    environment["TERM"] = "xterm-256color"
    process = subprocess.Popen(words, cwd=ROOT, stdin=side, stdout=side, stderr=side, env=environment)
    os.close(side)
    seen = b""
    # A terminal whose last program has ended is an error to read.
    with contextlib.suppress(OSError):
        while part := os.read(screen, 65536):
            seen += part
    os.close(screen)
    assert process.wait() == 0
    return seen.decode()


def test_on_a_terminal_one_line_lives_below_the_log(command):
    seen = on_a_terminal(command(*SITE, DOWNLOAD_DELAY=0.05))
    drawn = re.findall(r"\r\x1b\[2K[^\r\n]*?county: (\d+) pages, [^\r\n]*?(\d+) queued, 青田县", seen)
    assert len(drawn) >= 2
    pages = [int(count) for count, _ in drawn]
    assert pages == sorted(pages)
    assert pages[-1] > 0
    # What is left on the screen: lines that were not cleared again.
    lines = [ESCAPES.sub("", part.split("\x1b[2K")[-1]) for part in seen.split("\r\n")]
    left = [line for line in lines if line.strip()]
    assert "INFO 青田县 331121: ok: 26 new" in left[-2]
    assert left[-1].startswith("county: 26 new")
    assert seen.rstrip().endswith("requests)")
    assert "\x1b[?25h" in seen  # the cursor is back


def test_in_a_log_a_line_every_so_often(crawl):
    result = crawl(*SITE, DOWNLOAD_DELAY=0.05, PROGRESS_SECONDS=0.3)
    told = [line for line in result.stderr.splitlines() if "pages/min" in line]
    assert len(told) >= 2
    assert re.search(r"INFO county: \d+ pages, 0 new, .* 青田县$", told[0])
    assert "\x1b" not in result.stderr


def test_for_programs_every_line_is_json(crawl):
    result = crawl(*SITE, LOG_JSON=1)
    lines = [json.loads(line) for line in result.stderr.splitlines()]
    (ended,) = [line for line in lines if line.get("site") == "331121"]
    assert ended["message"].startswith("青田县 331121: ok: 26 new")
    assert (ended["level"], ended["url"]) == ("INFO", "http://www.qingtian.gov.cn/col/col1229365841/index.html")
    assert lines[-1]["message"].startswith("county: 26 new")
