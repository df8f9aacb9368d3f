"""Postings: lines, inverted, merged, found again."""

from __future__ import annotations

import struct

import pytest

from crawler.storage.search_index import (
    IDS,
    all_keys,
    divided,
    holders,
    ids_key,
    inverted,
    joined,
    level,
    lines_of,
    merged,
    numbers_of,
    packed_ids,
    part_key,
    part_of,
    unpacked_ids,
)

FIRST = lines_of([["抽检", "米粉"], [], ["抽检", "抽检b", "^米粉"]])
SECOND = lines_of([["米粉"], ["codex", "抽检"]])


def test_lines_are_found_by_whole_tokens():
    assert holders(FIRST, ["抽检"]) == {0, 2}
    assert holders(FIRST, ["米粉"]) == {0}
    assert holders(FIRST, ["^米粉"]) == {2}
    assert holders(FIRST, ["抽检", "抽检b"]) == {2}
    assert holders(FIRST, ["抽"]) == holders(FIRST, ["检"]) == set()
    assert holders(joined([FIRST, SECOND]), ["抽检"]) == {0, 2, 4}


def test_inverting_keeps_numbers():
    words = inverted([FIRST, SECOND])
    numbers = {token.decode(): list(struct.unpack(f"<{len(packed) // 2}H", packed)) for token, packed in words.items()}
    assert numbers == {"抽检": [0, 2, 4], "米粉": [0, 3], "抽检b": [2], "^米粉": [2], "codex": [4]}


@pytest.mark.parametrize("parts", [1, 128, 1024])
def test_a_part_holds_what_hashes_into_it(parts):
    shares = divided(inverted([FIRST, SECOND]), parts)
    assert set(shares) == {part_of(token, parts) for token in ("抽检", "米粉", "抽检b", "^米粉", "codex")}
    assert numbers_of(shares[part_of("抽检", parts)], "抽检") == {0, 2, 4}
    assert numbers_of(shares[part_of("抽检", parts)], "nothing") == set()


def test_merging_counts_on_and_parts_nest():
    one, other = divided(inverted([FIRST]), 128), divided(inverted([SECOND]), 128)
    part = part_of("抽检", 128)
    words = merged([(0, one[part]), (65_000, other[part])])
    assert struct.unpack("<3H", words["抽检".encode()]) == (0, 2, 65_001)
    larger = part_of("抽检", 1024)
    assert larger % 128 == part
    assert numbers_of(divided(words, 1024)[larger], "抽检") == {0, 2, 65_001}


def test_sizes_and_names():
    sizes = {1: 0, 15: 0, 16: 1, 255: 1, 256: 2, 4095: 2, 4096: 3, 65_535: 3}
    assert {size: level(size) for size in sizes} == sizes
    assert (part_key("s", 7), ids_key("s", 0), ids_key("s", IDS + 1)) == ("s:7", "s:ids:0", "s:ids:1")
    assert len(all_keys("s", 256)) == 128 + 1
    assert len(all_keys("s", 4096)) == 1024 + 4
    assert unpacked_ids(packed_ids(["a", "b"])) == ["a", "b"]
