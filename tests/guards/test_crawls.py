"""A crawl of a hostile site: nothing leaves for where its pages point, and its sound articles are stored."""

import os
import socket
import subprocess
import sys
from pathlib import Path

from tests.bench.faults.attacks import ESCAPES, PRIVATE
from tests.bench.faults.hostile import BODY, HOST, LIST, Hostile, article, bomb, listing, page, redirects, sends
from tests.spiders.conftest import command, crawl, replica, stored

__all__ = ["command", "crawl", "replica", "stored"]
ROOT = Path(__file__).resolve().parents[2]


def test_a_hostile_site_harms_nobody(crawl, stored):
    with Hostile() as hostile:
        wicked = {article(n): redirects(target) for n, target in enumerate(PRIVATE)}
        wicked[article(100)] = bomb("gzip", megabytes=20)
        wicked[article(101)] = bomb("br", megabytes=20)
        sound = {article(200): sends(page("食堂检查通报")), article(201): sends(page(ESCAPES, f"甲{BODY}乙"))}
        hostile.answers |= wicked | sound
        hostile.answers[LIST] = sends(listing([*wicked, *sound, *PRIVATE], f"{LIST}?month=2031-05"))
        hostile.answers[f"{LIST}?month=2031-05"] = sends(listing([article(300)]))
        result = crawl("county", "-a", "site=qingtian", "-a", "keep=all", REPLICA=hostile.address)
        assert hostile.leaked == []
        assert not any("month=" in path for path in hostile.asked)
    assert "secret" not in result.stderr
    assert "\x1b" not in result.stderr
    assert "Traceback" not in result.stderr
    assert {row["url"] for row in stored.articles.find({})} == {f"http://{HOST}{path}" for path in sound}
    assert not any("\x1b" in row["title"] for row in stored.articles.find({}))
    reasons = [row["reason"] for row in stored.rejects.find({})]
    assert len(reasons) == len(wicked) + 2  # the list links to two ports of the site itself
    assert set(reasons) == {"private_address", "odd_address", "foreign_port", "credentials", "too_large"}
    run = stored.runs.find_one({"parent": None})
    assert run["counts"]["sections/calendar"] == 1


def test_a_name_that_leads_into_the_private_network_is_not_asked_for(mongo_uri, database):
    """The answer of a hostile name server is the one thing here that can't be made for real."""
    with socket.create_server(("127.0.0.1", 0)) as victim:
        victim.settimeout(0.1)
        port = victim.getsockname()[1]
        program = (
            "import socket, sys\n"
            "from scrapy.cmdline import execute\n"
            "true = socket.gethostbyname\n"
            "socket.gethostbyname = lambda name: '127.0.0.1' if name == 'rebind.example' else true(name)\n"
            "execute(sys.argv)\n"
        )
        options = [f"MONGO_URI={mongo_uri}", f"MONGO_DATABASE={database}", "RETRY_BACKOFF_SECONDS=0.01"]
        line = ["crawl", "page", "-a", f"url=http://rebind.example:{port}/a.html"]
        result = subprocess.run(
            [sys.executable, "-c", program, *line, *(part for option in options for part in ("-s", option))],
            cwd=ROOT,
            env=os.environ,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        try:
            victim.accept()
        except TimeoutError:
            pass
        else:
            raise AssertionError("the private server was asked")
    assert result.returncode == 1
    assert "rebind.example leads to 127.0.0.1" in result.stderr
    assert "Traceback" not in result.stderr
