"""What one cell of a table is: a date, an address, a company, a result, …, so that a misread column is noticed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from crawler.samples.lexicon import load

BLANKS = frozenset(
    ("", "/", "//", "///", "\\", "-", "--", "---", "—", "——", "———", "－", "无", "空", "null", "nan", "none")
)
"""What a cell holds that says nothing."""
DITTOS = frozenset(("同上", "″", "〃", '"', '""', "''", "＂", "”", "“", "´´", "′′", "同前", "上同", "仝上", "同左上"))
_SPACES = re.compile(r"[^\S\n]+")
_BREAKS = re.compile(r"\s*\n\s*")
_HAN = r"[\u3400-\u9fff]"

_DATE = re.compile(
    r"(?<!\d)(?P<year>(?:19|20)\d\d)(?:"
    r"\s?(?P<sep>[-./—–－．]|年)\s?(?P<month>1[0-2]|0?[1-9])\s?(?:[-./—–－．]|月)\s?(?P<day>3[01]|[12]\d|0?[1-9])(?:日|号)?(?!\d)"
    r"|(?P<month8>1[0-2]|0[1-9])(?P<day8>3[01]|[12]\d|0[1-9])(?!\d))"
)
_UNIT = r"(?:g|kg|克|千克|公斤|斤|mg|毫克|ml|毫升|l|升|片|枚|粒|支|颗|个|只|条|块|包|袋|瓶|盒|桶|罐|箱|听|杯|碗|%vol)"
_PACKAGE = r"(?:片|枚|粒|支|颗|个|只|条|块|包|袋|瓶|盒|桶|罐|箱|听|杯|碗|件)"
_SPECIFICATION = re.compile(
    rf"(?i)^(?:净含量|规格)?[:：]?[\d.]+\s*{_UNIT}(?!\s*/\s*(?:kg|g|l|ml|100|cm))(?:\b|[^a-z]|$)|^[^\d]{{0,6}}/\s*{_UNIT}$|^(?:散装|计量称重|称重|散称|预包装|定型包装)"
    rf"|[\d.]+\s*{_UNIT}\s*/\s*{_PACKAGE}|\d\s?%\s?(?:vol|[(]?v/v)"
)
_COMPANY = re.compile(
    r"(?:有限(?:责任)?公司|股份公司|分公司|集团公司|总公司|总厂|合作社|经营部|批发部|食品厂|酒厂|加工厂|水厂)(?:[(（].{0,30}[)）])?$"
)
_UNIT_OF_TRADE = re.compile(
    rf"(?:{_COMPANY.pattern[:-1]}|厂|店|超市|商行|商场|酒楼|饭店|餐厅|食堂|学校|幼儿园|中学|小学|医院|酒店|坊|门市部?|中心|广场|销售部|农场|基地|集团|摊|档|馆|铺|配送部|市场|商贸)"
    r"(?:[(（].{0,30}[)）])?$"
)
_LABORATORY = re.compile(
    r"(?:检[验测]|质检|检疫|计量|疾控|疾病预防|检定|测试|谱尼|华测|通标|技术服务|分析|质量监督|食药|药品).*(?:公司|所|院|中心|站|集团|局|实验室|机构)|(?:研究院|研究所|检测|质检院|食检院)$"
)
_AUTHORITY = re.compile(r"(?:监督管理局|监管局|人民政府|管理委员会|卫生健康委员会|农业农村局|监管所|海关)$")
_ANALYTE = re.compile(
    r"(?:沙星|菌群|菌落总数|硫磷|[乐敌]果|菊酯|残留量|(?:乙|苯甲|山梨|氢)酸|过氧化值|酸价|酒精度|百威|[环菌]唑|霉素|代谢物|糖精钠|甜蜜素"
    r"|亚硝酸盐|^霉菌|毒素.{0,3}|噻虫.|苯甲酰|石绿|多巴胺|丁胺醇|特罗|假单胞菌|葡萄球菌|沙门氏菌)(?:[(（].*[)）])?$"
)
_PLACE_MARK = re.compile(r"省|自治区|自治州|市|区|县|旗|镇|乡|村|街|路|巷|道|号|栋|幢|楼|组|弄|层|室|社区|园")
_HOUSE = re.compile(
    r"(?:路|街|巷|道|村|镇|乡|组|弄|段|里|园|区|大厦|广场|城|市场|社区)[^,，;；]{0,12}?[\dA-Za-z一二三四五六七八九十]+\s?(?:号|栋|幢|楼|室|弄|组|层|座|队|铺)"
)
_LOCAL = re.compile(
    r"(?:省|自治区|市|区|县|州).{0,20}(?:镇|乡|街道|路|街|村|道|大道|开发区|园区|工业区|巷|社区)[^公司厂店]{0,14}$"
)
_PACKED = re.compile(r"║|‖|\|\||丨|｜｜|¦|(?<=\S)\|(?=\S)|┃|∥")
_LIMIT = re.compile(
    r"^\s*(?:[≤≥<>＜＞≦≧⩽⩾]|不得检出|不应检出|不得使用|不得添加|n\s*=\s*\d|不允许|应符合|[\d.]+\s*±|[\d.]+\s*[~～]\s*[\d.]+)"
)
_AMOUNT = re.compile(
    r"^\s*(?:[①-⑳(（\d]+[)）]?)?\s*[<>≤≥＜＞约]?\s*\d[\d.,，、;；×xX*^⁰¹²³⁴⁵⁶⁷⁸⁹\s-]*\s*(?:%|[a-zA-Zμµ㎎㎏℃/%·(（]|个|份|克|毫克|千克|度|mm|$)"
)
_FOUND = re.compile(
    r"(?i)^\s*(?:未?检出|阳性|阴性|nd|n\.d\.?|未检测|不得检出|检出.*|.*(?:未检出|检出)|异常|有异味|有?异物|超标|低于.*|高于.*|小于.*|大于.*|符合.*|不符合.*)"
)
_VERDICT = re.compile(
    r"^(?:经检[验测])?[,，]?(?:该批?次?|所检|所抽|本次)?(?:样品|产品|项目|食品|批次)?(?:均|为|判定为|检验|检测|抽检|结果|初检|综合判定)*(?:[:：])?"
    r"(?P<no>不合格|不符合|未通过|不及格|有?问题样品)?(?P<yes>合格|符合|通过)?(?:产品|样品|项目|标准|要求|规定|食品|国家|安全|相关|的|[(（].{0,30}[)）]|[。;；,，])*$"
)
_DIGIT = re.compile(r"\d")


def clean_cell(text: str) -> str:
    """`text` without white space at its edges, runs of it single, line breaks kept."""
    if "\n" in text:
        text = _BREAKS.sub("\n", text)
    return _SPACES.sub(" ", text.replace("\xa0", " ").replace("\u3000", " ").replace("\u200b", "")).strip()


def one_line(text: str) -> str:
    """`text` with its line breaks removed: a blank stays between letters or digits only where it parts two words."""
    if "\n" not in text:
        return text
    return re.sub(r"(?<=[A-Za-z]{2})\n(?=[A-Za-z]{2})", " ", text).replace("\n", "")


def is_blank(text: str) -> bool:
    """Whether a cell says nothing: empty, a slash, a dash, 无."""
    return len(text) <= 4 and text.strip().lower() in BLANKS


def read_date(text: str) -> str | None:
    """The day `text` names, as YYYY-MM-DD; None if it names none, or several without saying which was produced."""
    days: dict[str, re.Match[str]] = {}
    for match in _DATE.finditer(text):
        try:
            day = date(
                int(match["year"]), int(match["month"] or match["month8"]), int(match["day"] or match["day8"])
            ).isoformat()
        except ValueError:
            continue
        days.setdefault(day, match)
    if not days:
        return None
    if len(days) == 1:
        return next(iter(days))
    produced = [
        day
        for day, match in days.items()
        if re.search(r"(?:生产|加工)(?:日期)?[:：]?\s*$", text[: match.start()])
        or re.match(r"\s*[(（](?:生产|加工)", text[match.end() :])
    ]
    # A batch number such as 20210906 beside the same day written out adds no second day; two days are not certain.
    return produced[0] if len(produced) == 1 else None


def read_date_kind(text: str) -> str | None:
    """What a date is said to be: `purchased` (购进), `processed` (加工), `slaughtered` (屠宰), `produced` (生产)."""
    for kind, pattern in _DATE_KINDS:
        if pattern.search(text):
            return kind
    return None


_DATE_KINDS = (
    ("purchased", re.compile(r"购进|进货|购入|购买|采购")),
    ("processed", re.compile(r"加工")),
    ("slaughtered", re.compile(r"屠宰|检疫")),
    ("produced", re.compile(r"生产")),
)


def read_verdict(text: str) -> str | None:
    """`pass` or `fail` if a cell holds a verdict and nothing else; None otherwise."""
    text = re.sub(r"\s+", "", text)
    if len(text) > 40:
        return None
    match = _VERDICT.match(text)
    if not match or not (match["no"] or match["yes"]):
        return None
    return "fail" if match["no"] else "pass"


@lru_cache(maxsize=65536)
def kinds_of(text: str) -> frozenset[str]:
    """Every kind a cell plainly is, of KINDS; none for an ordinary word or name."""
    if _PACKED.search(text):
        return frozenset(("packed",))
    flat = re.sub(r"\s+", "", text)
    return frozenset(kind for kind, test in _TESTS.items() if test(flat))


def _is_date(text: str) -> bool:
    return bool(_DATE.search(text)) and len(_DATE.sub("", text)) <= 24 and not _HOUSE.search(text)


def _is_specification(text: str) -> bool:
    wide = unicodedata.normalize("NFKC", text)
    return len(wide) <= 60 and bool(_SPECIFICATION.search(wide))


def _is_address(text: str) -> bool:
    if len(text) < 4 or _COMPANY.search(text):
        return False
    marks = len(_PLACE_MARK.findall(text))
    return (
        marks >= 2
        and bool(_HOUSE.search(text) or _LOCAL.search(text))
        and not text.endswith(("店", "厂", "部", "摊", "超市"))
    )


_TESTS: dict[str, Callable[[str], object]] = {
    "date": _is_date,
    "verdict": read_verdict,
    "company": _COMPANY.search,
    "trader": _UNIT_OF_TRADE.search,
    "authority": _AUTHORITY.search,
    "address": _is_address,
    "specification": _is_specification,
    "limit": _LIMIT.search,
    "amount": lambda text: _AMOUNT.search(text) or _FOUND.search(text),
    "laboratory": lambda text: len(text) <= 60 and _LABORATORY.search(text),
    "category": lambda text: text in load().categories,
    "analyte": lambda text: len(text) <= 16 and _ANALYTE.search(text),
    "number": re.compile(r"\d{1,6}(?:\.0)?").fullmatch,
}
KINDS = ("packed", *_TESTS)


def has_digit(text: str) -> bool:
    """Whether `text` holds a digit of any kind."""
    return bool(_DIGIT.search(text))


# --- Results and limits as numbers: 495μg/kg, ≤0.2g/kg; what is not certain stays text ---

_SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_WIDE = {ord("＜"): "<", ord("＞"): ">", ord("≦"): "≤", ord("≧"): "≥", ord("⩽"): "≤", ord("⩾"): "≥", ord("μ"): "µ"}
_NUMBER = re.compile(
    r"(?P<operator>[≤≥<>]|小于等于|不大于|不超过|不小于|不少于|不低于|大于等于|小于|大于|低于|高于)?\s*"
    r"(?P<number>\d+(?:,\d{3})*(?:\.\d+)?)\s*(?:[×xX*]\s*10(?P<power>[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+|\^-?\d+))?\s*"
    r"(?P<unit>[^\d\s,;，；≤≥<>=±~～\-—(（][^,;，；≤≥<>=±~～]*)?"
)
_OPERATORS = {
    "小于等于": "≤", "不大于": "≤", "不超过": "≤", "小于": "<", "低于": "<",
    "大于等于": "≥", "不小于": "≥", "不少于": "≥", "不低于": "≥", "大于": ">", "高于": ">",
}  # fmt: skip
_ABSENT = re.compile(r"^(?:不得|不应)(?:检出|使用|添加|超范围使用)$")


class Amount(NamedTuple):
    """A number with its unit as printed and its operator (`≤`, `≥`, `<`, `>`, `absent`); each None if not certain."""

    value: float | None = None
    unit: str | None = None
    operator: str | None = None


def read_amount(text: str | None) -> Amount:
    """The one number a result or limit states. A sampling plan (n=5,c=2,…), several results, a range, a tolerance
    (53±1.0) and a power whose superscript was lost (2.2×102) are not one number: nothing is returned for them."""
    if not text:
        return Amount()
    flat = re.sub(r"\s+", "", text).translate(_WIDE)
    if _ABSENT.match(flat):
        return Amount(operator="absent")
    match = _NUMBER.fullmatch(flat)
    if not match or (re.search(r"[×xX*]10", flat) and not match["power"]):
        return Amount()
    unit = (match["unit"] or "").strip("/ ") or None
    if unit and re.search(r"[\d]{3,}|[×]", unit):
        return Amount()
    power = (match["power"] or "0").translate(_SUPERSCRIPT).lstrip("^")
    if not re.fullmatch(r"-?\d{1,2}", power):
        return Amount()
    value = float(f"{match['number'].replace(',', '')}e{power}")
    operator = match["operator"]
    return Amount(value, unit, _OPERATORS.get(operator, operator) if operator else None)


def read_head_unit(head: str) -> str | None:
    """The unit a head states: 检测值(mg/kg), 山梨酸，g/kg."""
    match = re.search(
        r"[(（,，](?:单位)?[:：]?\s*((?:[a-zA-Zμµ%㎎㎏]|CFU|MPN)+(?:/(?:\d*\s?[a-zA-Zμµ]+|100\s?g))?|%)[)）]?\s*$", head
    )
    return match[1] if match else None
