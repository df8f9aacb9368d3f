"""Pages that hold no article: blocked, empty, removed, or not the content of any site. Blocked is not empty."""

from __future__ import annotations

import re
from dataclasses import dataclass

from crawler.parsing.page import Page
from crawler.parsing.page_lines import PageLines


@dataclass(frozen=True)
class PageRejection:
    """A page without an article: `reason` is one word, `detail` one sentence for a person.

    Reasons: blocked, needs_browser, not_article, not_found, list_page, empty, too_large, foreign, parked, closed,
    default_page, login.
    """

    reason: str
    detail: str


BLOCKED_STATUS = frozenset({403, 412, 429, 468, 521})
_CHALLENGE = re.compile(
    r"__jsl_clearance|__jsluid|\$_ts\s*[=.]|_\$[a-z]{2}\(|acw_sc__v2|cf-challenge|challenge-platform|aliyun_waf|waf_captcha|"
    r"safeline|WZWS|安全验证|访问验证|人机验证|滑动验证|您的访问(?:请求)?(?:可能|已)?被(?:拦截|阻断)|请求被拦截|访问被拒绝|防火墙已拦截",
)
_SHELL = re.compile(
    r"""<div[^>]{0,80}\bid=["'](?:app|root|__next|__nuxt)["']|ng-app|unitbuild\.js|<noscript>[^<]{0,80}JavaScript""",
    re.I,
)
_GONE = re.compile(
    r"\b404\b|页面(?:不存在|未找到|已失效)|找不到.{0,8}页|Not Found"
    r"|(?:页面|文章|内容|信息|稿件).{0,8}(?:已(?:被|经)?(?:删除|下架|撤回|屏蔽)|不存在|正在审核|审核中|未通过审核)"
    r"|(?:暂时?|目前)?无法(?:查看|访问)(?:该|此|本)?(?:页面|文章|内容|信息)?[，,。]?请联系|您(?:要)?访问的.{0,10}(?:不存在|已删除)",
    re.I,
)

_FOR_SALE = re.compile(
    r"(?:域名|domain).{0,12}(?:出售|转让|求购|竞价|for\s+sale|parking|parked)|buy\s+this\s+domain|sedoparking|本域名(?:可|正在)"
    r"|域名(?:已|到)期|domain(?:\s+name)?\s+(?:has\s+)?expired",
    re.I,
)
_CLOSED = re.compile(
    r"(?:网站|站点|本站)(?:已|现已|暂时|正在)?(?:关停|关闭|停办|停用|下线|维护|升级改造|未备案|建设中)"
)
_SERVER = re.compile(
    r"welcome to (?:nginx|openresty|tengine|caddy)|apache2? (?:\w+ )?default page|^it works!?$|iis windows server|"
    r"没有找到站点|站点创建成功|apache tomcat/\d",
    re.I,
)
_LOGIN = re.compile(r"登\s*录|登\s*陆|login|sign in|统一身份认证", re.I)
_MAX_PLACEHOLDER_TEXT, _MAX_PLACEHOLDER_PUNCTUATION = 400, 10
"""A page with more characters or more punctuation has content of its own."""
_MAX_LOGIN_TITLE = 30


def reject_placeholder(page: Page, page_lines: PageLines) -> PageRejection | None:
    """Reject a page that is not any site's content; None for any other page.

    Reasons: `parked` (the domain is for sale), `closed`, `default_page` (a server without a site), `login`.
    """
    if page_lines.sizes[-1] > _MAX_PLACEHOLDER_TEXT or page_lines.punctuation[-1] >= _MAX_PLACEHOLDER_PUNCTUATION:
        return None
    title = "" if page.title is None else "".join(map(str, page.title.itertext())).strip()
    text = " ".join(line.text for line in page_lines.lines)
    if _FOR_SALE.search(f"{title} {text}"):
        return PageRejection("parked", "the domain is parked or for sale")
    if _SERVER.search(title) or _SERVER.search(text[:200]):
        return PageRejection("default_page", "the page is a web server's default page")
    asks = any((field.get("type") or "").lower() == "password" for field in page.root.iter("input"))
    if asks or (len(title) < _MAX_LOGIN_TITLE and _LOGIN.search(title)):
        return PageRejection("login", "the page asks for a login")
    if _CLOSED.search(f"{title} {text}"):
        return PageRejection("closed", "the page says that the site is closed")
    return None


def reject_page(page: Page, page_lines: PageLines) -> PageRejection | None:
    """Reject a firewall's challenge, a shell without content, an error page or a placeholder; None for other pages."""
    size = page_lines.sizes[-1]
    if page.status in BLOCKED_STATUS:
        return PageRejection("blocked", f"the server answered {page.status}: it blocks this client")
    if page.status in {404, 410}:
        return PageRejection("not_found", f"the server answered {page.status}")
    if size < 400 and _CHALLENGE.search(page.text[:20_000]):
        return PageRejection("blocked", "the page is a challenge of the site's firewall, not an article")
    if (found := reject_placeholder(page, page_lines)) is not None:
        return found
    if size < 200 and page_lines.punctuation[-1] < 5 and _SHELL.search(page.text[:100_000]):
        return PageRejection("needs_browser", "the page is a shell; scripts load its content in a browser")
    title = page.title if page_lines.punctuation[-1] < 10 else None
    if title is not None and _GONE.search("".join(map(str, title.itertext()))[:60]):
        return PageRejection("not_found", "the title of the page says that there is no such page")
    if size < 300 and _GONE.search("\n".join(line.text for line in page_lines.lines)):
        return PageRejection("not_found", "the page says that the article does not exist")
    return None
