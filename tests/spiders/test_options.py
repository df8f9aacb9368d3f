"""Settings on the command line: the first that can't be used is told in a sentence."""

import pytest

from crawler.cli import wrong_settings


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("DOWNLOAD_DELAY=abc", "-s DOWNLOAD_DELAY=abc: it is a number; the default is 1.0"),
        ("DOWNLOAD_DELAY=-1", "-s DOWNLOAD_DELAY=-1: it must be at least 0"),
        ("DOWNLOAD_DELAY=nan", "-s DOWNLOAD_DELAY=nan: it is a number with an end; the default is 1.0"),
        ("RETRY_TIMES=1.5", "-s RETRY_TIMES=1.5: it is a whole number; the default is 3"),
        ("CONCURRENT_REQUESTS=0", "-s CONCURRENT_REQUESTS=0: it must be at least 1"),
        ("ROBOTSTXT_OBEY=maybe", "-s ROBOTSTXT_OBEY=maybe: it is a switch; write 1 or 0"),
        (
            "REPLICA=127.0.0.1:8000",
            "-s REPLICA: the setting no longer exists; set the environment variables http_proxy and https_proxy "
            "instead",
        ),
        (
            "REPLICA=",
            "-s REPLICA: the setting no longer exists; set the environment variables http_proxy and https_proxy "
            "instead",
        ),
        (
            "GUARD_ALLOWED=10.0.0.0/99",
            "-s GUARD_ALLOWED=10.0.0.0/99: it lists hosts, host:port and networks by commas: "
            "10.0.0.0/8,intranet.example:8080",
        ),
        ("LOG_LEVEL=loud", "-s LOG_LEVEL=loud: choose one of DEBUG, INFO, WARNING, ERROR, CRITICAL"),
        ("LOG_FILE=/nowhere/at/all.log", "-s LOG_FILE=/nowhere/at/all.log: no file can be written there"),
        ("ITEM_PIPELINES=mine", '-s ITEM_PIPELINES=mine: it is a table; write it as JSON: {"name": 100}'),
        (
            "SCHEDULER=scrapy.core.Nothing",
            "-s SCHEDULER=scrapy.core.Nothing: no such class can be imported; write it with its module: "
            "package.module.Class",
        ),
        ("DOWNLOAD_DELY=2", "-s DOWNLOAD_DELY: there is no such setting; did you mean DOWNLOAD_DELAY?"),
    ],
)
def test_a_setting_that_cannot_be_used(given, sentence):
    assert wrong_settings(["RETRY_TIMES=1", given]) == sentence


@pytest.mark.parametrize(
    "given",
    [
        "DOWNLOAD_DELAY=0.5",
        "DOWNLOAD_TIMEOUT=0.5",
        "AUTOTHROTTLE_ENABLED=False",
        "RETRY_PRIORITY_ADJUST=-3",
        'ITEM_PIPELINES={"crawler.pipelines.CleanPipeline": 100}',
        "SCHEDULER=scrapy.core.scheduler.Scheduler",
        "AN_ADDON_OF_YOURS=anything",
    ],
)
def test_a_setting_that_can_be_used(given):
    assert wrong_settings([given]) is None


def test_on_the_command_line(crawl):
    result = crawl("county", "-a", "site=qingtian", DOWNLOAD_DELAY="abc")
    assert result.returncode == 2
    assert result.stderr == "scrapy crawl: -s DOWNLOAD_DELAY=abc: it is a number; the default is 1.0\n"
