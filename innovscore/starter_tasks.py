"""新手任务 of each role, as data: code, what to do, the page to begin at, and the request that ticks it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from parks.roles import Role
from parks.starters import Task, register

_TRACE = Task("trace", _("打开一期榜单，追溯一个名次的来源"), "rankings:years", "rankings:trace")
_ANALYSIS = Task("analysis", _("看一次积分计算的分布和对比"), "scoring:cycles", "scoring:analysis")
_SCORE = Task("score", _("看积分画像：总分、名次、和同行比"), "scoring:own_scores", "scoring:own_score")
_CLAIMS = Task("claims", _("看代偿和追偿走到哪一步"), "finance:claims", "finance:claims")
_CAPS = Task("caps", _("看总额、集团和单户上限用了多少"), "finance:caps", "finance:caps")
_NEED = Task("need", _("读一条企业的融资需求"), "finance:needs_desk", "finance:need_answer")
_PORTFOLIO = Task("portfolio", _("看本行的敞口、逾期和预警"), "finance:portfolio", "finance:portfolio")
_MONTH = Task("month", _("看本月的积分贷月报"), "finance:bank_month", "finance:bank_month")
_SETTINGS = Task(
    "settings", _("设定哪些事要发邮件提醒"), "parks:message_settings", "parks:message_settings", "POST"
)

TASKS: dict[Role, tuple[Task, ...]] = {
    Role.ENTERPRISE_AGENT: (
        Task("confirm", _("确认一页预填的数据"), "enterprises:declarations", "enterprises:section", "POST"),
        Task("correct", _("更正一项数据，附上材料"), "enterprises:declarations", "enterprises:item", "POST"),
        _SCORE,
        Task("explain", _("点开一项指标，看它怎么算的"), "scoring:own_scores", "scoring:own_score_item"),
        Task("what_if", _("改一个数字，试一试得分怎么变"), "scoring:own_scores", "scoring:what_if", "POST"),
        Task("policy", _("看一条政策：能拿多少、差什么"), "cultivation:policies", "cultivation:policy"),
    ),
    Role.ENTERPRISE_SIGNATORY: (
        _SCORE,
        Task("check", _("打开申报的核对与签署页"), "enterprises:declarations", "enterprises:check"),
        Task("consent", _("选一个产品，读它的授权书"), "finance:market", "finance:consent"),
        Task("reads", _("看谁查看过本企业的资料"), "finance:consents", "finance:access_log"),
        Task("rung", _("看下一步能成为什么企业、差什么"), "cultivation:growth", "cultivation:rung"),
    ),
    Role.PARK_ADMIN: (
        Task("cycle", _("看一个年度的进度"), "enterprises:cycles", "enterprises:cycle"),
        Task("batch", _("打开一批部门数据"), "enterprises:batches", "enterprises:batch"),
        _ANALYSIS,
        _TRACE,
        Task("finance", _("看园区的积分贷统计"), "finance:office", "finance:office"),
    ),
    Role.PARK_REVIEWER: (
        Task("review", _("打开一份申报，看更正和材料"), "enterprises:queue", "enterprises:review"),
        Task("decide", _("采纳、调整或退回一项数据"), "enterprises:queue", "enterprises:review", "POST"),
        Task("case", _("打开一份企业认证"), "enterprises:cases", "enterprises:case"),
        _ANALYSIS,
    ),
    Role.SCORE_OFFICER: (
        Task("scheme", _("看评价指标体系的权重和赋分曲线"), "indicators:schemes", "indicators:scheme"),
        _ANALYSIS,
        Task("anomalies", _("看一次计算的异常清单"), "scoring:cycles", "scoring:anomalies"),
        Task("preview", _("预览一个榜单"), "rankings:years", "rankings:preview"),
    ),
    Role.PUBLISHER: (
        Task("edition", _("打开一期榜单"), "rankings:years", "rankings:edition"),
        _TRACE,
        Task("objections", _("看公众和企业的异议"), "rankings:objections", "rankings:objections"),
        Task(
            "certificate",
            _("看一张上榜证书"),
            "rankings:office_certificates",
            "rankings:office_certificate",
        ),
    ),
    Role.PARK_AUDITOR: (
        Task("audit", _("翻看审计日志"), "parks:audit", "parks:audit"),
        Task("chain", _("核对审计链是否完整"), "parks:audit", "parks:audit_verify"),
        _TRACE,
        Task("cell", _("看一家企业一项指标的来源"), "enterprises:enterprises", "scoring:score_item"),
    ),
    Role.BANK_MAKER: (
        Task("case", _("打开一笔贷款申请"), "finance:bank_applications", "finance:bank_application"),
        Task(
            "propose",
            _("提出授信方案，交同事复核"),
            "finance:bank_applications",
            "finance:bank_application",
            "POST",
        ),
        _PORTFOLIO,
        _NEED,
    ),
    Role.BANK_CHECKER: (
        Task("check", _("打开一笔待复核的方案"), "finance:bank_check", "finance:bank_application"),
        Task("lines", _("看本行的授信额度"), "finance:lines", "finance:lines"),
        _PORTFOLIO,
        _MONTH,
    ),
    Role.BANK_OPS: (
        _PORTFOLIO,
        Task("loan", _("打开一笔贷款的放款与还款"), "finance:portfolio", "finance:case"),
        Task("interface", _("看决策引擎接口的密钥和推送"), "finance:interface", "finance:interface"),
        _MONTH,
    ),
    Role.GUARANTOR_MAKER: (
        Task("case", _("打开一个担保项目"), "finance:cases", "finance:case"),
        _CLAIMS,
        _CAPS,
        _NEED,
    ),
    Role.GUARANTOR_CHECKER: (
        Task("case", _("打开一个担保项目"), "finance:cases", "finance:case"),
        _CLAIMS,
        _CAPS,
        Task("questions", _("看企业对资料查看的疑问"), "finance:questions", "finance:questions"),
    ),
    Role.FUND_MANAGER: (
        _CLAIMS,
        _CAPS,
        Task("subsidy", _("看待审核和待拨付的贴息"), "finance:subsidy_desk", "finance:subsidy_desk"),
        Task("claim", _("看待拨付的政策兑现"), "cultivation:claim_queue", "cultivation:claim_queue"),
    ),
    Role.CREDIT_BUREAU: (
        _NEED,
        Task("answer", _("答复一条融资需求"), "finance:needs_desk", "finance:need_answer", "POST"),
        Task("inbox", _("打开消息"), "parks:messages", "parks:messages"),
        _SETTINGS,
    ),
}

for role, tasks in TASKS.items():
    register(role, *tasks)
