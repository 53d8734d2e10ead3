"""Names that every rule may use: what the platform knows of a firm, with the unit it is counted in."""

from __future__ import annotations

from dataclasses import dataclass

UNITS = {
    "wan": ("万元", "yuan"), "percent": ("%", "%"), "count": ("", ""), "years": ("年", "years"), "flag": ("", ""),
    "points": ("分", "points"),
}  # fmt: skip
"""Unit -> how it is written in Chinese and English."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A figure of a firm: names for people, unit, and the input codes it is made of (empty: not from a declaration).

    `years`: the firm states it itself, and it counts so long from its as-of date; 0 = known otherwise.
    """

    zh: str
    en: str
    unit: str
    sources: tuple[str, ...] = ()
    years: int = 0

    def label(self, language: str) -> str:
        return self.zh if language.startswith("zh") else self.en


def _money(code: str, zh: str, en: str) -> tuple[str, Fact]:
    return code, Fact(zh, en, "wan", (code,))


def _count(code: str, zh: str, en: str) -> tuple[str, Fact]:
    return code, Fact(zh, en, "count", (code,))


def _flag(code: str, zh: str, en: str) -> tuple[str, Fact]:
    return code, Fact(zh, en, "flag", ("qualifications",))


def _stated(code: str, zh: str, en: str, unit: str, years: int = 1) -> tuple[str, Fact]:
    return code, Fact(zh, en, unit, years=years)


FACTS: dict[str, Fact] = dict(
    (
        _money("revenue", "营业收入", "Operating revenue"),
        _money("revenue_prev", "上年营业收入", "Operating revenue, year before"),
        _money("hightech_revenue", "高新技术产品（服务）收入", "High-tech revenue"),
        _money("total_cost_expense", "成本费用总额", "Total cost and expense"),
        _money("net_profit", "净利润", "Net profit"),
        _money("total_assets_end", "年末资产总额", "Total assets, end of year"),
        _money("total_liabilities_end", "年末负债总额", "Total liabilities, end of year"),
        _money("tax_paid_total", "实际上缴税费总额", "Taxes paid"),
        _money("rd_expense", "研发费用", "R&D expense"),
        _money("rd_expense_prev", "上年研发费用", "R&D expense, year before"),
        _money("rd_equipment_invest", "新增科研仪器设备投入", "New R&D equipment"),
        _money("univ_collab_paid", "支付高校院所经费", "Paid to universities"),
        _money("tech_contract_amount", "技术合同成交额", "Technology contracts"),
        _money("equity_financing_24m", "近两年股权融资", "Equity raised in two years"),
        _count("staff_total", "职工总数", "Staff"),
        _count("rd_staff", "科技人员数", "R&D staff"),
        _count("fresh_graduates", "吸纳应届毕业生数", "Graduates hired"),
        _count("senior_staff", "中高级职称或硕士以上人数", "Senior staff"),
        _count("invention_applications", "发明专利申请量", "Invention applications"),
        _count("ip_class1", "有效Ⅰ类知识产权数", "Class I intellectual property"),
        _count("ip_class2", "有效Ⅱ类知识产权数", "Class II intellectual property"),
        _flag("tech_sme", "科技型中小企业", "Technology SME"),
        _flag("innovative_sme", "创新型中小企业", "Innovative SME"),
        _flag("hnte", "高新技术企业", "High-tech enterprise"),
        _flag("hnte_prev", "上年已是高新技术企业", "High-tech enterprise the year before"),
        _flag("srdi_sme", "专精特新中小企业", "SRDI SME"),
        _flag("little_giant", "专精特新“小巨人”", "Little giant"),
        _flag("gazelle", "瞪羚企业", "Gazelle"),
        _flag("unicorn", "独角兽企业", "Unicorn"),
        _flag("ipo_reserve", "上市后备企业", "IPO reserve"),
        ("revenue_yoy", Fact("营业收入增长率", "Revenue growth", "percent", ("revenue", "revenue_prev"))),
        ("rd_increase", Fact("研发费用增加额", "Increase of R&D expense", "wan", ("rd_expense", "rd_expense_prev"))),
        ("rd_intensity", Fact("研发费用占营业收入比重", "R&D intensity", "percent", ("rd_expense", "revenue"))),
        ("rd_staff_ratio", Fact("科技人员占比", "Share of R&D staff", "percent", ("rd_staff", "staff_total"))),
        ("rd_cost_share", Fact("研发费用占成本费用比重", "R&D share of cost and expense", "percent", ("rd_expense", "total_cost_expense"))),
        ("hightech_share", Fact("高新技术产品（服务）收入占比", "Share of high-tech revenue", "percent", ("hightech_revenue", "revenue"))),
        ("debt_ratio", Fact("资产负债率", "Debt ratio", "percent", ("total_liabilities_end", "total_assets_end"))),
        ("rd_intensity_3y", Fact("近三年研发费用占营业收入比重", "R&D intensity of three years", "percent", ("rd_expense", "revenue"))),
        ("revenue_before_2y", Fact("两年前营业收入", "Operating revenue two years before", "wan")),
        ("revenue_growth_2y", Fact("近两年营业收入累计增长", "Revenue growth over two years", "percent")),
        ("revenue_before_3y", Fact("三年前营业收入", "Operating revenue three years before", "wan")),
        ("revenue_growth_3y", Fact("近三年营业收入累计增长", "Revenue growth over three years", "percent")),
        ("rd_intensity_4y", Fact("近四年研发费用占营业收入比重", "R&D intensity of four years", "percent")),
        ("age_years", Fact("成立年限", "Age", "years")),
        ("score_total", Fact("创新积分", "Innovation points", "points")),
        ("enterprise", Fact("园区企业", "Firm of the park", "flag")),
        ("provincial_platform", Fact("有省级以上研发平台（按平台登记）", "R&D platform of provincial level or above, as registered", "flag")),
        _stated("segment_years", "从事特定细分市场的年限", "Years in the market segment", "years"),
        _stated("main_share", "主营业务收入占营业收入比重", "Share of main business in revenue", "percent"),
        _stated("market_share", "主导产品细分市场占有率", "Market share of the leading product", "percent"),
        _stated("market_rank", "主导产品国内细分市场名次", "Place of the leading product in its market in China", "count"),
        _stated("emerging_product", "主导产品属于战略性新兴产业", "Leading product in a strategic emerging industry", "flag", 3),
        _stated("development_points", "专精特新发展评价得分", "Points of the specialisation assessment", "points"),
        _stated("private_funded", "获得过私募投资且未上市", "Private investment received, not listed", "flag"),
        _stated("valuation_musd", "最近一轮投后估值（百万美元）", "Valuation after the last round (million US dollars)", "count", 2),
        _stated("ipo_sponsor", "有明确的上市意愿（保荐或辅导协议、董事会决议）", "Intends to be listed (sponsor or tutor agreement, board decision)", "flag"),
        _stated("registered_capital", "注册资本", "Registered capital", "wan", 3),
        _stated("is_industry", "工业企业", "Industrial enterprise", "flag", 3),
    )
)  # fmt: skip
STATED = {code: fact for code, fact in FACTS.items() if fact.years}
"""What only the firm knows: it states the figure with a paper, the office checks it."""
PAST = frozenset({"hnte_prev"})
"""What was so and cannot change any more: who fails by it is not nearly there."""
PLATFORM_FACTS: dict[str, Fact] = {
    "platform_staff": Fact("平台专职研发人员", "Full-time R&D staff of the platform", "count"),
    "platform_senior": Fact("平台中高级职称或研究生人员", "Senior staff of the platform", "count"),
    "platform_area": Fact("平台场地面积（m²）", "Floor area of the platform (m²)", "count"),
    "platform_equipment": Fact("平台仪器设备原值", "Equipment of the platform", "wan"),
    "platform_outlay": Fact("平台年度研发经费", "Yearly outlay of the platform", "wan"),
    "platform_projects": Fact("平台在研项目", "Projects of the platform", "count"),
    "platform_patents": Fact("平台有效发明专利", "Invention patents of the platform", "count"),
    "platform_years": Fact("平台运行年限", "Years since approval", "years"),
}  # fmt: skip
"""Names that the rule of a platform's next level may use too: what its newest report says."""
NAMES = FACTS | PLATFORM_FACTS
