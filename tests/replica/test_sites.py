"""The replica's sites answer as SITES.md says the real ones do."""

import json
import re
from urllib.parse import quote

import pytest

PORTAL_OLD = "http://www.cfsn.cn/front/web/"
COLUMN = "http://www.qingtian.gov.cn/col/col1229365841/index.html"
PROXY = "http://www.qingtian.gov.cn/module/web/jpage/dataproxy.jsp"
UNIT = "http://www.qingtian.gov.cn/api-gateway/jpaas-publish-server/front/page/build/unit"
FORM = b"col=1&appid=1&webid=3096&path=%2F&columnid=1229365841&unitid=6042317&webname=x&permissiontype=0"


def links(markup: str) -> list[str]:
    return re.findall(r'/art/[^"]+?\.html', markup)


def test_old_portal_lists_page_by_their_last_link(ask):
    first = ask(PORTAL_OLD + "site.shenglist?sjid=11&lmid=4").body.decode()
    last = re.search(r'page=(\d+)">尾页', first)
    assert last
    assert last[1] == "3"
    assert first == ask(PORTAL_OLD + "site.shenglist?lmid=4&page=1&sjid=11").body.decode()
    assert "41877" in ask(PORTAL_OLD + "site.shenglist?sjid=11&lmid=4&page=3").body.decode()
    assert ask(PORTAL_OLD + "site.shenglist?sjid=11&lmid=4&page=4").status == 404
    assert ask(PORTAL_OLD + "site.hangye?hyid=99").status == 404


def test_old_portal_glues_its_header(ask):
    page = ask(PORTAL_OLD + "site.newshow?hyid=1&newsid=53102").body.decode()
    assert "2019-08-02 08:40<span>来源：中国食品安全报</span> 编辑：沈渡舟" in page


def test_new_portal_pages_some_in_gbk_without_a_charset_in_the_header(ask):
    answer = ask("https://www.cfsn.cn/news/detail/22/371150.html")
    assert answer.headers["Content-Type"] == "text/html"
    assert '<meta charset="gbk">' in answer.body.decode("gbk")
    assert answer.body == ask("https://www.cfsn.cn/news/detail/22/371150.html?view=pc").body


def test_new_portal_pages_by_next_links_and_one_leads_back_to_itself(ask):
    assert '<a href="/news/22_2.html">下一页</a>' in ask("https://www.cfsn.cn/news/22.html").body.decode()
    assert "下一页" not in ask("https://www.cfsn.cn/news/22_2.html").body.decode()
    assert '<a href="/news/2372.html">下一页</a>' in ask("https://www.cfsn.cn/news/2372.html").body.decode()


def test_the_county_answers_exactly_the_records_asked_for(ask):
    island = ask(COLUMN).body.decode()
    assert len(links(island)) == 9
    answer = ask(PROXY + "?startrecord=10&endrecord=13&perpage=3", FORM).body.decode()
    assert len(links(answer)) == 4
    assert "<totalrecord>28</totalrecord><totalpage>10</totalpage>" in answer
    assert not set(links(answer)) & set(links(island))
    assert links(ask(PROXY + "?startrecord=1&endrecord=500&perpage=3", FORM).body.decode())[:9] == links(island)
    assert links(ask(PROXY + "?startrecord=29&endrecord=40&perpage=3", FORM).body.decode()) == []
    assert ask(PROXY + "?startrecord=x", FORM).status == 500


def test_the_next_group_can_be_followed_to_its_end(ask):
    markup, seen = ask(COLUMN).body.decode(), 9
    while following := re.search(r'<nextgroup><!\[CDATA\[<a href="([^"]+)"', markup):
        markup = ask("http://www.qingtian.gov.cn" + following[1]).body.decode()
        seen += len(links(markup))
    assert seen == 28


def test_the_unit_api_turns_pages_by_param_json_only(ask):
    shell = ask("http://www.qingtian.gov.cn/col/col1229365845/index.html").body.decode()
    assert links(shell) == []
    assert "unitbuild.js" in shell
    query = f"?webId=8d82a1f04c&pageId=1229365845&tagId={quote('当前栏目信息列表')}"

    def unit(more: str) -> dict:
        return json.loads(ask(UNIT + query + more).body)

    first = unit("")
    assert first["success"] is True
    assert 'rows="5" count="8" pageNo="1"' in first["data"]["html"]
    assert unit("&pageNo=2") == first
    second = unit("&paramJson=" + quote('{"pageNo":2,"pageSize":5}'))
    assert len(links(second["data"]["html"])) == 3
    assert not set(links(second["data"]["html"])) & set(links(first["data"]["html"]))


@pytest.mark.parametrize("tag", [quote("当前栏目信息列表".encode("gbk")), quote("没有的单元")])
def test_the_unit_api_finds_nothing_for_a_strange_tag(ask, tag):
    answer = json.loads(ask(f"{UNIT}?webId=8d82a1f04c&pageId=1229365845&tagId={tag}").body)
    assert answer == {"success": False, "code": "200", "data": {}}


def test_on_day_two_the_county_has_moved_its_list(ask, replica):
    assert b"<datastore>" in ask(COLUMN).body
    replica.advance()
    assert b"unitbuild.js" in ask(COLUMN).body
    query = f"?webId=8d82a1f04c&pageId=1229365841&tagId={quote('当前栏目信息列表')}"
    markup = json.loads(ask(UNIT + query).body)["data"]["html"]
    assert 'count="29"' in markup
    assert links(markup)[0] == "/art/2026/11/21/art_1229365841_612090.html"


def test_links_that_lead_nowhere(ask):
    assert ask("https://www.cfsn.cn/news/detail/2372/371045.html").status == 404
    loop = ask("https://www.cfsn.cn/news/detail/2369/371130.html")
    back = ask("https://www.cfsn.cn" + loop.headers["Location"])
    assert (loop.status, back.status) == (302, 302)
    assert back.headers["Location"] == "/news/detail/2369/371130.html"
    assert "不存在" in ask("http://www.qingtian.gov.cn/art/2026/11/9/art_1229365841_611833.html").body.decode()


def test_pictures_and_attachments_are_there(ask):
    picture = ask("https://www.cfsn.cn/upload/2026/11/20/371204.png")
    assert picture.headers["Content-Type"] == "image/png"
    assert picture.body.startswith(b"\x89PNG")
    assert ask("http://www.qingtian.gov.cn/attach/2026/11/19/hege.xlsx").status == 200
