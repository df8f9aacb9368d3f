"""Clean text: no invisible characters, one paragraph per line, no buttons and notices of the page ("furniture").

Names, numbers and spelling stay as written: nothing is translated, converted to full width or reworded here.
"""

import re
import unicodedata

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    "\ufff9-\ufffb\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\U000e0000-\U000e007f]"
)
_BREAK = re.compile("\r\n?|[\n\v\f\x85\u2028\u2029]")
_SPACES = re.compile("[ \t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_HAN = "\u3400-\u9fff\uf900-\ufaff"

# Remains of entities that were escaped twice or cut: &amp;nbsp; nbsp; ?quot;
_ENTITIES = {"nbsp": " ", "ensp": " ", "emsp": " ", "thinsp": " ", "quot": '"', "ldquo": "“", "rdquo": "”"}
_ENTITIES |= {"lsquo": "‘", "rsquo": "’", "middot": "·", "mdash": "—", "hellip": "…", "amp": "&", "lt": "<", "gt": ">"}
_ENTITY = re.compile(
    rf"(?:&(?:amp;)*|(?<![\w=/&])[?？]|(?<=[{_HAN}])[?？])({'|'.join(_ENTITIES)});|&(?:amp;)*#(?:160|12288|8195|8194);"
)

# One mark repeated by mistake. …… and —— and up to three !!! stay, since a writer may have meant them.
_REPEATED = re.compile("([，、；：,;。！？!?])\\1+")

_SHARE = (
    "微信|微博|新浪微博|腾讯微博|QQ空间|QQ好友|朋友圈|人人网|开心网|豆瓣|百度贴吧|"
    "LinkedIn|Facebook|Twitter|复制链接|更多"
)
_FURNITURE = re.compile(
    "(?:"
    r"(?:用)?(?:微信)?扫一扫[，,、]?.{0,16}(?:打开|分享|关注|查看|浏览|阅读)?.{0,12}(?:当前页|本页|此页|二维码|公众号|朋友圈|手机版)?"
    r"|(?:【|\[|〔)?\s*(?:打印|打印本页|打印此页|打印文章|我要打印|关闭|关闭窗口|关闭本页|返回顶部|返回首页|返回列表|回到顶部|TOP|"
    r"我要纠错|纠错|收藏|加入收藏|收藏本页|分享|我要分享|一键分享|推荐|举报|评论|我要评论|字体|字号)\s*(?:】|\]|〕)?"
    rf"|(?:分享|转发|推荐|分享文章|一键分享|本文分享)(?:到|至|给)\s*[:：]?\s*(?:{_SHARE}|[\s、，/|])*"
    rf"|(?:{_SHARE})(?:[\s、，/|]+(?:{_SHARE}))+"
    r"|(?:【|\[)?(?:字体|字号|文字大小)\s*[:：]?\s*(?:[\[【(（]?\s*(?:特大|大|中|小|默认|A\+?|A-)\s*[\]】)）]?\s*)+(?:】|\])?"
    r"|(?:上一篇|下一篇|上一条|下一条|上一页|下一页)\s*[:：]?.{0,60}"
    r"|(?:点击|长按|识别)(?:上方|下方|图中|右侧)?.{0,8}(?:二维码|蓝字|关注).{0,20}"
    r"|(?:广告|相关阅读|相关链接|相关新闻|热门推荐|推荐阅读|猜你喜欢|精彩推荐|延伸阅读|相关推荐|相关文章|您可能还喜欢)\s*[:：]?"
    r"|(?:您(?:当前|现在|所在)?(?:的)?位置|当前位置)\s*[:：].{0,80}"
    r"|(?:浏览|阅读|点击|访问)(?:次数|量|数)\s*[:：]\s*\d*\s*次?"
    r"|(?:正在)?加载(?:中|更多)[.…。]*"
    ")"
)
_PARTS = re.compile(r"[\s|｜]+")
MAX_FURNITURE_LENGTH = 80
_TOGETHER = re.compile(r"(?:【|\[|〔)(?:纠错|打印本?页?|关闭窗?口?|收藏本?页?|我要纠错|返回顶部|推荐|分享)(?:】|\]|〕)")


def clean_text(text: str) -> str:
    """Return a clean body: NFC, one paragraph per line, single spaces, no invisible characters, no furniture."""
    lines = (_line(line) for line in _BREAK.split(_visible(text)))
    return "\n".join(line for line in lines if line and not is_furniture(line))


def clean_line(text: str) -> str | None:
    """Return a title or a name on one line with single spaces; None if nothing is left."""
    return _line(_BREAK.sub(" ", _visible(text))) or None


def is_furniture(line: str) -> bool:
    """Return whether a whole line is page furniture: buttons (print, share, scan), neighbouring articles, ads."""
    if len(line) > MAX_FURNITURE_LENGTH or line.endswith("。"):
        return False
    rest = _TOGETHER.sub(" ", line).strip()
    return not rest or bool(_FURNITURE.fullmatch(rest)) or all(map(_FURNITURE.fullmatch, _PARTS.split(rest)))


def _visible(text: str) -> str:
    if ";" in text:
        text = _ENTITY.sub(lambda entity: _ENTITIES.get(entity[1] or "nbsp", " "), text)
    return unicodedata.normalize("NFC", _INVISIBLE.sub("", text))


def _line(line: str) -> str:
    line = _TOGETHER.sub("", _SPACES.sub(" ", line)).strip()
    return _REPEATED.sub(_once, line)


def _once(run: re.Match[str]) -> str:
    mark, times = run[1], len(run[0])
    if mark == "。":
        return "……" if times > 3 else mark * (times - 1)
    if mark in "！？!?" and times < 4:
        return run[0]
    return mark
