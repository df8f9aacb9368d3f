"""Counts as a picture: PNG, SVG, or a page of HTML that needs nothing else.

Chinese text is drawn in an installed font. SVG carries its text as outlines, so that it shows the same where no Chinese
font is. No font is shipped: desktops have one, and a server's package manager a newer and complete one.
"""

from __future__ import annotations

import html
import io
from pathlib import Path
from typing import Any

from crawler.errors import QueryError
from crawler.output import plain
from crawler.search.stats import TIMES, Counts
from crawler.transfer.export import replacing

FORMATS = (".png", ".svg", ".html")
MAX_BARS = 30
_FONTS = (
    *("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN", "WenQuanYi Micro Hei"),
    *("WenQuanYi Zen Hei", "Microsoft YaHei", "SimHei", "PingFang SC", "Hiragino Sans GB", "Heiti SC", "STHeiti"),
    *("Noto Sans CJK JP", "Noto Sans CJK TC", "Noto Serif CJK SC", "Noto Serif CJK JP", "SimSun", "Arial Unicode MS"),
)
_INK, _BAR = "#333333", "#1f6f8b"


def plot(counts: Counts, title: str, target: Path) -> None:
    """Write a picture of `counts` to `target`, whole or not at all. Raises QueryError and TransferError."""
    suffix = target.suffix.lower()
    if suffix not in FORMATS:
        raise QueryError(f"{target.name} is not the name of a picture: use one that ends in {', '.join(FORMATS)}.")
    picture = draw(counts, title, "svg" if suffix == ".html" else suffix[1:])
    if suffix == ".html":
        picture = _page(title, picture.decode()).encode()
    with replacing(target) as part:
        part.write_bytes(picture)


def draw(counts: Counts, title: str, form: str) -> bytes:
    """A picture as `png` or `svg`. Raises QueryError where matplotlib or a Chinese font is missing."""
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise QueryError("Plots need matplotlib: pip install -e '.[plot]'.") from error

    options: Any = {
        "font.family": chinese_font(),
        "svg.fonttype": "path",
        "axes.unicode_minus": False,
        "svg.hashsalt": "0",
    }
    with matplotlib.rc_context(options):
        rows = counts.rows if counts.by[0] in TIMES else counts.rows[:MAX_BARS][::-1]
        figure = Figure(figsize=(10, 4.5 if counts.by[0] in TIMES else max(2.5, 0.32 * len(rows) + 1.2)), dpi=120)
        axes = figure.subplots()
        _bars(axes, counts, rows)
        axes.set_title(plain(title).replace("$", r"\$"), color=_INK, loc="left")
        axes.spines[["top", "right"]].set_visible(False)
        figure.tight_layout()
        buffer = io.BytesIO()
        figure.savefig(buffer, format=form, metadata={"Date": None} if form == "svg" else None)
    return buffer.getvalue()


def _bars(axes: Any, counts: Counts, rows: tuple[tuple[str, int], ...]) -> None:
    names = [plain(name).replace("$", r"\$")[:30] for name, _ in rows]
    places, sizes = range(len(rows)), [size for _, size in rows]
    if counts.by[0] in TIMES:
        axes.bar(places, sizes, color=_BAR)
        step = max(1, -(-len(rows) // 12))
        axes.set_xticks(places[::step], names[::step], rotation=30, ha="right")
        axes.set_ylabel("文章数 articles")
    else:
        axes.bar_label(axes.barh(places, sizes, color=_BAR), padding=3, color=_INK)
        axes.set_yticks(places, names)
        axes.set_xlabel("文章数 articles")


def chinese_font() -> str:
    """The name of an installed font that has Chinese. Raises QueryError that says what to install."""
    from matplotlib import font_manager

    known = _listed_fonts()
    if not known:
        # The list may be older than the font.
        for path in font_manager.findSystemFonts():
            if any(word in path.lower() for word in ("cjk", "wqy", "sourcehan", "notosanssc")):
                font_manager.fontManager.addfont(path)
        known = _listed_fonts()
    if name := next((name for name in _FONTS if name in known), None):
        return name
    raise QueryError(
        "No Chinese font is installed, so a plot would show boxes: install one (Debian, Ubuntu: fonts-noto-cjk; "
        "Fedora: google-noto-sans-cjk-fonts; or put NotoSansSC into ~/.fonts) and try again."
    )


def _page(title: str, svg: str) -> str:
    picture = svg[svg.index("<svg") :].replace("<svg ", '<svg role="img" style="max-width:100%;height:auto" ', 1)
    name = html.escape(plain(title))
    head = f'<meta charset="utf-8"><title>{name}</title>'
    return f'<!doctype html>\n<html lang="zh-CN">{head}\n<body>{picture}</body></html>\n'


def _listed_fonts() -> set[str]:
    """Those of `_FONTS` in matplotlib's list whose file is there: the list outlives a font that was removed."""
    from matplotlib import font_manager

    entries = font_manager.fontManager.ttflist
    return {entry.name for entry in entries if entry.name in _FONTS and Path(entry.fname).is_file()}
