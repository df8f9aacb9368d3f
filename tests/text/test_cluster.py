"""Clusters of streams of texts, and the bound on the work one text may cause."""

from __future__ import annotations

import random

import pytest

from crawler.text.similarity import (
    MAX_CANDIDATES,
    MAX_CLUSTERS_PER_HASH,
    MAX_TEXTS_PER_HASH,
    Clusterer,
    IndexedText,
    shortlist,
)

COMMON = [chr(code) for code in range(0x4E00, 0x5E00)]
DEEDS = ("抽样送检", "上门培训", "张榜公布", "约谈店主", "清点库存", "核对票据", "更换冷柜", "走访村民", "排查隐患")


def story(seed: int) -> tuple[str, str]:
    """An invented article of twenty sentences, the same for one seed."""
    pick = random.Random(seed)

    def name() -> str:
        return "".join(pick.choices(COMMON, k=pick.randint(2, 4)))

    sentences = [
        f"{name()}县的{name()}师傅{pick.choice(DEEDS)}，"
        f"说{name()}要看{pick.randint(2, 99)}回才放心，{name()}也{pick.choice(DEEDS)}"
        for _ in range(20)
    ]
    return f"{name()}第{seed}号纪事", "。\n".join(sentences) + "。"


def clusters(*texts: tuple[str | None, str | None]) -> list[int]:
    clusterer = Clusterer()
    for title, body in texts:
        clusterer.add(title, body)
    return clusterer.clusters()


def test_stories_and_reprints() -> None:
    (title, body), other = story(1), story(2)
    cut = "本网讯 " + "\n".join(body.split("\n")[:9])
    assert clusters((title, body), other, ("新题", cut), other, (title, body + "\n（编辑：古月）")) == [0, 1, 0, 1, 0]


def test_a_whole_text_joins_its_parts() -> None:
    title, body = story(3)
    lines = body.split("\n")
    halves = (title, "\n".join(lines[:11])), (title, "\n".join(lines[11:]))
    assert clusters(*halves) == [0, 1]
    overlapping = (title, "\n".join(lines[:13])), (title, "\n".join(lines[9:]))
    assert clusters(*overlapping) == [0, 1]
    assert clusters(*overlapping, (title, body)) == [0, 0, 0]


def test_two_articles_on_one_page_do_not_make_them_one() -> None:
    (title, one), (_, other) = story(4), story(5)
    page = (title, f"{one}\n{other}")
    for order in ([0, 1, 2], [2, 0, 1], [0, 2, 1], [1, 2, 0]):
        texts = [(title, one), ("另题", other), page]
        found = clusters(*(texts[at] for at in order))
        assert found[order.index(0)] != found[order.index(1)], order


def test_texts_that_cannot_be_compared_stay_apart() -> None:
    pages = [("图片新闻", ""), ("图片新闻", None), (None, None), ("甲", "请点击附件查看"), ("乙", "请点击附件查看")]
    assert clusters(*pages, ("甲", "请点击附件查看")) == [0, 1, 2, 3, 4, 3]


def test_hundreds_of_stories_in_any_order() -> None:
    texts = []
    for seed in range(150):
        title, body = story(seed)
        texts += [(seed, title, body), (seed, f"快讯：{title}", body.replace("放心", "安心"))]
        texts.append((seed, title, "\n".join(body.split("\n")[5:])))
    random.Random(0).shuffle(texts)
    found = clusters(*((title, body) for _, title, body in texts))
    first: dict[int, int] = {}
    assert found == [first.setdefault(seed, at) for at, (seed, _, _) in enumerate(texts)]


def test_a_text_is_filed_only_where_there_is_room() -> None:
    full = [IndexedText(f"k{n}", "c", [1]) for n in range(MAX_TEXTS_PER_HASH)]
    near, filed = shortlist("new", [1, 2], full)
    assert filed == [2]
    assert near == [f"k{n}" for n in range(MAX_TEXTS_PER_HASH)]


def test_of_texts_that_come_together_the_first_are_filed() -> None:
    keys = [f"k{n:02}" for n in range(2 * MAX_TEXTS_PER_HASH)]
    filed = [shortlist(key, [1], [IndexedText(other, None, [1]) for other in keys if other != key])[1] for key in keys]
    assert filed == [[1]] * MAX_TEXTS_PER_HASH + [[]] * MAX_TEXTS_PER_HASH


def test_a_phrase_of_many_stories_leads_nowhere() -> None:
    sharing = [IndexedText(f"k{n}", f"c{n}", [1]) for n in range(MAX_CLUSTERS_PER_HASH + 1)]
    assert shortlist("new", [1, 2], [*sharing, IndexedText("near", "c0", [2])])[0] == ["near"]


def test_those_that_share_most_are_compared_first() -> None:
    hashes = list(range(16))
    sharing = [IndexedText(f"k{n:02}", "c", hashes[: n % 8 + 1]) for n in range(40)]
    near, _ = shortlist("new", hashes, sharing)
    assert len(near) == MAX_CANDIDATES
    assert near[0] == "k07"


def test_texts_with_colliding_hashes_stay_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """64-bit collisions can't be made by hand, so the hashes are given."""
    monkeypatch.setattr("crawler.text.similarity.fingerprint", lambda title, body: [1, 2, 3])
    assert clusters(*(story(seed) for seed in range(300))) == list(range(300))


def test_many_copies_are_cheap() -> None:
    title, body = story(7)
    clusterer = Clusterer()
    for number in range(20_000):
        clusterer.add(f"{title} {number}", body)
    assert clusterer.distinct == 1
    assert set(clusterer.clusters()) == {0}


def test_many_near_copies_are_bounded_work() -> None:
    title, body = story(8)
    clusterer = Clusterer()
    for number in range(1000):
        clusterer.add(title, f"{body}\n第{number}位读者看过")
    assert set(clusterer.clusters()) == {0}
