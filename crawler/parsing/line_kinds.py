"""What one line of a page is besides the article's text: tools, headers, credits, legal notices (SITES.md §7.7)."""

from __future__ import annotations

import re
from functools import lru_cache

_TOOL = re.compile(
    r"[\[【〖（(<《]?\s*(?:扫一扫.{0,24}|打印(?:本页|此页|本文|文章)?|关闭(?:窗口|本页|页面)?|返回(?:顶部|首页|列表|上一页)?|纠错|我要纠错|收藏(?:本文)?|"
    r"分享(?:到|至)?.{0,40}|(?:一键)?分享|字(?:体|号|体大小)\s*[:：]?.{0,14}|[大中小]|点击(?:量|数|率|次数)?\s*[:：]?\s*\d*\s*次?|"
    r"(?:浏览|阅读|访问|点击|查看)(?:次数|量|人数|数)?\s*[:：]?\s*[\[(（]?\d*[\])）]?\s*(?:次|人)?|\d*次|评论\s*[:：]?\s*\d*|"
    r"您是第\s*\d+\s*位(?:访问者|访客|浏览者|读者)|微信|微博|新浪微博|腾讯微博|QQ空间|人人网|复制(?:链接|地址)?|点赞|[+＋]?\s?(?:已)?关注|(?:我要)?举报|不感兴趣|顶部|下载|首页|上一[页篇]|下一[页篇]|尾页|"
    r"相关(?:附件|新闻|链接|文章|阅读|报道|稿件|信息|资讯|推荐|专题|文档|热词|搜索)|附件(?:下载|列表)?|延伸阅读|推荐阅读|热点推荐|精彩推荐|猜你喜欢|更多)"
    r"\s*[\]】〗）)>》]?\s*[:：]?\s*"
)
_PLAYER = re.compile(
    r"\d{1,2}:\d{2}\s?/\s?\d{1,2}:\d{2}|\d(?:\.\d{1,2})?\s?[Xx倍]|倍速|(?:超|高|标)清|流畅|蓝光|自动播放|循环播放|跳过片头|重播|全屏|静音"
    r"|弹幕|播放速度[:：].{0,6}|设置成功|.{0,4}会员跳过广告|了解详情>?|展开(?:全文)?|收起(?:全文)?|正在为您切换.{0,20}|阅读全文"
    r"|微信扫码分享|(?:不喜欢|已标记为不喜欢.{0,20}|减少或屏蔽此类内容推荐)|登录后.{0,12}|.{0,6}您有未读.{0,12}"
)
"""Buttons of players, feeds and accounts, each alone on its line."""
_BETWEEN = re.compile(r"[\s|｜/·]+")
_TAIL = re.compile(
    r"^[\W_]{0,6}(?:(?:我要)?纠错[\W_]{1,6})?(?:(?:责任|值班|执行|网络|本期)?编辑|責任編輯|編輯|责编|責編|编审|审[核校稿]|校对"
    r"|[初复终一二三]审|(?:值班)?(?:主任|编委|主编|总编辑?)|监制|签发|作者|记者|記者|通讯员|撰稿人?|供稿人?"
    r"|(?:新闻|报料|爆料|投稿)(?:热线|邮箱|电话))\s*[:：|｜丨/]"
    r"|^[\W_]{0,6}(?:(?:本文|信息|文章|稿件|新闻|内容|原文)?(?:来源|來源)|稿源|原标题|关\s*键\s*[字词]|标签|Tags?|主题词"
    r"|(?:浏览|阅读|点击|访问)(?:次数|量|数)?)\s*[:：]"
)
_RIGHTS = re.compile(r"^[\W_]{0,6}(?:(?:免责|网站|版权)?声明|版权(?:所有)?)\s*[:：]")
_SENTENCE = re.compile(r".{10,}[。？！]\W?$", re.S)
_END = re.compile(
    r"^[\W_]{0,6}(?:(?:相关(?:附件|新闻|链接|文章|阅读|报道|稿件|信息|资讯|推荐|专题)(?:推荐|列表)?|延伸阅读|推荐阅读|热点推荐|精彩推荐|热门推荐"
    r"|猜你喜欢|版权声明|免责声明|特别声明|网友评论|我要评论|发表评论|最新评论|打印(?:本页|此页|本文|文章)?)(?![\u4e00-\u9fff])"
    r"|上一[篇条]|下一[篇条]|分享到|扫一扫[^。]{0,30}$)"
)
_LAST = re.compile(
    r"^[\W_]{0,6}(?:责任编辑|責任編輯|編輯|责\s*编|编\s*辑|网络编辑|本文编辑|编审|校对|值班编辑)\s*[:：]"
)
_LINKS_HEADING = re.compile(
    r"(?:更多|热点|热门|重点|精彩|编辑|相关|推荐|最新|精选)?[\u4e00-\u9fff]{0,6}"
    r"(?:要闻|新闻|动态|资讯|推荐|阅读|报道|热点|专题|看点|回顾|关注|话题|文章|日志|视频|图集|排行|解读|政策|问答|图解)\s*[:：]?"
)
_FILE = re.compile(r"\.(?:docx?|xlsx?|pptx?|pdf|wps|et|ofd|zip|rar|7z|txt|csv)\b", re.I)
_PAGE_WORD = re.compile(
    r"首\s?页|上一?页|下一?页|末页|尾页|全文阅读|共\s?\d{1,4}\s?页|第\s?\d{1,4}\s?页|[<>«»‹›]{1,2}|\.{3}|…"
)
_PAGE_NUMBER = re.compile(r"(?<!\d)\d{1,3}(?!\d)")
_PAGE_SEPARATORS = re.compile(r"[\s\[\]【】()（）|/,，]*")
# Each of these is about a web site. 许可证, 举报电话 and 法律责任 alone are not: food news is about them.
# The first characters are tested first, because most places of a text begin none of the alternatives.
_LEGAL = re.compile(
    r"(?=[版免未禁谢不转IiCcAa公网违新视节增侵使推建客登注仅])(?:版权(?:所有|归|声明|与免责)|免责声明|(?:未经|禁止|谢绝|不得).{0,20}转载|转载.{0,12}(?:注明|目的|授权)|(?i:ICP备)|"
    r"公网安备|网站标识码|"
    r"违法和不良信息|(?:新闻信息服务|视听节目|节目制作经营|增值电信业务|网络文化经营)许可证|"
    r"网站?备案号|"
    r"(?:侵权|侵犯).{0,16}(?:联系|删除|处理)|(?:使用|推荐|建议).{0,20}浏览器|客户端下载|登录后(?:查看|阅读|评论|发表)|注册账号|"
    r"仅代表作者|不代表.{0,12}(?:立场|观点)|仅提供信息存储|(?i:Copyright|All Rights))"
)
_CONTACT = re.compile(r"(?:地\s*址|邮\s*编|传\s*真|总\s*机|电子邮箱|客服|友情链接|主办单位|承办单位|技术支持)\s*[:：]")
_HEADER = re.compile(
    r"(?:发布(?:时间|日期|单位|机构|者|人)?|发表(?:时间|于)?|更新(?:时间)?|发稿时间|时\s*间|日\s*期|来\s*源|來源|原标题|作\s*者|编\s*辑|編輯|责编|记者|供稿"
    r"|撰稿|审核|浏览(?:次数|量)?|阅读(?:次数|量)?|点击(?:次数|量|数|率)?|访问(?:次数|量)?|字\s*[体号])\s*[:：]"
)
_COUNTER = re.compile(r"字体|字号|浏览|阅读量|点击|访问量|分享|打印|收藏")
_CLOCK = re.compile(r"(?:19|20)\d{2}\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}")


def is_tool(text: str) -> bool:
    """Return whether a line is only buttons, counters or a pager of the page."""
    if len(text) > 120 or "。" in text:
        return False
    if _TOOL.fullmatch(text) or _is_pager(text) or (len(text) <= 30 and _PLAYER.fullmatch(text)):
        return True
    parts = [part for part in _BETWEEN.split(text) if part]
    return len(parts) > 1 and all(map(_TOOL.fullmatch, parts))


def _is_pager(text: str) -> bool:
    """Return whether a line is page words and numbers. Numbers alone count only if they are 1, 2, 3, …."""
    rest, words = _PAGE_WORD.subn(" ", text)
    numbers = [int(number) for number in _PAGE_NUMBER.findall(rest)]
    if words + len(numbers) < 2 or not _PAGE_SEPARATORS.fullmatch(_PAGE_NUMBER.sub("", rest)):
        return False
    return words > 0 or numbers == list(range(1, len(numbers) + 1))


@lru_cache(maxsize=2048)
def is_legal(text: str) -> bool:
    """Return whether a line is about the site, its rights and its rules, as footers and disclaimers are."""
    return len(text) <= 400 and bool(_LEGAL.search(text))


def is_contact(text: str) -> bool:
    """Return whether a line has the contact details of an office, as footers have."""
    return len(text) <= 200 and bool(_CONTACT.search(text))


def is_header(text: str) -> bool:
    """Return whether a short line holds the article's date, a labelled name or counters, and no sentence."""
    if len(text) > 160 or "。" in text:
        return False
    return bool(_CLOCK.search(text) or _HEADER.search(text) or (len(text) <= 30 and _COUNTER.search(text)))


def is_dateline(text: str) -> bool:
    """Return whether a line of a header holds a date."""
    return len(text) <= 400 and bool(_CLOCK.search(text))


def opens_with_date(text: str) -> bool:
    """Return whether a line begins with a date."""
    return bool(_CLOCK.match(text))


def is_credit(text: str) -> bool:
    """Return whether a line below the article only names people, sources or rights (责任编辑：…)."""
    return len(text) <= 120 and bool(_RIGHTS.match(text) or (_TAIL.match(text) and not _SENTENCE.search(text)))


def ends_article(text: str) -> bool:
    """Return whether a line opens what follows an article (相关新闻, 扫一扫…)."""
    return len(text) <= 60 and bool(_END.match(text))


def is_last_credit(text: str) -> bool:
    """Return whether a line names the editor, which pages print below the article."""
    return len(text) <= 60 and bool(_LAST.match(text))


def heads_links(text: str) -> bool:
    """Return whether a line is only the heading of the links below it (行业动态, 热点推荐)."""
    return len(text) <= 12 and bool(_LINKS_HEADING.fullmatch(text))


def names_file(text: str) -> bool:
    """Return whether a line shows the name of a file to download."""
    return bool(_FILE.search(text))
