"""The reports for Scrapy show what they claim: the fault is there, and the mend ends it."""

import subprocess
import sys
from pathlib import Path

import pytest

UPSTREAM = Path(__file__).parents[2] / "crawler" / "docs" / "upstream"
SCRIPTS = sorted(path.name for path in UPSTREAM.glob("*.py"))


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, script, *arguments]
    return subprocess.run(command, cwd=UPSTREAM, capture_output=True, text=True, timeout=120, check=False)


def test_there_are_two_reports() -> None:
    assert SCRIPTS == ["downloader_transfers.py", "robotstxt_shared_deferred.py"]


@pytest.mark.parametrize("script", SCRIPTS)
def test_scrapy_still_has_the_fault(script: str) -> None:
    # If this fails, Scrapy has mended it: remove our override from middlewares/scrapy_fixes.py and the report.
    outcome = run(script)
    assert outcome.returncode == 1, outcome.stdout + outcome.stderr


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_mend_ends_it(script: str) -> None:
    outcome = run(script, "--fixed")
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
