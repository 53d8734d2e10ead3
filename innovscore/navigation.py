"""The menu of each role, as data: groups of entries with label, route, roles. Order is the order of the year."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from parks import access


@dataclass(frozen=True, slots=True)
class Entry:
    label: str | Promise
    route: str
    roles: frozenset[str]
    hint: str | Promise = ""
    elsewhere: str = ""
    """Pattern of the addresses (after the zone) of its pages that do not lie under its own."""

    def url(self, park: str) -> str:
        return reverse(self.route, kwargs={"park": park})

    def reach(self, park: str, path: str) -> int:
        """How much of an address lies under this entry; the one that reaches farthest is where the reader is."""
        own = self.url(park)
        found = re.match(f"/p/{park}/{self.elsewhere}", path) if self.elsewhere else None
        return max(len(own) if path.startswith(own) else 0, found.end() if found else 0)


@dataclass(frozen=True, slots=True)
class Group:
    """What belongs together: one entry of the top bar, one fold of the side list."""

    label: str | Promise
    entries: tuple[Entry, ...]


FIRM = frozenset({"enterprise_agent", "enterprise_signatory"})
OFFICE = frozenset({"park_admin", "park_reviewer", "score_officer", "publisher", "park_auditor"})
BANK = frozenset({"bank_maker", "bank_checker"})
LENDERS = BANK | {"bank_ops"}
GUARANTORS = frozenset({"guarantor_maker", "guarantor_checker"})
FUNDS = frozenset({"fund_manager"})
BUREAUS = frozenset({"credit_bureau"})

GROUPS: tuple[Group, ...] = (
    Group(
        _("企业"),
        (
            Entry(_("企业认证"), "enterprises:certification", FIRM, _("登记信息、认证状态和补正")),
            Entry(_("人员与授权"), "enterprises:people", FIRM, _("邀请同事，调整和撤销授权")),
            Entry(_("材料库"), "enterprises:library", FIRM, _("审计报告、证书等，上传一次多处引用")),
            Entry(_("公开简介"), "rankings:own_profile", FIRM, _("写给公众看的企业简介")),
            Entry(_("企业名录"), "enterprises:enterprises", OFFICE, _("园区全部企业及认证状态")),
            Entry(
                _("园区范围"),
                "parks:sub_parks",
                frozenset({"park_admin", "park_reviewer", "park_auditor"}),
                _("核心区和拓展园包含哪些街道、道路，认证时核对地址"),
            ),
            Entry(_("认证审核"), "enterprises:cases", OFFICE, _("核对登记信息与营业执照")),
        ),
    ),
    Group(
        _("年度评价"),
        (
            Entry(_("年度申报"), "enterprises:declarations", FIRM, _("核对部门数据，确认或更正，签署提交")),
            Entry(_("指标体系"), "indicators:schemes", OFFICE, _("采用和查看评价指标、权重与赋分函数")),
            Entry(_("年度"), "enterprises:cycles", OFFICE, _("开启年度、查看进度")),
            Entry(_("部门数据"), "enterprises:batches", OFFICE, _("导入税务、社保、知识产权等部门数据")),
            Entry(_("申报核定"), "enterprises:queue", OFFICE, _("先看更正项，两人核定")),
            Entry(
                _("积分计算"),
                "scoring:cycles",
                OFFICE,
                _("冻结数据、计算积分、查看结果"),
                r"office/(cycles/\d+/score|runs|screens)/",
            ),
        ),
    ),
    Group(
        _("积分与榜单"),
        (
            Entry(
                _("积分画像"),
                "scoring:own_scores",
                FIRM,
                _("总分、名次和每项指标怎么算的"),
            ),
            Entry(_("上榜证书"), "rankings:own_certificates", FIRM, _("下载证书，决定是否显示得分")),
            Entry(_("公示与异议"), "rankings:own_objections", FIRM, _("正在公示的榜单，提出异议，查看答复")),
            Entry(
                _("榜单编制"),
                "rankings:years",
                OFFICE,
                _("四大十强：提请、公示、发布、撤回"),
                r"office/(editions|board-definitions)/",
            ),
            Entry(
                _("异议"),
                "rankings:objections",
                frozenset({"park_admin", "publisher", "park_auditor"}),
                _("受理和答复对公示的异议"),
            ),
            Entry(
                _("更正令"), "rankings:corrections", OFFICE, _("异议成立后：开具、批准、更正快照和重新计算")
            ),
            Entry(_("证书"), "rankings:office_certificates", OFFICE, _("签发、核对、撤回上榜证书")),
            Entry(
                _("专项资金"),
                "rankings:award_years",
                OFFICE,
                _("奖励规则、方案、公示、审定、拨付"),
                r"office/award-plans/",
            ),
            Entry(
                _("企业公开简介"),
                "rankings:profiles",
                frozenset({"park_admin", "publisher"}),
                _("同意或退回企业的公开简介"),
            ),
            Entry(
                _("工作日历"),
                "rankings:calendar",
                frozenset({"park_admin"}),
                _("节假日和调休，公示期据此计算"),
            ),
        ),
    ),
    Group(
        _("金融"),
        (
            Entry(_("金融超市"), "finance:market", FIRM, _("我的授信额度，授权银行，申请贷款")),
            Entry(_("贷款申请"), "finance:loans", FIRM, _("申请进度和银行的答复")),
            Entry(
                _("融资需求"),
                "finance:needs",
                FIRM,
                _("发布需求，银行、担保、基金和征信机构 3 个工作日内答复"),
            ),
            Entry(_("贴息"), "finance:subsidies", FIRM, _("申报贴息项目，按实付利息申请贴息")),
            Entry(_("授权台账"), "finance:consents", FIRM, _("谁能看什么、到何时；撤回；访问记录")),
            Entry(_("贷款申请受理"), "finance:bank_applications", BANK, _("向本行授权并申请的企业")),
            Entry(_("待复核"), "finance:bank_check", frozenset({"bank_checker"}), _("另一位同事提出的方案")),
            Entry(_("贷后管理"), "finance:portfolio", LENDERS, _("放款、还款、逾期、预警和敞口")),
            Entry(_("授信额度"), "finance:lines", BANK, _("本行全部额度，冻结和解冻")),
            Entry(_("担保项目"), "finance:cases", GUARANTORS, _("评审担保申请，两人决定")),
            Entry(_("代偿与追偿"), "finance:claims", GUARANTORS | FUNDS, _("审核代偿申请，付款，追偿")),
            Entry(_("额度与敞口"), "finance:caps", GUARANTORS | FUNDS, _("总额、集团、单户上限和已用")),
            Entry(
                _("融资需求"),
                "finance:needs_desk",
                BANK | GUARANTORS | FUNDS | BUREAUS,
                _("企业发布的需求，3 个工作日内答复"),
            ),
            Entry(_("贴息"), "finance:subsidy_desk", FUNDS | {"bank_ops"}, _("确认利息，审核，拨付")),
            Entry(
                _("金融统计"),
                "finance:office",
                frozenset({"park_admin", "park_auditor"}),
                _("园区贷款申请的汇总"),
            ),
            Entry(
                _("提议冻结额度"),
                "finance:freeze_ask",
                frozenset({"park_admin"}),
                _("积分下降、否决或存疑时提醒银行"),
            ),
        ),
    ),
    Group(
        _("产品与接口"),
        (
            Entry(_("本行产品"), "finance:products", BANK, _("一人提出，另一人启用")),
            Entry(
                _("银行接口"),
                "finance:interface",
                frozenset({"bank_ops"}),
                _("决策引擎的密钥和权限，事件推送与重发"),
            ),
        ),
    ),
    Group(
        _("培育"),
        (
            Entry(_("企业成长"), "cultivation:growth", FIRM, _("已有资质和到期日，下一步能成为什么、差什么")),
            Entry(_("研发平台"), "cultivation:platforms", FIRM, _("登记平台，年度报告，升级条件")),
            Entry(_("梯度培育"), "cultivation:ladder", OFFICE, _("各层级企业数，谁可申报、谁只差一项")),
            Entry(
                _("企业自报数据"),
                "cultivation:facts",
                OFFICE,
                _("细分市场、占有率、估值等只有企业知道的数据，核对后用于比对"),
            ),
            Entry(_("培育库"), "cultivation:pools", OFFICE, _("在库企业、辅导员、任务和各年度进出")),
            Entry(
                _("研发平台"),
                "cultivation:platform_registry",
                OFFICE,
                _("平台登记与核对、汇总、年度报告、写入部门数据"),
            ),
        ),
    ),
    Group(
        _("政策"),
        (
            Entry(_("政策匹配"), "cultivation:policies", FIRM, _("能申请哪些政策、多少钱、差什么")),
            Entry(_("政策兑现"), "cultivation:claims", FIRM, _("我的申请、进度和到账")),
            Entry(_("政策规则"), "cultivation:policy_rules", OFFICE, _("政策写成数据，两人发布，试算预算")),
            Entry(
                _("政策匹配与推送"),
                "cultivation:matching",
                OFFICE,
                _("全部企业对全部政策，通知企业，免申即享"),
            ),
            Entry(
                _("政策兑现申请"),
                "cultivation:claim_queue",
                OFFICE | FUNDS,
                _("初审、联审、公示、审定、拨付"),
            ),
        ),
    ),
    Group(
        _("服务"),
        (
            Entry(_("技术需求"), "cultivation:own_needs", FIRM, _("发布技术难题，园区为您对接专家")),
            Entry(_("诉求"), "cultivation:own_appeals", FIRM, _("向园区提出诉求，查看答复，确认是否解决")),
            Entry(_("活动"), "cultivation:own_events", FIRM, _("园区的宣讲、培训和对接会，报名")),
            Entry(_("技术需求"), "cultivation:tech_needs", OFFICE, _("企业的技术需求，对接专家，登记签约")),
            Entry(_("专家库"), "cultivation:experts", OFFICE, _("可对接的专家、单位和技术领域")),
            Entry(_("企业走访"), "cultivation:visits", OFFICE, _("谁在何时走访了哪家企业，哪些还没有走访")),
            Entry(_("企业诉求"), "cultivation:appeals", OFFICE, _("谁负责、何时答复、企业是否满意")),
            Entry(_("宣讲与培训"), "cultivation:events", OFFICE, _("发布活动，邀请企业，报名、候补和签到")),
            Entry(_("通知企业"), "cultivation:notices", OFFICE, _("给选定的企业发通知，看多少家已读")),
        ),
    ),
    Group(
        _("报告与记录"),
        (
            Entry(_("月报"), "finance:bank_month", LENDERS, _("本行积分贷月报")),
            Entry(
                _("授权报告"),
                "finance:consent_report",
                BANK | GUARANTORS,
                _("哪些企业授权了什么、到何时，本单位看过几次"),
            ),
            Entry(_("查看疑问"), "finance:questions", BANK | GUARANTORS, _("企业对资料查看的疑问")),
            Entry(_("年度工作报告"), "year_reports", OFFICE, _("一年的数字，逐项注明出处，导出 PDF 和 XLSX")),
            Entry(
                _("审计记录"),
                "parks:audit",
                frozenset({"park_admin", "park_auditor"}),
                _("谁在何时做了什么，链条是否完整"),
            ),
        ),
    ),
)


def groups_for(role: str) -> list[Group]:
    """Groups with the entries that the access policy lets this role read."""
    found = [Group(group.label, tuple(one for one in group.entries if _reads(role, one))) for group in GROUPS]
    return [group for group in found if group.entries]


def entries_for(role: str) -> list[Entry]:
    """All entries of a role."""
    return [entry for group in groups_for(role) for entry in group.entries]


def _reads(role: str, entry: Entry) -> bool:
    return role in entry.roles and access.may(role, entry.route)
