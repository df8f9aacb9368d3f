"""Charts as SVG made on the server: no script, printable, each mark with a title that a screen reader says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt

from markupsafe import Markup, escape

BAR_WIDTH, BAR_GAP, HEIGHT = 14, 4, 72

TILES: dict[str, tuple[int, int]] = {
    "黑龙江": (0, 8), "内蒙古": (1, 5), "吉林": (1, 8), "新疆": (2, 0), "甘肃": (2, 2), "宁夏": (2, 3), "山西": (2, 5),
    "河北": (2, 6), "北京": (1, 6), "天津": (2, 7), "辽宁": (2, 8), "青海": (3, 1), "陕西": (3, 4), "河南": (3, 5),
    "山东": (3, 6), "西藏": (4, 0), "四川": (4, 2), "重庆": (4, 3), "湖北": (4, 5), "安徽": (4, 6), "江苏": (4, 7),
    "上海": (4, 8), "贵州": (5, 3), "湖南": (5, 4), "江西": (5, 5), "浙江": (5, 7), "云南": (6, 2), "广西": (6, 3),
    "广东": (6, 4), "福建": (6, 6), "台湾": (6, 7), "海南": (7, 3), "澳门": (7, 4), "香港": (7, 5),
}  # fmt: skip
"""Where each province's tile stands (row, column): all of one size and labelled, so that no border is drawn."""
TILE = 54


def bars(rows: Sequence[tuple[str, int, str]], label: str) -> Markup:
    """A bar a row of (name, count, address); the address (may be empty) is where a click leads. `label` describes the
    whole chart."""
    if not rows:
        return Markup("")
    top = max(count for _, count, _ in rows) or 1
    width = len(rows) * (BAR_WIDTH + BAR_GAP)
    parts = []
    for number, (name, count, url) in enumerate(rows):
        height = max(2, round(count / top * (HEIGHT - 4))) if count else 1
        x = number * (BAR_WIDTH + BAR_GAP)
        mark = (
            f'<rect class="{"bar" if count else "none"}" x="{x}" y="{HEIGHT - height}" width="{BAR_WIDTH}" '
            f'height="{height}"><title>{escape(name)}: {count:,}</title></rect>'
        )
        link = f'<a href="{escape(url)}" aria-label="{escape(name)}: {count:,}">{mark}</a>'
        parts.append(link if url and count else mark)
    role = f'role="group" aria-label="{escape(label)}"'
    size = f'viewBox="0 0 {width} {HEIGHT}" width="{width}" height="{HEIGHT}"'
    return Markup(f'<svg class="bars" {size} {role}>{"".join(parts)}</svg>')


def tiles(counts: Mapping[str, int], urls: Mapping[str, str], label: str) -> Markup:
    """A tile a province, coloured by its count: `counts` and `urls` by the province's short name (浙江)."""
    top = max(counts.values(), default=0) or 1
    rows = max(row for row, _ in TILES.values()) + 1
    columns = max(column for _, column in TILES.values()) + 1
    parts = []
    for name, (row, column) in TILES.items():
        count = counts.get(name, 0)
        # By the square root: a few provinces publish ten times as much as most.
        step = 0 if not count else 1 + round(3 * sqrt(count / top))
        x, y = column * TILE, row * TILE
        mark = (
            f'<g class="tile step{step}"><rect x="{x + 1}" y="{y + 1}" width="{TILE - 3}" height="{TILE - 3}" rx="4"/>'
            f'<text x="{x + TILE / 2:g}" y="{y + 23}">{name}</text>'
            f'<text class="count" x="{x + TILE / 2:g}" y="{y + 40}">{count:,}</text></g>'
        )
        url = urls.get(name, "")
        parts.append(f'<a href="{escape(url)}" aria-label="{name}: {count:,}">{mark}</a>' if url else mark)
    return Markup(
        f'<svg class="tiles" viewBox="0 0 {columns * TILE} {rows * TILE}" role="group" aria-label="{escape(label)}">'
        f"{''.join(parts)}</svg>"
    )


def province_of(name: str | None) -> str | None:
    """The short name of a province (浙江省 → 浙江, 内蒙古自治区 → 内蒙古), as `TILES` has it; None for no province."""
    return next((short for short in TILES if name and name.startswith(short)), None)
