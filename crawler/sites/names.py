"""Which place a text names: the look-ups behind `Registry.find` and `Registry.by_source`."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from crawler.sites.site import Site

# How the rank at the end of a name reads, the longest first.
_RANKS = {
    "特别行政区": "tebiexingzhengqu",
    "自治区": "zizhiqu",
    "自治州": "zizhizhou",
    "自治县": "zizhixian",
    "自治旗": "zizhiqi",
    "地区": "diqu",
    "林区": "linqu",
    "新区": "xinqu",
    "特区": "tequ",
    "省": "sheng",
    "市": "shi",
    "盟": "meng",
    "县": "xian",
    "区": "qu",
    "旗": "qi",
}
# The peoples that the names of autonomous places list after the place itself.
_PEOPLES = re.compile(
    "(?<=..)(?:(?:壮|回|满|苗|土家|侗|瑶|彝|藏|羌|白|傣|哈尼|佤|拉祜|布朗|傈僳|纳西|怒|独龙|景颇|布依|水|仡佬|仫佬|毛南|畲|黎|土|"
    "撒拉|裕固|保安|东乡|朝鲜|蒙古|达斡尔|鄂温克|普米|哈萨克|柯尔克孜|锡伯|塔吉克|各)族|蒙古|哈萨克|柯尔克孜|锡伯|塔吉克|维吾尔)+$"
)
_LABEL = re.compile(r"^(?:(?:信息|文章|稿件|新闻)?来源(?:于)?)[:：]")
# 青田县人民政府门户网站, 青田县政府办公室, 中国·青田, and 青田发布: the account that nearly every government has.
_GOVERNMENT = re.compile(r"(?:中国[·•.]?)?(.+?)(?:人民)?政府(?:门户|官方)?(?:网站?|办公?[室厅]?|公报)?")
_PORTAL = re.compile(r"(?:中国[·•.])(.+?)(?:门户网站|网)?")
_ACCOUNT = re.compile(r"(.+?)(?:政府)?发布(?:微信公众号|公众号|微信|微博)?")


@dataclass(frozen=True)
class Names:
    """Sites by what they are called. `whole` (full names and aliases, in characters and pinyin) mean the site itself;
    `short` ones of a province or a city mean the region."""

    whole: dict[str, list[Site]]
    short: dict[str, list[Site]]

    @classmethod
    def of(cls, sites: Iterable[Site]) -> Names:
        """The names of `sites`."""
        whole: dict[str, list[Site]] = defaultdict(list)
        short: dict[str, list[Site]] = defaultdict(list)
        for site in sites:
            full = site.pinyin + (rank_pinyin(site.name) if site.short != site.name else "")
            called = {site.name.lower(), spoken_name(site), *map(str.lower, site.aliases), full}
            for name in called - {"", site.pinyin}:
                whole[name].append(site)
            for name in {site.short, site.pinyin} - {""}:
                short[name].append(site)
        return cls(dict(whole), dict(short))

    def sites_called(self, text: str) -> tuple[list[Site], bool]:
        """The sites called `text`, possibly with the places they lie in before it (江苏南京鼓楼区), and whether `text`
        is short, so that it names a region."""
        for names, is_short in ((self.whole, False), (self.short, True)):
            found = list(names.get(text, ())) or [
                site
                for cut in range(2, len(text) - 1)
                for site in names.get(text[cut:], ())
                if text[:cut] in _places_before(site)
            ]
            if found:
                return pick_region(found) if is_short else found, is_short
        return [], False

    def by_source(self, source: str) -> Site | None:
        """The one site that a 来源 names."""
        text = _LABEL.sub("", re.sub(r"[\s“”\"《》「」]", "", source)).lower()
        for form in (None, _GOVERNMENT, _PORTAL, _ACCOUNT):
            if form is None:
                found = self.whole.get(text, [])
            elif match := form.fullmatch(text):
                found, _ = self.sites_called(match[1])
            else:
                continue
            if len(found) == 1:
                return found[0]
        return None


def pick_region(sites: Sequence[Site]) -> list[Site]:
    """Of sites that share a short name, the province (河南 before 青海's 河南县), or the one in whose region all the
    others lie (长沙 before 长沙县); else all."""
    provinces = [site for site in sites if site.kind == "province"]
    if len(provinces) == 1:
        return provinces
    holders = [site for site in sites if site.kind == "city" and all(lies_in(other, site) for other in sites)]
    return holders or list(sites)


def lies_in(site: Site, region: Site) -> bool:
    """Whether `site` is `region`'s own or that of a place in it."""
    if region.kind == "province":
        return site.province == region.name
    return site.province == region.province and site.city == region.name


def short_name(name: str) -> str:
    """A place's name without rank and peoples (青田, 景宁), or the name where that leaves one character (莘县) or drops
    what distinguishes banners (科尔沁左翼中旗)."""
    rank = next((rank for rank in _RANKS if name.endswith(rank)), "")
    if rank in {"林区", "新区"} and len(name) < (5 if rank == "林区" else 4):  # 新林区 and 金林区 are no forests
        rank = "区"
    stem = name.removesuffix(rank)
    if rank.startswith("自治") or rank == "区":
        stem = _PEOPLES.sub("", stem).removesuffix("族")
    return stem if len(stem) > 1 and not (rank == "旗" and stem[-1] in "前后左右中") else name


def rank_pinyin(name: str) -> str:
    """How the rank at the end of a place's name reads: `xian` of 青田县, "" if there is none."""
    return next((reading for rank, reading in _RANKS.items() if name.endswith(rank)), "")


def spoken_name(site: Site) -> str:
    """What people call an autonomous place: 景宁县, 延边州; "" for others."""
    rank = next((rank for rank in ("自治县", "自治州", "自治旗") if site.name.endswith(rank)), "")
    return site.short + rank[-1] if rank else ""


def also_called(site: Site) -> list[str]:
    """Other names that a look-up of `site` takes and a 来源 may give: its aliases, and what every government is called
    besides (青田县政府, 青田县人民政府, 青田发布)."""
    if site.kind not in {"province", "city", "county"}:
        return list(site.aliases)
    made = [spoken_name(site), f"{site.name}政府", f"{site.name}人民政府", f"{site.short}发布"]
    return list(dict.fromkeys(name for name in (*site.aliases, *made) if name))


def _places_before(site: Site) -> set[str]:
    """What may stand before a place's name: its province and its city, whole or short."""
    provinces, cities = ({name, short_name(name)} if name else set() for name in (site.province, site.city))
    return provinces | cities | {province + city for province in provinces for city in cities}


# How place names read: pypinyin's dictionary, but for what it does not know of place names.

# Characters that read so in every place name but those of _NAMES.
_CHARACTERS = {"都": "du", "长": "chang", "朝": "chao", "什": "shi", "佛": "fo", "曾": "zeng", "勒": "le", "柏": "bai"}
_NAMES = {
    "陕西": "shaanxi",  # the doubled vowel keeps it apart from 山西, as on the government's own sites
    "大城": "daicheng",
    "单县": "shanxian",
    "宕昌": "tanchang",
    "繁峙": "fanshi",
    "覃塘": "qintang",
    "红寺堡": "hongsibu",
    "洪洞": "hongtong",
    "珲春": "hunchun",
    "筠连": "junlian",
    "浚县": "xunxian",
    "崆峒": "kongtong",
    "浪卡子": "langkazi",
    "乐陵": "laoling",
    "六合": "luhe",
    "龙圩": "longxu",
    "马尾": "mawei",
    "民乐": "minle",
    "闵行": "minhang",
    "穆棱": "muling",
    "南乐": "nanle",
    "蚌山": "bengshan",
    "泊头": "botou",
    "茄子河": "qiezihe",
    "绥棱": "suiling",
    "涡阳": "guoyang",
    "荥经": "yingjing",
    "长子": "zhangzi",
}


def place_pinyin(name: str) -> str:
    """The reading of a place's name in letters a to z (ü as v), without tones and spaces."""
    from pypinyin import lazy_pinyin

    readings = zip(name, lazy_pinyin(name), strict=True)
    return _NAMES.get(name) or "".join(_CHARACTERS.get(character, reading) for character, reading in readings)
