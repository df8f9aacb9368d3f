"""Pages that are no articles because the server or the browser withholds them: blocked is not empty."""

from __future__ import annotations

import re

from crawler.parsing.outline import Outline
from crawler.parsing.page import Page

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
    r"|(?:页面|文章|内容|信息|稿件).{0,8}(?:已(?:被|经)?删除|不存在)",
    re.I,
)


def refuse(page: Page, outline: Outline) -> tuple[str, str] | None:
    """`(reason, sentence)` where the page is a challenge, a shell without content or an error page, else None."""
    size = outline.sizes[-1]
    if page.status in BLOCKED_STATUS:
        return "blocked", f"the server answered {page.status}: it wants a browser or another address"
    if page.status in {404, 410}:
        return "not_found", f"the server answered {page.status}"
    if size < 400 and _CHALLENGE.search(page.text[:20_000]):
        return "blocked", "the page is a challenge of the site's firewall, not an article"
    if size < 200 and outline.marks[-1] < 5 and _SHELL.search(page.text[:100_000]):
        return "needs_browser", "the page is a shell whose content scripts load in a browser"
    title = next(page.root.iter("title"), None)
    if title is not None and outline.marks[-1] < 10 and _GONE.search("".join(map(str, title.itertext()))[:60]):
        return "not_found", "the title of the page says that there is no such page"
    if size < 300 and _GONE.search("\n".join(line.text for line in outline.lines)):
        return "not_found", "the page says that the article does not exist"
    return None
