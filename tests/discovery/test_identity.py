"""Whose page an answer is, and whether it is one: parked domains, logins, other places' pages, soft 404s."""

from datetime import UTC, datetime

import pytest

from crawler.discovery.survey import is_gone, missing_url, reject_foreign, same_page
from crawler.parsing.page import Page
from crawler.parsing.urls import other_scheme
from crawler.platforms.reading import read_list
from crawler.sites.site import Site

SITE = Site("339988", "栖霞溪县", "county", "http://www.qixiaxi.gov.cn/", short="栖霞溪", gb_code="339988")
OTHER = Site("339977", "云麓县", "county", "http://www.yunlu.gov.cn/", short="云麓", gb_code="339977")


def page(markup: str, url: str = "http://www.qixiaxi.gov.cn/yw/", status: int = 200) -> Page:
    return Page.from_bytes(markup.encode(), url, "text/html; charset=utf-8", status=status)


def shell(title: str, body: str, head: str = "") -> str:
    return f"<html><head><title>{title}</title>{head}</head><body>{body}</body></html>"


LINKS = "".join(
    f'<li><a href="/art/2026/11/{day}/art_1_{day}.html">第{day}号食品安全提示</a></li>' for day in range(10, 20)
)
OWN = shell("栖霞溪县人民政府", f"<ul>{LINKS}</ul><p>主办：栖霞溪县人民政府办公室</p>")
NEWS = shell("要闻", '<ul><li><a href="/art/2026/11/9/art_2_1.html">我县公布抽检结果</a> 2026-11-09</li></ul>')


@pytest.mark.parametrize(
    ("markup", "reason"),
    [
        (shell("qixiaxi.gov.cn", "<h1>This domain is for sale</h1><a href='/buy'>Make an offer</a>"), "parked"),
        (shell("域名停放", "<p>该域名正在出售，域名转让请联系客服。</p>"), "parked"),
        (shell("Welcome to nginx!", "<h1>Welcome to nginx!</h1><p>If you see this page, …</p>"), "default_page"),
        (shell("没有找到站点", "<p>您的请求在Web服务器中没有找到对应的站点！</p>"), "default_page"),
        (shell("统一身份认证平台", "<form><input name='u'><input type='password' name='p'></form>"), "login"),
        (shell("系统登录", "<div id='login'>账号 密码</div>"), "login"),
        (shell("提示", "<p>本网站已关停，感谢您的支持</p>"), "closed"),
        (OWN, None),
        (NEWS, None),
        # An article about one of these is none of them, and a short one beside a login box stays an article.
        (shell("我县开展域名出售诈骗预警", f"<p>{'近日，有群众接到域名转让电话，请提高警惕。' * 12}</p>"), None),
        (
            shell(
                "腊味抽检合格",
                "<input type='password'><p>近日，我县抽检腊味，批次全部合格。县局说，今后，每月，都要抽检，"
                "结果，向社会，公布。请市民，放心，选购，正规商店，的产品。</p>",
            ),
            None,
        ),
    ],
)
def test_pages_that_are_nobodys(markup, reason):
    found = reject_foreign(page(markup), SITE)
    assert (found[0] if found else None) == reason


def test_a_parked_list_page_is_no_empty_list():
    listing = read_list(page(shell("x", "<h1>This domain is for sale</h1>")), now=datetime(2026, 11, 20, tzinfo=UTC))
    assert (listing.items, listing.reason) == ((), "parked")


@pytest.mark.parametrize(
    ("head", "body", "strange"),
    [
        ('<meta name="SiteIDCode" content="4201020001">', "<p>欢迎</p>", True),
        ('<meta name="SiteName" content="江岸区人民政府">', "<p>今日要闻</p>", True),
        ("", "<p>主办：某某文化传播有限公司</p>", True),
        # The site's own page with the code of the city above it, or the name only in the footer.
        ('<meta name="SiteIDCode" content="3399000001">', "<p>栖霞溪要闻</p>", False),
        ('<meta name="SiteName" content="示州市人民政府">', "<p>主办：栖霞溪县人民政府</p>", False),
        # Nothing that names anybody proves nothing.
        ("", "<p>要闻</p>", False),
    ],
)
def test_pages_of_somebody_else(head, body, strange):
    found = reject_foreign(page(shell("门户网站", body, head)), SITE)
    assert (found is not None and found[0] == "foreign") == strange


def test_another_countys_page():
    assert reject_foreign(page(OWN), SITE) is None
    found = reject_foreign(page(OWN), OTHER)
    assert found is not None
    assert found[0] == "foreign"
    assert "栖霞溪县" in found[1]


HOME = page(OWN, SITE.homepage)
SORRY = shell("提示", "<p>您访问的栏目 {} 暂无内容 2026-11-24 08:{}</p><a href='/'>首页</a>")

NOTHING = page(SORRY.format("/no-such-page/", "02"), "http://www.qixiaxi.gov.cn/no-such-page/")


@pytest.mark.parametrize(
    ("asked", "missing", "why"),
    [
        (page(NEWS), page("", status=404), None),
        (page(NEWS, status=404), page("", status=404), "answers 404"),
        (page(shell("404", "<p>您访问的页面不存在</p>")), page("", status=404), "no such page"),
        (page(OWN, SITE.homepage), page("", status=404), "home page"),
        (page(OWN, "http://www.qixiaxi.gov.cn/yw/"), page("", status=404), "home page under another address"),
        # A guessed path: the site answers 200 to anything, with another time on it each time.
        (page(SORRY.format("/yw/", "01")), NOTHING, "paths that do not exist"),
        (page(NEWS), NOTHING, None),
        (page(NEWS, "http://www.qixiaxi.gov.cn/error"), page(NEWS, "http://www.qixiaxi.gov.cn/error"), "paths lead"),
    ],
)
def test_soft_404s_are_told_by_a_path_that_does_not_exist(asked, missing, why):
    found = is_gone(asked, HOME, missing)
    assert (found is None) if why is None else (found is not None and why in found)


def test_the_path_that_no_site_has():
    assert missing_url("http://www.qixiaxi.gov.cn/index.html").startswith("http://www.qixiaxi.gov.cn/")


def test_pages_with_other_news_are_other_pages():
    later = OWN.replace("art_1_10", "art_1_99").replace("art_1_11", "art_1_98")
    assert not same_page(page(OWN), page(later))
    assert same_page(page(OWN), page(OWN.replace("</ul>", '</ul><a href="http://[x/">坏</a>')))


@pytest.mark.parametrize(
    ("url", "other"),
    [
        ("http://www.qixiaxi.gov.cn/a?b=http://c", "https://www.qixiaxi.gov.cn/a?b=http://c"),
        ("https://www.qixiaxi.gov.cn", "http://www.qixiaxi.gov.cn"),
        ("http://www.qixiaxi.gov.cn:8080/", None),
        ("http://[::1]/", "https://[::1]/"),
        ("http://[::1]:81/", None),
        ("ftp://www.qixiaxi.gov.cn/", None),
        ("qixiaxi", None),
    ],
)
def test_the_other_scheme(url, other):
    assert other_scheme(url) == other
