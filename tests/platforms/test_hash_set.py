"""What a crawl has met is remembered exactly, and in little room."""

import random
import sys

from crawler.platforms.pager import HashSet


def test_as_a_set_does():
    chance = random.Random(7)
    numbers = [chance.getrandbits(64) for _ in range(5000)]
    seen, known = HashSet(), set()
    for number in chance.choices(numbers, k=20_000):
        assert (number in seen) == (number in known)
        assert seen.add(number) == (number not in known)
        known.add(number)
    assert len(seen) == len(known)
    assert [number for number in numbers if number in seen] == [number for number in numbers if number in known]


def test_numbers_that_fall_on_one_place():
    seen = HashSet()
    alike = [place << 32 for place in range(1, 500)]  # all end alike
    assert seen.update(alike) == len(alike)
    assert seen.update(alike) == 0
    assert 500 << 32 not in seen


def test_the_ends_of_what_a_number_may_be():
    seen = HashSet()
    assert 0 not in seen
    assert seen.update([0, -1, 2**63, 2**64 - 2]) == 4
    assert all(number in seen for number in (0, -1, 2**63, 2**64 - 2))


def test_little_room():
    seen, chance = HashSet(), random.Random(7)
    least, most = 1000.0, 0.0
    for count in range(1, 20_001):
        seen.add(chance.getrandbits(64))
        if count > 1000:
            size = sys.getsizeof(seen._places) / count
            least, most = min(least, size), max(most, size)
    assert 11 < least < most < 25
