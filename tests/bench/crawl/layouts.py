"""Article pages as five content management systems build them, with the furniture that makes real pages 30 to 60 KB."""

from __future__ import annotations

import random
from pathlib import Path
from string import Template

from text import NOUNS, QUALITIES, VERBS

PATHS = {
    "hanweb": "/art/2026/1/1/art_1229000000_{number}.html",
    "trs": "/xwzx/202601/t20260101_{number:07d}.html",
    "vsb": "/info/1011/{number}.htm",
    "portal": "/news/detail/22/{number}.html",
    "plain": "/show-{number}.html",
}
LAYOUTS = {name: Path(__file__).with_name("templates").joinpath(f"{name}.html").read_text("utf-8") for name in PATHS}


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
        f"<div class='side'><h3>相关链接</h3><ul>{rows}</ul></div>"
        f"<script>{script}</script><div class='footer'>{foot}</div>",
    )
