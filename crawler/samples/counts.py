"""The counts a notice states (抽检120批次，不合格3批次), and whether the records of its tables agree with them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from crawler.items import Sample

AGREES, DIFFERS, SILENT = "agrees", "differs", "silent"
_DIGITS = {character: value for value, character in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_COUNT = re.compile(
    r"(?P<number>\d{1,3}(?:,\d{3})+|\d+|[零〇一二两三四五六七八九十百千]{1,7})\s*"
    r"(?:个?批次|批(?![号量准发])|个(?=(?:样品|产品|食品)?(?:不合格|合格))|(?:组|件|份)(?=(?:样品|产品|食品)?(?:不合格|合格|[，,。；;、]|$)))"
)
_CLAUSE = re.compile(r"[，,。；;：:!！?？\n]|、(?=不?合格)")
_FAILED = re.compile(r"不合格|不符合|超标|问题(?:食品|样品|产品)|未通过")
_RATE = re.compile(r"合格率|不合格率")
_PASSED = re.compile(r"(?<!不)合格|(?<!不)符合")
_DRAWN = re.compile(r"抽[检样取查]|检[验测]|监测|涉及|公布|公示|样品|共|组织|任务|完成|通报|信息|总")
_PART = re.compile(r"其中|包括|分别|本地|外地|生产环节|流通环节|餐饮环节")
_WHOLE = re.compile(r"共|合计|总计")
_ALL_PASSED = re.compile(
    r"(?:全部|均为?|全为|都|100%)(?:检[验测])?(?:为)?(?:合格|符合)|合格率(?:为|达到?)?100%|(?:未|没有)(?:检出|发现)不合格"
)


class StatedCounts(NamedTuple):
    """How many batches a notice says were sampled, passed and failed; None if it does not say."""

    total: int | None = None
    passed: int | None = None
    failed: int | None = None


class _Stated(NamedTuple):
    """A count in the prose: what it counts (`total`, `passed`, `failed`), and the words of its clause before it."""

    said: str
    number: int
    before: str


def read_counts(prose: str) -> StatedCounts:
    """The counts that `prose` states. Of several, those that speak of the whole notice and not of a part of it; a list
    (食用农产品3批次、糕点2批次) is added up."""
    stated = _read_all(prose)
    passed = [each.number for each in stated if each.said == "passed"]
    failed = [each.number for each in stated if each.said == "failed"]
    whole = [each for each in stated if each.said == "total" and not _PART.search(each.before)]
    total = next((each.number for each in whole if _WHOLE.search(each.before)), whole[0].number if whole else None)
    first_passed = passed[0] if passed else None
    if first_passed is None and total is not None and not failed and _ALL_PASSED.search(prose):
        first_passed = total
    return StatedCounts(total, first_passed, _choose_failed(failed, total, first_passed))


def _read_all(prose: str) -> list[_Stated]:
    found: list[_Stated] = []
    end, listed = 0, False
    for match in _COUNT.finditer(prose):
        between = prose[end : match.start()]
        before = _CLAUSE.split(between)[-1]
        after = _CLAUSE.split(prose[match.end() : match.end() + 40])[0]
        end = match.end()
        number = _number(match["number"])
        said = _said(before, after)
        if listed and between.startswith("、") and before == between and not _PASSED.search(between + after):
            last = found.pop()
            found.append(last._replace(number=last.number + number))
            continue
        listed = said is not None
        if said is not None:
            found.append(_Stated(said, number, before))
    return found


def _said(before: str, after: str) -> str | None:
    """What a count counts, by the words of its clause: the nearest before it (合格755批次、不合格2批次), else after."""
    before, after = _RATE.sub("", before), _RATE.sub("", _COUNT.split(after)[0])
    near_failed = max((match.end() for match in _FAILED.finditer(before)), default=-1)
    near_passed = max((match.end() for match in _PASSED.finditer(before)), default=-1)
    if max(near_failed, near_passed) >= 0:
        return "failed" if near_failed >= near_passed else "passed"
    if _FAILED.search(after):
        return "failed"
    if _PASSED.search(after):
        return "passed"
    return "total" if _DRAWN.search(before + after) else None


def _choose_failed(failed: list[int], total: int | None, passed: int | None) -> int | None:
    """Of several counts of failures, the one that makes the sum right, else the first."""
    if total is not None and passed is not None and total - passed in failed:
        return total - passed
    return failed[0] if failed else None


def _number(text: str) -> int:
    if text[0].isdigit():
        return int(text.replace(",", "")[:9])
    value = section = 0
    for character in text:
        if character in "十百千":
            value += (section or 1) * {"十": 10, "百": 100, "千": 1000}[character]
            section = 0
        else:
            section = _DIGITS[character]
    return value + section


def check_counts(counts: StatedCounts, samples: Iterable[Sample]) -> str:
    """Whether the samples read agree with what the notice states: `agrees`, `differs`, or `silent` if it states nothing
    that can be compared. A notice whose own numbers contradict each other differs."""
    verdicts = [sample.verdict for sample in samples]
    failed, passed = verdicts.count("fail"), verdicts.count("pass")
    if None not in counts and counts.passed + counts.failed != counts.total:  # type: ignore[operator]
        return DIFFERS
    stated_failed = counts.failed
    if stated_failed is None and counts.total is not None and counts.passed is not None:
        stated_failed = max(0, counts.total - counts.passed)
    results = []
    if stated_failed is not None and (stated_failed or failed):
        results.append(stated_failed == failed)
    if counts.passed is not None and passed:
        results.append(counts.passed == passed)
    if counts.total is not None:
        if passed and counts.passed is None:
            results.append(counts.total == len(verdicts))
        elif len(verdicts) > counts.total:
            results.append(False)
    if not results:
        return SILENT
    return AGREES if all(results) else DIFFERS
