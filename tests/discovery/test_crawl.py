"""Counties whose list pages nobody knows, or whose list pages are gone, crawled from their home pages over HTTP."""

from __future__ import annotations

from crawler.parsing.urls import article_id, canonical_url
from crawler.replica import content

PLATFORMS = {
    "dedecms", "easysite", "eportal", "jiangxi", "lonsun", "nfcms", "phpcms", "trs", "trs_irs", "ucap", "vsb",
}  # fmt: skip
CHANNELS = {channel.cms: channel for channel in content.channels() if channel.cms in PLATFORMS}
# What the registry has of the towns' news is not asked for: others than the government write it.
TOWNS = "镇街动态"


def test_sites_of_eleven_platforms_without_a_list_page(project, crawl, stored, replica):
    for channel in CHANNELS.values():
        project.change(channel.site, lists="", platform="", status="listed")
    codes = ",".join(channel.site for channel in CHANNELS.values())
    result = crawl(codes, proxy=replica.address)
    assert result.returncode == 0, result.stderr[-3000:]
    truth = {
        article_id(canonical_url(article.url)): article
        for channel in CHANNELS.values()
        for article in channel.on(1)
        if channel.sections[article.section]["name"] != TOWNS
    }
    rows = {row["_id"]: row for row in stored.articles.find({})}
    assert {truth[key].url for key in truth.keys() - rows.keys()} == set()
    assert {row["url"] for key, row in rows.items() if key not in truth} == set()
    assert {rows[key]["title"] for key in truth} == {article.title for article in truth.values()}
    for channel in CHANNELS.values():
        names = {row["name"] for row in stored.sections.find({"site": channel.site}) if row["key"] != "home"}
        assert names == {section["name"] for section in channel.sections.values()} - {TOWNS}


def page(title: str, body: str, head: str = "") -> str:
    return f"<html><head><title>{title}</title>{head}</head><body>{body}</body></html>"


def home(place: str, *links: str) -> str:
    rows = "".join(
        f'<li><a href="/xw/202611/t2026111{n}_90{n}.html">{place}第{n}批抽检</a>11-1{n}</li>' for n in range(6)
    )
    menu = "".join(f"<li>{link}</li>" for link in links)
    return page(
        f"{place}县人民政府", f"<ul>{menu}</ul><ul>{rows}</ul><p>主办：{place}县人民政府办公室</p>" + "<!-- -->" * 90
    )


def listing(folder: str, count: int = 2) -> str:
    row = '<li><a href="{0}202611/t2026111{1}_80{1}.html">本县通报第{1}期农贸市场快检结果</a><i>2026-11-1{1}</i></li>'
    rows = "".join(row.format(folder, number) for number in range(count))
    return page("栏目", f"<h2>栏目</h2><ul>{rows}</ul>" + "<!-- -->" * 90)


def article(number: int) -> str:
    # One text under several titles would be doubted, not stored.
    count = 100 + number
    paragraphs = (
        f"<p>县市场监管局在农贸市场开展快检，检测蔬菜、肉类样品{count}批次，结果全部合格，并向市民公示。</p>" * 4
    )
    return page(
        "快检",
        f"<h1>本县通报第{number}期农贸市场快检结果</h1><p>发布时间：2026-11-1{number} 来源：县市场监管局</p>"
        f'<div class="TRS_Editor">{paragraphs}</div>',
    )


def articles(folder: str) -> dict[str, str]:
    return {f"{folder}202611/t2026111{n}_80{n}.html": article(n) for n in range(2)}


def link(name: str, path: str) -> str:
    return f'<a href="{path}">{name}</a>'


CHANNEL = page(
    "重点领域",
    "<div><h4>食品安全</h4><a href='/zdly/spaq/'>更多</a></div><div><h4>征地</h4><a href='/zdly/zd/'>更多</a></div>"
    + "<!-- -->" * 90,
)
SORRY = page("提示", "<p>页面开小差了</p><a href='/'>首页</a>")


def test_odd_sites_each_for_itself(project, crawl, stored, odd_sites):
    """331102 to 331127 are the counties around 青田; each is given a site that is odd in its own way."""
    anew = {"platform": "", "status": "listed"}
    project.change("331102", homepage="http://www.l1.gov.cn/", lists="", **anew)  # sections below a channel
    project.change("331122", homepage="http://www.l2.gov.cn/", lists="", **anew)  # parked
    project.change("331123", homepage="http://www.l3.gov.cn/", lists="", **anew)  # another county's
    project.change("331124", homepage="https://www.l4.gov.cn/", lists="", **anew)  # http only
    project.change("331125", homepage="http://www.l5.gov.cn/", lists="要闻=http://www.l5.gov.cn/yw/", **anew)  # gone
    project.change("331126", homepage="http://www.l6.gov.cn/", lists="要闻=http://www.l6.gov.cn/yw/", **anew)  # guessed
    project.change("331127", homepage="http://www.l7.gov.cn/", lists="", **anew)  # a login
    project.change(
        "331181", homepage="http://www.l8.gov.cn/", lists="要闻=http://www.l8.gov.cn/yw/", **anew
    )  # soft 404
    sites = odd_sites(
        {
            "www.l1.gov.cn": {
                "/": home("莲都", link("重点领域信息公开", "/zdly/"), link("莲都要闻", "/yw/")),
                "/zdly/": CHANNEL,
                "/zdly/spaq/": listing("/zdly/spaq/"),
                "*": SORRY,
                **articles("/zdly/spaq/"),
            },
            "www.l2.gov.cn": {"/": page("l2.gov.cn", "<h1>This domain is for sale</h1>")},
            "www.l3.gov.cn": {"/": home("栖霞溪", link("要闻", "/yw/")), "/yw/": listing("/yw/")},
            # Its third article leads away, to a page of somebody else's.
            "www.l4.gov.cn": {
                "/": home("松阳", link("松阳要闻", "/yw/")),
                "/yw/": listing("/yw/", 3),
                "/yw/202611/t20261112_802.html": (302, "http://www.paper-demo.cn/1.html"),
                **articles("/yw/"),
            },
            "www.paper-demo.cn": {"/1.html": article(2)},
            "www.l5.gov.cn": {
                "/": home("云和", link("今日云和", "/xwzx/jryh/")),
                "/xwzx/jryh/": listing("/xwzx/jryh/"),
                **articles("/xwzx/jryh/"),
            },
            "www.l6.gov.cn": {"/": home("庆元", link("领导信箱", "/xx/")), "*": (302, "http://www.l6.gov.cn/")},
            "www.l8.gov.cn": {
                "/": home("龙泉", link("今日龙泉", "/jrlq/")),
                "/jrlq/": listing("/jrlq/"),
                "*": SORRY,
                **articles("/jrlq/"),
            },
            "www.l7.gov.cn": {"/": page("系统登录", "<form><input type='password'></form>")},
        }
    )
    codes = "331102,331122,331123,331124,331125,331126,331127,331181"
    result = crawl(codes, proxy=sites.address, RETRY_TIMES=0)
    told = result.stderr
    assert result.returncode == 0, told[-3000:]
    found = {
        (row["site"], row["name"]) for row in stored.sections.find({"found_at": {"$ne": None}}) if row["key"] != "home"
    }
    assert found == {("331102", "食品安全"), ("331124", "松阳要闻"), ("331125", "今日云和"), ("331181", "今日龙泉")}
    by_site = {code: stored.articles.count_documents({"site.code": code}) for code in codes.split(",")}
    assert {code for code, number in by_site.items() if number} == {"331102", "331124", "331125", "331181"}
    assert set(by_site.values()) == {0, 2}
    for sentence in (
        "缙云县: http://www.l2.gov.cn/: the domain is parked",
        "遂昌县: http://www.l3.gov.cn/: the page names 栖霞溪县 as its owner",
        "云和县 要闻: http://www.l5.gov.cn/yw/: the site answers 404",
        "云和县: its home page leads to 今日云和 http://www.l5.gov.cn/xwzx/jryh/",
        "庆元县 要闻: http://www.l6.gov.cn/yw/: it leads back to the home page",
        "庆元县: http://www.l6.gov.cn/: no link of the home page leads to a list",
        "景宁畲族自治县: http://www.l7.gov.cn/: the page asks for a login",
        "龙泉市: its home page leads to 今日龙泉 http://www.l8.gov.cn/jrlq/",
        "www.l4.gov.cn answers http only",
    ):
        assert sentence in told
    assert "Traceback" not in told
    (reject,) = stored.rejects.find({"site.code": "331124"})
    assert (reject["reason"], "paper-demo.cn" in reject["detail"]) == ("foreign", True)
    assert not sites.asked_at("www.l3.gov.cn")[2:]  # nothing but its home page was read
    # What a home page does not have is remembered as well.
    before = len(sites.asked)
    again = crawl(codes, proxy=sites.address, RETRY_TIMES=0)
    assert "庆元县" in again.stderr
    asked = [url for url in sites.asked[before:] if url.endswith(".gov.cn/")]
    assert "http://www.l6.gov.cn/" not in [url for url in asked if asked.count(url) > 1]
    assert "http://www.l1.gov.cn/" not in asked
    assert stored.articles.count_documents({}) == 8
