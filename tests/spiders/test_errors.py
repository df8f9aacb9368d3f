"""A bug of ours on one page costs that page, not its site: the site finishes, and the next crawl tries again."""

from tests.bench.faults.hostile import BODY, LIST, Hostile, article, listing, page, sends

COUNTY = ("county", "-a", "site=qingtian", "-a", "keep=all")
RAISING = {"SPIDER_MODULES": "crawler.spiders,tests.spiders.raising"}


def test_an_error_while_parsing_an_article_settles_it(crawl, stored):
    with Hostile() as site:
        pages = {article(n): sends(page(f"食堂检查第{n}号", f"{n}{BODY}{n}")) for n in range(3)}
        site.answers |= {**pages, LIST: sends(listing(list(pages)))}
        failed = crawl(*COUNTY, proxy=site.address, **RAISING)
        assert "a bug in a platform" in failed.stderr
        assert stored.articles.count_documents({}) == 2
        (run,) = stored.runs.find({"site": "331121"})
        # The site is done, not cut off by the end of the crawl; the error is counted, and the section stays open.
        assert (run["finish_reason"], run["counts"]["errors/ZeroDivisionError"]) == ("finished", 1)
        assert run["finished_at"] < stored.runs.find_one({"parent": None})["finished_at"]
        (section,) = stored.sections.find({"site": "331121"})
        assert (section["open"], section.get("complete_at")) == (True, None)
        # The bug is mended: the page is fetched.
        assert crawl(*COUNTY, proxy=site.address).returncode == 0
        assert stored.articles.count_documents({}) == 3
        (section,) = stored.sections.find({"site": "331121"})
        assert section["open"] is False
