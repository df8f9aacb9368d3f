"""Names in credits: editors and authors, found by their roles in headers, in brackets and on lines of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from crawler.parsing.date_forms import plain_marks

# --- Places in datelines and after media: provinces, large cities, foreign cities ---

PLACE = re.compile(
    "(?:北京|上海|天津|重庆|河北|山西|内蒙古|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|广西|海南|四川|贵州|云南|西藏"
    "|陕西|甘肃|青海|宁夏|新疆|香港|澳门|台湾|石家庄|太原|呼和浩特|沈阳|大连|长春|哈尔滨|南京|苏州|无锡|徐州|杭州|宁波|温州|合肥|福州|厦门|泉州"
    "|南昌|济南|青岛|烟台|郑州|洛阳|武汉|宜昌|长沙|广州|深圳|珠海|佛山|东莞|南宁|桂林|海口|三亚|成都|贵阳|昆明|拉萨|西安|兰州|西宁|银川|乌鲁木齐"
    "|台北|新北|桃园|台中|台南|高雄|基隆|新竹|苗栗|彰化|南投|云林|嘉义|屏东|宜兰|花莲|台东|澎湖|金门|雄安|唐山|保定|常州|南通|扬州|绍兴|金华"
    "|台州|嘉兴|湖州|芜湖|淄博|临沂|潍坊|株洲|汕头|惠州|中山|柳州|绵阳|遵义|大理|延安|华盛顿|纽约|洛杉矶|旧金山|伦敦|巴黎|柏林|布鲁塞尔|日内瓦"
    "|莫斯科|东京|首尔|曼谷|新加坡|吉隆坡|雅加达|河内|马尼拉|新德里|伊斯兰堡|迪拜|开罗|耶路撒冷|堪培拉|悉尼|渥太华|罗马|马德里|维也纳|联合国)"
    "(?:市|省|县)?"
)
"""A known place; `PLACE.fullmatch` tests a whole word."""


# --- Is it a person's name? Surnames, and the endings of units. ---

_SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟"
    "谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔汤温常康施文牛樊葛邢安齐"
    "易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管"
    "柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂佟臧闵苟邬边卞"
    "姬师仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩佘池查麻苑迟邝官封谈匡鞠惠荆乐冀郁胥班储原栗燕楚鄢劳谌奚皮粟冼蔺楼闻厉伊"
    "仝区郜阚权帅屠朴廉禹井祖漆巴丰支卿狄索宣晋容敬扈晁芮阙浦戈伏鹿薄邸雍辜羊乌裘亓邰赫杭况那宿鲜逯隆茹诺慕亢嵇哈湛"
    "宾戎勾茅於居揭尉冶斯檀阴昝幸衡尧蕙郦酆贲麴靖汲邴糜宓蓬郗鄂籍赖莘贡扶堵宰璩濮寿郏庾暨弘禄殳沃夔厍訾蒯荀竺桓郄佴"
    "墨谯笪琴仉缑洪向单应强和"
)
_RARE_SURNAMES = frozenset(
    "全明时海平通计云花国满相来修都从初战信印普盘门展怀南公玉银母豆盖练但干危富束衣代松归由元步终慎广越利融红养须益"
    "福爱言智水达尕尼扎木拉拓沐洛滑清源潭秋种素续罕老肇胜良色贝贵赏迪酒钦钮铁问闪随隗青韶香黑山苦雪矫折皇璞揣佐税寸"
    "斗思者丘虎才央仁佛字兀敏冬多尔希布彤恩托旦星晓果格次求洒珍琼甲藏觉赛阿雅嘎"
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_DOUBLE_SURNAMES = _words(
    "欧阳 太史 端木 上官 司马 东方 独孤 南宫 万俟 闻人 夏侯 诸葛 尉迟 公羊 赫连 澹台 皇甫 宗政 "
    "濮阳 公冶 太叔 申屠 公孙 慕容 仲孙 钟离 长孙 宇文 司徒 鲜于 司空 闾丘 子车 亓官 司寇 巫马 "
    "公西 颛孙 壤驷 公良 漆雕 乐正 宰父 谷梁 拓跋 夹谷 轩辕 令狐 段干 百里 呼延 东郭 南门 羊舌 "
    "微生 梁丘 左丘 西门 南荣 东里 即墨 达奚 褚师 纳兰 那拉 叶赫 完颜 富察 钮祜 乌雅 张简 范姜 "
    "欧杨 格桑 扎西 次仁 旦增 洛桑 丹增 尼玛 达瓦 卓玛 央金 拉巴 普布 才让 索南 仁青 多杰 平措 "
    "加措 白玛 德吉 米玛 贡嘎 阿旺 强巴 边巴 晋美 群培 罗布 其美 嘎玛 云丹 更尕 孟和 苏日 呼和 "
    "敖登 斯琴 宝音 青格 额尔 巴特 那日 娜仁 萨仁 乌日 阿依 古丽 买买 艾力 吐尔 热合 木合 玉素 "
    "依布 阿不 阿卜 麦麦 努尔 帕提 迪力 赛买 哈斯 巴音 乌兰 "
)
_WORDS = _words(
    "文图 文摄 记者 作者 编辑 本报 本网 本台 本刊 本站 通讯 特约 实习 见习 供稿 撰稿 综合 整理 来源 转载 "
    "摄影 报道 整合 图片 资料 文字 视频 图文 责编 校对 审核 终审 初审 复审 监制 制图 海报 设计 "
    "策划 制作 责任 全文 原文 附件 以上 待续 未完 单位 全国 注册 相关 高清 组图 时间 日期 地点 "
    "高层 关注 打印 关闭 分享 收藏 常务 明确 成立 全部 平均 应用 温馨 计划 方案 章程 项目 元旦 "
    "公告 通知 应届 经济 农业 水利 文化 广告 平台 明星 高考 黄金 金融 安全 文章 何时 金额 张贴 "
    "时事 时评 时政 包括 全面 许可 成果 安排 关于 关键 干部 施工 水平 高级 高温 高速 陈述 常规 "
    "常委 席位 党员 党委 党组 党建 党课 国家 国内 国际 容易 古代 和平 和谐 于是 从此 从而 展开 "
    "展示 支持 费用 车辆 通过 年度 年初 年底 白天 平安 应急 应对 文件 文明 文旅 文艺 文物 农村 "
    "农民 任务 任命 任免 任职 温度 经营 经验 商业 商务 商品 花卉 花园 麦田 米饭 鱼类 牛奶 羊肉 "
    "水果 水产 水务 游客 游戏 海洋 海关 海外 江南 江河 石油 石化 成都 武汉 温州 金华 舟山 安徽 "
    "江苏 江西 山东 山西 陕西 贵州 云南 河南 河北 湖南 湖北 广东 广西 福建 海南 宁夏 甘肃 青海 "
    "西藏 新疆 吉林 辽宁 四川 重庆 上海 北京 天津 浙江 香港 澳门 台湾 广州 南京 杭州 宁波 万载 "
    "青田 党支部 支部 安装 方法 方式 方向 方面 连接 连续 连载 管理 管委会 管控 储备 向前 单独 "
    "单身 宣传 宣布 官方 官网 封面 封闭 施行 景区 景点 查看 查询 柴油 梁山 毕业 欧洲 欧元 欧盟 "
    "段落 毛利 池塘 滑雪 满意 牛肉 章节 祝贺 秦岭 程序 符合 简介 简讯 纪委 纪念 纪检 纪律 终止 "
    "翻译 胡同 舒适 范围 董事 董事长 蒙古 解放 解读 解答 詹姆斯 谈话 谷物 路线 路口 辛苦 边境 "
    "连云港 通告 通报 郑重 都市 钟表 银行 门户 闻讯 阳光 阳台 隆重 雷电 雷雨 霍乱 韩国 顾客 顾问 "
    "马上 骆驼 高效 高度 高校 高铁 鲁迅 麻醉 黄河 黄山 黎明 齐全 龙头 龙年 龙舟 成员 成绩 成功 "
    "左右 司法 司机 司长 安居 安置 容量 康复 强调 强化 应邀 戴口罩 易货 曲线 曲艺 曹县 权威 权利 "
    "权益 查处 查获 桂林 桂花 梅花 梅雨 水位 水质 江湖 汤圆 沈阳 沙滩 洪水 洪涝 温泉 潘多拉 熊猫 "
    "牛市 白酒 白糖 盛会 盛夏 盛典 石头 祖国 秋季 税务 米面 罗马 聂耳 舒心 花生 苏州 茅台 荣誉 "
    "荣获 莫斯科 葛根 蓝天 蓝图 蔡甸 薄弱 虞城 许昌 许多 谢谢 谭木匠 费县 贺信 贺电 车间 车站 "
    "边防 郎酒 金属 金牌 钱塘 钱包 长江 陆续 陆地 陶瓷 韦德 顾全 项城 鲜花 鲜活 麦子 黄瓜 龙虾 "
    "龙泉 素材 季度 季节 单机 单机版 手游 文创 文库 文献 成品 常见 常识 童年 时尚 时代 程度 应届生 家居 房产 房源 "
    "金币 金条 钱币 车险 古装 古籍 和田 安卓 高端 项链 段子 万科 万达 海报 花絮 解说 解密 甘孜 云浮 白皮书 "
    "全文 独家 首发 原创 精选 荐读 严选 关键词 简体 繁体 观察 手记 调查 探访 纪实 专稿 特稿 社论 快评 短评 时评 "
)
_JOINED = re.compile(r"[\u4e00-\u9fff]{1,10}(?:[·•・‧][\u4e00-\u9fff]{1,10}){1,4}")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003134f]{2,4}")
_UNIT = re.compile(
    r"(?:局|委|办|部|处|科|股|厅|院|校|站|所|社|网|报|台|队|组|室|会|馆|镇|乡|街道|村|社区|县|市|(?:河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州|云南|陕西|甘肃|青海|台湾|[本全各我]|^)省|自治州|旗|公司|集团|厂|中心|大学|中学"
    r"|小学|政府|支部|银行|公安|党委|团委|工会|妇联|日报|周刊|杂志|客户端|公众号|微信|发布|融媒体?|电视|广播|编辑员|管理员|团队|频道|在线|传媒)$"
)
_DISPATCH = re.compile(
    r"(?:(?:\d{1,2}月)?\d{1,2}日)?(?:综合|联合|现场|专)?(?:外?[电電讯訊](?:报道|報道|报导|報導)?|(?:摄影)?(?:报道|報道|报导|報導))$"
)
"""The end of `甲台北21日电` and `甲上海报道`, after the place."""
_TITLED = re.compile(r"[\s:]{0,3}(?P<name>[\u3400-\u9fff]{2,3})(?=$|[\s、,，;/()（）])")
_NO_NAME_FIRST = frozenset("从在对就将已昨今现获了来实报观手调综整发采专联摄供图编说问谈走探跟随日近注打分投点")
"""Verbs and time words after 记者 that begin a sentence or a rubric, not a name."""
_NOT_LAST = "的了是在和与及或为被把对从向等们这那其将并也都就而但若如者"


def is_person(text: str, sure: bool = False) -> bool:
    """Return whether `text` reads as one person's name; never for a unit (办公室, 日报) or a common word.

    A name is a surname and one or two more Han characters (up to four in all after a double surname), or several parts
    joined by `·`. `sure` is stricter, for places without a label: surnames that are also everyday words do not count.
    """
    if text in _WORDS or (len(text) > 2 and _UNIT.search(text)):
        return False
    if not _HAN.fullmatch(text):
        return _JOINED.fullmatch(text) is not None
    if text[-1] in _NOT_LAST:
        return False
    if text[:2] in _DOUBLE_SURNAMES:
        return True
    return len(text) <= 3 and (text[0] in _SURNAMES or (not sure and text[0] in _RARE_SURNAMES))


def cut_dispatch(text: str) -> str:
    """Return the name in `甲台北21日电` or `甲上海报道`, without the place and what follows it; else `text`.

    If the place is not a known one, a name has three characters when two or more are left for the place.
    """
    ending = _DISPATCH.search(text)
    if not ending:
        return text
    head = text[: ending.start()]
    splits = [(head[:size], head[size:]) for size in (3, 2, 4) if len(head) >= size and is_person(head[:size])]
    known = [name for name, place in splits if not place or PLACE.fullmatch(place)]
    return next(iter(known or [name for name, place in splits if len(place) != 1]), text)


def is_unit(text: str) -> bool:
    """Return whether `text` ends as the names of units do: 局, 办公室, 日报, 融媒体中心."""
    return _UNIT.search(text) is not None and not is_person(text)


def is_surname(text: str) -> bool:
    """Return whether `text` is a Chinese surname of one or two characters."""
    return text in _SURNAMES or text in _RARE_SURNAMES or text in _DOUBLE_SURNAMES


# --- Credits ---

_EDITOR = re.compile(
    r"(?<![总主副])(?<!美术)(?<!图片)(?<!摄影)(?<!视觉)(?<!审核)"
    r"(?P<label>(?:责任|責任|值班|执行|本期|网络|网页|网站|新媒体|融媒体|版面|图文|文字|内容|在线|见习|实习)?\s{0,8}"
    r"(?:编\s{0,8}辑|編\s{0,8}輯|(?<![A-Za-z])Editor)|责\s{0,8}编|責\s{0,8}編)(?![部室站局员員学學委页推器权])"
    r"(?P<mark>[^\S\n]{0,8}[:/|｜][^\S\n]{0,8}|(?=[(（])|[^\S\n]{1,4})"
)
_EDITS = re.compile(r"[编編]|Editor")
_BEFORE_EDITS = 11
"""How many characters of the label may stand before it: 融媒体 and eight spaces."""
_BY = re.compile(
    r"(?P<label>作\s{0,8}者(?!单位|简介|介绍|系)|撰\s{0,8}稿人?|撰\s{0,8}文|供\s{0,8}稿人?|执\s{0,8}笔人?|采\s{0,8}写"
    r"|记\s{0,8}者|通讯员|原创|文(?<![\u4e00-\u9fff]文)(?:字)?)[^\S\n]{0,8}[:/|｜][^\S\n]{0,8}"
)
_WRITES = (
    r"(?:(?:特约|特邀|见习|实习|首席)?(?:记\s{0,4}者|通讯员|评论员|观察员|研究员|撰稿人?)|作\s{0,4}者(?!单位|简介|介绍|系)"
    r"|撰\s{0,4}[稿文]|供\s{0,4}稿人?|执\s{0,4}笔人?|采\s{0,4}写|实习生|(?:图文|文图|文[/、]图|图[/、]文|文并[图摄]|文[/、]摄|摄影报道)|文字?(?=\s?[:/|｜]))"
)
_DOES_ELSE = (
    r"(?:摄影?|拍摄|摄像|视频|图片?|供图|制图|漫画|海报|设计|排版|剪辑|配音|朗读|音频|(?:[责責]任)?(?:编辑|編輯)|责编|主编|总编辑?|值班\S{0,4}"
    r"|校\s{0,4}对|审\s{0,4}[核稿校]|[初复终一二三]审|监\s{0,4}制|总监制|策划|统筹|来\s{0,4}源|翻译|编译|整理|发布(?:者|人)?|录入|上传|签发)"
)
_OPENS_ROLE = (
    "特见实首记通评观研撰作供执采图文摄/|｜拍视制漫海设排剪配朗音责責编編主总值校审初复终一二三监策统来翻整发录上签"
)
"""The first characters of roles. Testing them first saves trying the long list at most places of a text."""
_ROLE = re.compile(
    rf"(?=[{_OPENS_ROLE}])(?:(?P<writes>{_WRITES})"
    rf"|(?P<behind>(?<=[\u4e00-\u9fff\s])[/|｜]\s?文(?!字)|(?<=\s)文(?![\u4e00-\u9fff]))|{_DOES_ELSE})"
)
_PHOTO = re.compile(r"摄影?|拍摄|摄像|供?图片?|供图|视频|制图")
_NEXT_LABEL = re.compile(
    r"\s{0,8}(?:(?:责任|值班|执行|网络|初审|一审)?(?:编\s{0,6}辑|編輯)|责编|校\s?对|审[核校稿]|[终复初一二三]审|监制|来\s{0,6}源|作\s{0,6}者"
    r"|记者\s?:|通讯员|摄影|图片|时\s{0,4}间|日\s{0,4}期|发布|更新|浏览|阅读|点击|字[体号]|分享|打印|关闭|上一[篇页]|下一[篇页]|相关|标签|关键"
    r"|版权|返回|扫一扫|原标题|来稿|主编|总编|值班|签发|电话|投稿|排版|设计|【)"
)
_END = re.compile(r"[|｜丨】\])）〕〗〉>。！？!?…]|\d{4}[-年]")
_BRACKET = re.compile(r"[(（【\[〔]([^()（）【】\[\]〔〕\n]{2,80})[)）】\]〕]")
_SIGNATURE = re.compile(r"(?<![:/])\s{0,2}(?<![:/\s])[(（【\[〔]([^()（）【】\[\]〔〕\n]{2,40})[)）】\]〕]\s{0,8}$")
_CLOSING = (")", "）", "】", "]", "〕")
_DATELINE = re.compile(r"(?:电|讯|消息|报道|快讯)\s{0,3}[(（]([^()（）\n]{2,40})[)）]")
_LABEL_FIRST = re.compile(r"^\s{0,8}(?:作者|原创|文|撰文|撰稿|执笔)\s?[:/|｜].{1,40}$", re.M)
_REPORTED = re.compile(
    r"[\W_]{0,6}(?P<names>(?:[\u3400-\u9fff]{2,4}[ 、]{1,2}){1,4})"
    r"[\u4e00-\u9fff]{2,6}(?:综合|联合|现场)?(?:摄影)?(?:报道|报导)[\W_]{0,4}$"
)
_BEGINS = re.compile(
    r"[\W_]{0,4}(?:[\w·]{2,12} ?)?(?P<label>记者|评论员) ?[: ] ?"
    r"(?P<names>[\u3400-\u9fff]{2,4}(?:[ 、][\u3400-\u9fff]{2,3}(?=[ 、]))*)(?= )"
)
_SPLIT = re.compile(r"[\s、,，;；/&＆|｜:]+|(?<=[\u4e00-\u9fff])和(?=[\u4e00-\u9fff]{2,3}(?:$|[\s、]))")
_ASIDE = re.compile(r"(?<=[\u4e00-\u9fff])\s?[(（][^()（）]{2,40}[)）]?")
"""A bracket after a person: the unit, the role."""
_OTHER_LABEL = re.compile(r"\s[\u4e00-\u9fff]{2,6}\s?:")
"""A word before a colon is the next label of a header (字体：), not another person."""
_DONE = re.compile(r"(?:综合|联合|现场)?(?:报道|整合|综合|采写|整理|编译|撰文|撰稿|摄影|摄|文图|图文)$")
_NO_PERSON = frozenset(
    [
        "佚名",
        "匿名",
        "未知",
        "不详",
        "无名",
        "无",
        "admin",
        "news",
        "web",
        "editor",
        "root",
        "test",
        "guest",
        "小编",
        "管理员",
        "系统管理员",
        "网站管理员",
        "超级管理员",
        "本站",
        "本网",
        "素材",
        "资料",
        "网络",
        "综合",
        "整理",
    ]
)
_MAX_LINE_LENGTH = 60


@dataclass(frozen=True)
class Credit:
    """Names in the order of the page, and the label before them (`()` for a bare signature in brackets)."""

    names: tuple[str, ...]
    label: str


def editor_credit(header: str, tail: str) -> Credit | None:
    """Return the 责任编辑 of header or tail, else another 编辑; None if there is none or its label is empty."""
    best: tuple[int, Credit] | None = None
    for flat in (plain_marks(text) for text in (header, tail)):
        # Skip to the first 编, except for the words of the label before it.
        edits = _EDITS.search(flat)
        for found in _EDITOR.finditer(flat, max(0, edits.start() - _BEFORE_EDITS)) if edits else ():
            bare = not found["mark"].strip() and flat[found.end() : found.end() + 1] not in {"(", "（"}
            names = _names_after(flat, found.end(), people_only=bare)
            label = _close_up(found["label"])
            rank = 0 if label in {"责任编辑", "責任編輯", "责编", "責編"} else 1 if label in {"编辑", "編輯"} else 2
            if names and (best is None or rank < best[0]):
                best = rank, Credit(tuple(names), label)
    return best[1] if best else None


def author_credit(header: str, tail: str = "", opening: str = "") -> Credit | None:
    """Return who wrote the article, from the most reliable place.

    First a person named by a role in the header, at the end or at the beginning of the body; then a bare name in
    brackets at the end or after 电; last the pen name or unit after 作者 in the header.
    """
    head, end, start = (plain_marks(text) for text in (header, tail, opening))
    in_header, pen_name = _first(map(_credit, _lines(head))), _pen_name(head)
    if not in_header and pen_name and not is_unit(pen_name.names[0]):
        return pen_name
    return (
        in_header
        or _first(map(_credit, _credit_texts(end)), last=True)
        or _first(map(_credit, _credit_texts(start)))
        or _first(map(_opening_credit, start.split("\n")))
        or _first(_signature(found[1]) for found in _DATELINE.finditer(start))
        or _pen_name("\n".join(_LABEL_FIRST.findall(start)))
        or _first(map(_signature, _signatures(end)), last=True)
        or pen_name
    )


def _opening_credit(line: str) -> Credit | None:
    """Return the people that a line of the opening begins with: `甲 上海报道`, `东湖网 记者 甲 今年以来…`."""
    if found := _REPORTED.match(line):
        names = _split_names(found["names"])
        return Credit(tuple(names), "报道") if names and all(is_person(name, sure=True) for name in names) else None
    if found := _BEGINS.match(line):
        names = _leading_people(found["names"])
        return Credit(tuple(names), found["label"]) if names else None
    return None


def _first(credits: Iterator[Credit | None], last: bool = False) -> Credit | None:
    found = [credit for credit in credits if credit]
    chosen = found[-1 if last else 0] if found else None
    return next((credit for credit in found if chosen and set(chosen.names) < set(credit.names)), chosen)


def _lines(flat: str) -> Iterator[str]:
    return (line for line in flat.split("\n") if len(line) <= 2 * _MAX_LINE_LENGTH)


def _credit_texts(flat: str) -> Iterator[str]:
    """Yield the places of a body with credits: brackets, and short lines (one role per line is one credit)."""
    block: list[str] = []
    for line in [*flat.split("\n"), ""]:
        short = line.strip(" □■◎○●▲△◆◇☆★-()（）【】[]")
        if len(short) <= _MAX_LINE_LENGTH and not short.endswith(("。", "？", "！")) and _ROLE.search(short):
            block.append(short)
        elif block:
            yield "  ".join(block)
            block = []
        yield from _BRACKET.findall(line)


def _signatures(flat: str) -> Iterator[str]:
    """Yield the brackets at the ends of lines."""
    for line in flat.split("\n"):
        if line.rstrip().endswith(_CLOSING) and (found := _SIGNATURE.search(line)):
            yield found[1]


def _pen_name(flat: str) -> Credit | None:
    for found in _BY.finditer(flat):
        names = _names_after(flat, found.end(), people_only=False)
        names = [bare if is_person(bare := _DONE.sub("", name)) else name.removesuffix("编译") for name in names]
        if not names or (is_unit(names[0]) and "作" not in found["label"]):
            continue
        people = [name for name in names if not is_unit(name)]
        return Credit(tuple(people or names), _close_up(found["label"]))
    return None


def _signature(text: str) -> Credit | None:
    """Return the people of a bare signature (`甲 乙`, `县图书馆 甲`); None if it holds anything else."""
    names = _split_names(text)
    people = [name for name in names if is_person(name)]
    if people and all(is_person(name, sure=True) or is_unit(name) for name in names):
        return Credit(tuple(people), "()")
    return None


def _credit(text: str) -> Credit | None:
    """Return the writers of a credit such as `本报记者 甲 乙 通讯员 丙 摄影 丁`; None if it names none."""
    roles = list(_ROLE.finditer(text))
    people: list[str] = []
    label = ""
    before = 0
    for index, found in enumerate(roles):
        stop = roles[index + 1].start() if index + 1 < len(roles) else len(text)
        names = _leading_people(text[found.end() : stop]) or _titled_name(found, text[found.end() : stop])
        if found["behind"] or (not names and index == 0 and re.match("[文图供撰]", found.group())):
            names = _leading_people(text[before : found.start()])
        if not (found["writes"] or found["behind"]):
            if (
                not names
                and _PHOTO.fullmatch(found.group())
                and not re.search(r"文\s?[/、并]\s?$", text[: found.start()])
            ):
                people = [name for name in people if name not in _leading_people(text[before : found.start()])]
            names = []
        people += [name for name in names if name not in people]
        label = label or (_close_up(found.group()).strip("/|｜") if names else "")
        before = found.end()
    return Credit(tuple(people), label) if people else None


def _titled_name(role: re.Match[str], text: str) -> list[str]:
    """Return the name after 记者 or 评论员 although its first character is not a known surname."""
    name = _TITLED.match(text) if role.group().endswith(("记者", "评论员")) else None
    if name is None or name["name"] in _WORDS or name["name"][0] in _NO_NAME_FIRST or name["name"][-1] in _NOT_LAST:
        return []
    if _UNIT.search(name["name"]) or PLACE.fullmatch(name["name"]) or _DONE.search(name["name"]):
        return []
    return [name["name"]]


def _leading_people(text: str) -> list[str]:
    """Return the people's names that a text begins with; units before the first are skipped."""
    people: list[str] = []
    text = _OTHER_LABEL.split(text.lstrip(" :/|(（】]"), maxsplit=1)[0]
    for name in _split_names(_ASIDE.sub(" ", text)):
        bare = name if is_person(name) and not name.endswith("摄") else cut_dispatch(name)
        bare = bare if is_person(bare) and not bare.endswith("摄") else _DONE.sub("", bare)
        if is_person(bare):
            people.append(bare)
        elif people or not is_unit(name):
            break
    return people


def _names_after(flat: str, at: int, people_only: bool) -> list[str]:
    """Return the names after a label: up to a bracket, bar, line end or the next label.

    On the next line, and with `people_only`, only people's names count; else the first may be a pen name or a unit.
    """
    window = flat[at : at + 80].lstrip(" ([（［【")
    line, _, below = window.partition("\n")
    wrapped = not line.strip()
    text = below.lstrip().partition("\n")[0] if wrapped else line
    for pattern in (_NEXT_LABEL, _END):
        if stop := pattern.search(text):
            text = text[: stop.start()]
    names = _split_names(text)
    if wrapped and not (len(text) <= 20 and names and all(is_person(name) for name in names)):
        return []
    kept: list[str] = []
    for name in names:
        latin = name.isascii()
        if is_person(name) or (not kept and not people_only and len(name) <= 20 and _is_name(name)):
            kept.append(name)
        elif kept and latin and kept[-1].isascii() and name.isalpha():
            kept[-1] += f" {name}"
        elif not (kept and not people_only and 2 <= len(name) <= 4 and len(kept) < 6 and "、" in text and not latin):
            break
        else:
            kept.append(name)
    return kept


def _is_name(name: str) -> bool:
    unwanted = name in _WORDS or name.lower() in _NO_PERSON
    return not unwanted and re.search(r"[A-Za-z\u3400-\u9fff]", name) is not None


def _split_names(text: str) -> list[str]:
    """Return the words of a list of names, with spaced names (`熊 武`) joined and staff codes (`_NN6565`) removed."""
    names: list[str] = []
    joining = False
    for word in _SPLIT.split(text.strip()):
        name = re.sub(r"_?[A-Z]{0,3}\d+$", "", word).strip("·.-—_'\"“” *#@<>《》")
        if not name:
            continue
        single = len(name) == 1 and "\u4e00" <= name <= "\u9fff"
        if single and joining:
            names[-1] += name
            joining = False
            continue
        joining = single and is_surname(name)
        names.append(name)
    return names


def _close_up(label: str) -> str:
    return re.sub(r"\s", "", label)
