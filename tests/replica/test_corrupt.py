"""The content farm's corruption, against strings a person worked out from the bytes."""

from crawler.replica.corrupt import corrupt


def test_a_mark_looked_for_across_two_characters_tears_both():
    # 。縣 is A1A3 BF68 in GBK; the farm finds A3BF, its full-width question mark, in the middle.
    assert corrupt("大事。县市场") == "大事??h市場"


def test_readings_are_put_behind_some_characters():
    assert corrupt("农村家宴") == "農(nóng)村家宴"
    assert corrupt("监管") == "監(jiān)管"


def test_marks_become_half_width_and_ascii_stays():
    assert corrupt("他说：合格，2019-07-05 08:29！") == "他說:合格,2019-07-05 08:29!"
