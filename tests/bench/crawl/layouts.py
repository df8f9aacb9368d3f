"""Article pages as five content management systems build them, with the furniture that makes real pages 30 to 60 KB."""

from __future__ import annotations

import random
from string import Template

from text import NOUNS, QUALITIES, VERBS

HEAD = """<!DOCTYPE html>
<html lang="zh-CN"><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8">
<meta http-equiv="X-UA-Compatible" content="IE=edge"><meta name="viewport" content="width=device-width">
<title>$title-$site</title><meta name="SiteName" content="$site"><meta name="SiteDomain" content="$host">
<meta name="ColumnName" content="要闻动态"><meta name="ColumnType" content="工作动态">
<meta name="ArticleTitle" content="$title"><meta name="PubDate" content="$time"><meta name="ContentSource" content="$source">
<meta name="Keywords" content="$title"><meta name="Description" content="$title">
"""
ENDING = "$furniture_below</body></html>"
PATHS = {
    "hanweb": "/art/2026/1/1/art_1229000000_{number}.html",
    "trs": "/xwzx/202601/t20260101_{number:07d}.html",
    "vsb": "/info/1011/{number}.htm",
    "portal": "/news/detail/22/{number}.html",
    "plain": "/show-{number}.html",
}
LAYOUTS = {
    "hanweb": HEAD
    + """<meta name="generator" content="大汉版通"><script src="/script/jquery.js"></script></head><body>$furniture_above
<div class="main"><div class="position">当前位置：<a href="/">首页</a>&gt;<a href="/col/col1/index.html">要闻</a></div>
<table id="article" align="center" width="100%"><tr><td class="title" align="center"><!--<$$[标题名称]>begin-->$title<!--<$$[标题名称]>end--></td></tr>
<tr><td><span>发布日期：$time</span> <span>来源：$source</span> <span>浏览次数：<script src="/c.js"></script></span></td></tr>
<tr><td id="zoom" class="bt_content"><!--ZJEG_RSS.content.begin-->$body<!--ZJEG_RSS.content.end--></td></tr>
<tr><td>责任编辑：$editor</td></tr></table></div>"""
    + ENDING,
    "trs": HEAD
    + """</head><body>$furniture_above<div class="crumb"><a href="../../">首页</a> &gt; <a href="../">要闻动态</a></div>
<div class="content"><h1>$title</h1><div class="info">$time　来源：$source　字体：【大 中 小】</div>
<div class="view TRS_UEDITOR trs_paper_default trs_web">$body<p align="center"><img src="./W020260101315500123456.jpg"></p></div><div class="bj">责任编辑：$editor</div></div>"""
    + ENDING,
    "vsb": HEAD
    + """<!--Announced by Visual SiteBuilder 9--><script src="/system/resource/js/counter.js"></script></head><body>
$furniture_above<form name="_newscontent_fromname"><div class="nr"><h2>$title</h2>
<p class="sj">时间：$time 来源：$source 编辑：$editor 点击：[<script>_showDynClicks("wbnews", 1, 2)</script>]</p>
<div id="vsb_content"><div class="v_news_content">$body</div></div><p>上一条：<a href="1.htm">$other</a></p></div></form>"""
    + ENDING,
    "portal": HEAD
    + """</head><body>$furniture_above<div class="article-box"><h1 class="article-title">$title</h1>
<div class="article-meta"><span>$time</span><span>来源：$source</span><span>编辑：$editor</span></div>
<div class="article-content">$body</div><div class="share">分享到：微信 微博</div></div>"""
    + ENDING,
    "plain": """<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"><title>${title}_$site</title>
</head><body>$furniture_above<div id="main"><div class="hd"><h1>$title</h1><p>$time 来源：$source 编辑：$editor</p></div>
<div class="txt">$body</div></div>"""
    + ENDING,
}


def render(layout: str, chance: random.Random, paragraphs: list[str], values: dict[str, str]) -> str:
    """The page of an article: `values` holds title, time, source, editor, site and host."""
    body = "\n".join(f'<p style="text-indent: 2em; text-align: justify;">　　{line}</p>' for line in paragraphs)
    above, below = _furniture(chance)
    return Template(LAYOUTS[layout]).substitute(
        values, body=body, other=_phrase(chance), furniture_above=above, furniture_below=below
    )


def _phrase(chance: random.Random) -> str:
    return "".join(chance.choice(words) for words in (QUALITIES, NOUNS, VERBS, NOUNS))


def _furniture(chance: random.Random) -> tuple[str, str]:
    """Style and navigation above, further links, script and the foot below."""
    rules = "".join(
        f".c{n}{{margin:{n}px;color:#{chance.getrandbits(24):06x};padding:0 {n}px}}"
        for n in range(chance.randint(80, 240))
    )
    menu = "".join(f'<li><a href="/col/{n}/">{chance.choice(NOUNS)}</a></li>' for n in range(chance.randint(40, 120)))
    rows = "".join(
        f'<li class="c{n}"><a href="/{n}/art_{n}.html" title="{(name := _phrase(chance))}" target="_blank">{name}</a>'
        f"<span>2026-0{1 + n % 9}-1{n % 10}</span></li>"
        for n in range(chance.randint(40, 120))
    )
    script = "".join(
        f'var k{n}="{chance.getrandbits(64):x}";function f{n}(a){{return a?k{n}+a:document.getElementById("x{n}");}}\n'
        for n in range(chance.randint(80, 260))
    )
    foot = "<p>主办：县人民政府办公室</p><p>备案号：示ICP备00000000号</p><p>网站标识码：3300000000</p>"
    return (
        f"<style>{rules}</style><div class='top'><ul class='nav'>{menu}</ul></div>",
        f"<div class='side'><h3>相关链接</h3><ul>{rows}</ul></div><script>{script}</script><div class='footer'>{foot}</div>",
    )
