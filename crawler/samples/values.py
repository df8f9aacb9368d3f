"""Results and limits as numbers: 495μg/kg, ≤0.2g/kg, 1.5×10²CFU/g. What is not certain stays text."""

from __future__ import annotations

import re
from typing import NamedTuple

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
