"""The promises of the defaults: a change that breaks one must be argued here first."""

from scrapy.settings import Settings

import crawler.settings


def settings() -> Settings:
    values = Settings()
    values.setmodule(crawler.settings, priority="project")
    return values


def test_politeness():
    values = settings()
    assert values.getbool("ROBOTSTXT_OBEY")
    assert values.getint("CONCURRENT_REQUESTS_PER_DOMAIN") == 1
    assert values.getfloat("DOWNLOAD_DELAY") >= 1.0
    assert values.getfloat("DOWNLOAD_DELAY_JITTER") == 0
    assert values.getbool("AUTOTHROTTLE_ENABLED")
    assert values.getfloat("AUTOTHROTTLE_TARGET_CONCURRENCY") <= 1.0
    assert not values.getdict("DOWNLOAD_SLOTS")


def test_the_agent_names_itself_and_its_contact():
    agent = settings()["USER_AGENT"]
    assert "FoodSafetyCrawler/" in agent
    assert crawler.settings.CONTACT in agent


def test_no_door_is_left_open():
    values = settings()
    assert not values.getbool("TELNETCONSOLE_ENABLED")
    assert not values.getbool("REMOTE_CONTROL_ENABLED")


def test_what_a_site_may_send_is_bounded():
    values = settings()
    assert values.getint("DOWNLOAD_MAXSIZE") <= 10 * 1024 * 1024
    assert values.getint("REDIRECT_MAX_TIMES") <= 5
    assert values.getfloat("DOWNLOAD_TIMEOUT") <= 60
