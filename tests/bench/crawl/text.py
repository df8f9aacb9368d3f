"""Invented Chinese news: sentences of real words in random order, so that no two articles share a paragraph."""

from __future__ import annotations

import random

NOUNS = """市场 食品 药品 企业 学校 食堂 农户 蔬菜 水果 肉类 粮食 餐厅 超市 仓库 冷链 标签 标准 原料 厨房 酒店 街道 乡镇 社区 家庭
消费者 经营者 工作组 检测站 实验室 执法人员 负责人 合格证 添加剂 农产品 水产品 乳制品 面制品 糕点 米粉 酱菜 茶叶 蜂蜜 豆腐 鸡蛋 猪肉
样品 批次 报告 制度 责任 风险 隐患 问题 结果 计划 方案 专项 行动 活动 培训 会议 宣传 投诉 举报 案件 证照 设备 环境 卫生 温度 记录 台账
留样 消毒 餐具 进货 渠道 来源 去向 平台 系统 数据 服务 水平 能力 机制 体系 群众 居民 老人 学生 家长 教师 医院 工厂 车间 产业 基地 合作社""".split()
VERBS = """加强 检查 抽检 开展 落实 完善 推进 组织 举办 启动 发布 公布 查处 整治 规范 提升 保障 守护 服务 指导 培训 宣传 督促 要求 发现 整改
关注 改善 建立 健全 覆盖 深入 围绕 聚焦 排查 化解 通报 处理 召回 封存 下架 核对 登记 追溯 记录 配送 采购 加工 储存 运输 销售 食用 监管""".split()
QUALITIES = """安全 合格 新鲜 全面 严格 重点 日常 专业 先进 规范 及时 有效 主要 相关 具体 长期 广泛 统一 独立 透明 优质 传统 现代 基层 城乡
本地 周边 春季 夏季 秋季 冬季 节日 校园 农村 网络 进口 散装 预制 生鲜 冷冻 部分 多数 首批 年度 季度""".split()
PLACES = "栖霞溪 洛平 云岭 清泉 白鹭 松阳岭 龙门浦 石桥 青柳 南屏山 东篱 望湖".split()
UNITS = (
    "县市场监管局 县农业农村局 县教育局 县融媒体中心 日报 县卫生健康局 县政府办公室 晚报 县食安办 市市场监管局".split()
)
NAMES = "方若溪 秦望舒 陶景行 陆知远 沈听澜 顾长风 叶疏影 江晚晴 苏慕白 林清和 周予安 许如初".split()


def sentence(chance: random.Random) -> str:
    """One sentence of two to four clauses, 20 to 60 characters."""
    clauses = []
    for _ in range(chance.randint(2, 4)):
        words = [chance.choice(NOUNS), chance.choice(VERBS), chance.choice(QUALITIES), chance.choice(NOUNS)]
        if chance.random() < 0.3:
            words.insert(1, "对")
        if chance.random() < 0.15:
            words.append(f"{chance.randint(2, 960)}家")
        clauses.append("".join(words))
    return "，".join(clauses) + chance.choice("。。。。；！")


def paragraphs(chance: random.Random) -> list[str]:
    """An article's text: 3 to 20 paragraphs of 1 to 5 sentences, the last ended by a full stop."""
    count = min(20, max(3, round(chance.lognormvariate(1.9, 0.5))))
    lines = ["".join(sentence(chance) for _ in range(chance.randint(1, 5))) for _ in range(count)]
    lines[0] = f"{chance.choice(PLACES)}县{lines[0]}"
    return [f"{line[:-1]}。" for line in lines]


def headline(chance: random.Random) -> str:
    """A headline of 12 to 24 characters."""
    title = f"{chance.choice(PLACES)}{chance.choice(VERBS)}{chance.choice(QUALITIES)}{chance.choice(NOUNS)}"
    return title + "".join(chance.choice(words) for words in (VERBS, QUALITIES, NOUNS))
