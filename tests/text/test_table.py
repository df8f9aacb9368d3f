"""The table of characters that fills itself."""

from __future__ import annotations

from crawler.text.characters import MAX_TABLE_SIZE, CharacterTable


def test_each_character_is_made_once():
    asked: list[str] = []

    def doubled(character: str) -> str:
        asked.append(character)
        return character * 2 if character != "。" else ""

    table = CharacterTable(doubled)
    assert "米粉。米线。".translate(table) == "米米粉粉米米线线"
    assert asked == ["米", "粉", "。", "线"]


def test_a_page_that_shows_all_of_unicode_does_not_fill_the_memory():
    table = CharacterTable(str.upper)
    every = "".join(map(chr, range(0xD800))) + "".join(map(chr, range(0xE000, 0x20000)))
    assert every.translate(table) == "".join(map(str.upper, every))
    assert len(table) <= MAX_TABLE_SIZE
