"""What the neighbours of a page show."""

from datetime import UTC, datetime

import pytest

from crawler.items import Article, Attachment
from crawler.runs.second_opinion import SecondOpinion, compare_with_list

SITE = {"code": "990001", "name": "虚山县"}
SIDE = "我县召开食品安全工作会议\n县局公开联系方式零零零零\n食品经营许可办理须知说明\n欢迎广大群众共同监督管理。"
REAL = "执法人员对农贸市场的冷链食品进行了抽查，未发现问题。\n抽查结果已经在县局网站公布，欢迎查询。"


def page(number: int, body: str, **fields) -> Article:
    title = fields.pop("title", f"第{number}次检查的报道")
    return Article(f"http://www.xushan.gov.cn/{number}.html", site=SITE, title=title, body=body, **fields)


def kinds(pages: list[Article]) -> tuple[list[list[str]], set[str]]:
    opinion = SecondOpinion()
    found = [[doubt.kind for doubt in opinion.examine(each, str(n), None)] for n, each in enumerate(pages)]
    return found, opinion.take_repeated("990001")


def test_one_text_under_several_titles_is_doubted_with_its_first_page():
    assert kinds([page(1, SIDE), page(2, REAL), page(3, SIDE), page(4, SIDE)]) == (
        [[], [], ["repeated_text"], ["repeated_text"]],
        {"0"},
    )


@pytest.mark.parametrize(
    "again",
    [
        "\n".join(reversed(SIDE.split("\n"))),
        f"{SIDE}\n第8次访问",
        SIDE.replace("零零零零", "一二三四").replace("我县", "　我县"),
    ],
    ids=["another order", "a line with a counter", "nearly"],
)
def test_nearly_the_same_text_is_the_same(again):
    first, repeated = kinds([page(1, SIDE), page(2, again)])
    assert (first[1], repeated) in ((["repeated_text"], {"0"}), ([], set()))
    if "一二三四" not in again:
        assert first[1] == ["repeated_text"]


@pytest.mark.parametrize(
    "end", ["", "\n不合格产品已责令下架召回，并依法查处。\n欢迎广大群众共同监督管理，举报食品违法行为。"]
)
def test_notices_that_differ_in_their_figures_are_two_articles(end):
    notice = "本期抽检食品{}批次，其中合格{}批次，不合格{}批次，均为县内经营的食用农产品。" + end
    assert kinds([page(1, notice.format(120, 117, 3)), page(2, notice.format(98, 97, 1))]) == ([[], []], set())


def test_what_is_sound():
    two_addresses = [page(1, REAL), page(2, REAL, title="第1次检查的报道")]
    assert kinds(two_addresses) == ([[], []], set())
    with_files = [page(n, SIDE, attachments=[Attachment("http://x/1.xls")]) for n in (1, 2)]
    assert kinds(with_files) == ([[], []], set())
    other_site = page(2, SIDE)
    other_site.site = {"code": "990002"}
    assert kinds([page(1, SIDE), other_site]) == ([[], []], set())
    shared_end = [page(n, f"{REAL[:24]}{n}号市场{n * 7}家商户全部合格。\n欢迎广大群众共同监督管理。") for n in (1, 2)]
    assert kinds(shared_end)[0][0] == []


def test_a_page_that_shows_a_clock_gets_the_date_of_its_list():
    now = datetime(2026, 6, 17, 4, 0, tzinfo=UTC)
    listed = datetime(2026, 6, 14, 16, 0, tzinfo=UTC)
    article = page(1, REAL, published_at=now, published_precision="day")
    assert [doubt.kind for doubt in compare_with_list(article, article.title, listed, "day", now)] == ["dated_today"]
    assert (article.published_at, article.provenance["published_at"]) == (listed, "list")
