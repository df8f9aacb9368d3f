"""An article on its way through the clean pipeline: all its texts judged as one document."""

from crawler.items import Article, Attachment, Image, Table
from crawler.pipelines import clean_article

URL = "http://www.example.cn/a.html"


def test_every_text_of_a_garbled_article_is_restored_under_one_decision():
    raw = Article(
        URL,
        title="縣(xiàn)里召開食品安全會(huì)議",
        source="雲(yún)溪縣(xiàn)政府",
        body="會(huì)議強(qiáng)調(diào),要加強(qiáng)學(xué)校食堂監(jiān)管。\n縣(xiàn)委書記要求抓好落實(shí)。",
        images=[Image("http://www.example.cn/1.jpg", "會(huì)議現(xiàn)場(chǎng)")],
        attachments=[Attachment("http://www.example.cn/1.pdf", "會(huì)議通知.pdf")],
        tables=[Table([["單(dān)位", "結(jié)果"], ["縣(xiàn)食堂", "合格"]])],
    )
    article = clean_article(raw)
    assert article.title == "县里召开食品安全会议"
    assert article.source == "云溪县政府"
    assert article.body == "会议强调，要加强学校食堂监管。\n县委书记要求抓好落实。"
    assert article.images[0].caption == "会议现场"
    assert article.attachments[0].name == "会议通知.pdf"
    assert article.tables[0].rows == [["单位", "结果"], ["县食堂", "合格"]]
    assert article.restored["glosses"] == 19  # 2 + 2 + 8 + 3 + 1 + 3
    assert article.restored["gbk_repairs"] == 0


def test_a_sound_article_keeps_its_words_and_loses_only_the_page_around_them():
    raw = Article(
        URL,
        title=" 苯（benzene）检出 \u200b",
        body="　　检测发现苯(benzene)超标。\r\n\r\n打印本页 关闭窗口\n　　亓(qí)某被约谈。（潘媛）",
        editor="  ",
    )
    article = clean_article(raw)
    assert article.title == "苯（benzene）检出"
    assert article.body == "检测发现苯(benzene)超标。\n亓(qí)某被约谈。（潘媛）"
    assert article.editor is None
    assert article.restored is None
