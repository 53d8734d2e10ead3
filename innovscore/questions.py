"""Questions of the help 帮助, as data: what somebody of a role wants to do, how it is done here, and the page for it."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from parks import access

from .navigation import BUREAUS, FIRM, FUNDS, GROUPS, GUARANTORS, LENDERS, OFFICE


@dataclass(frozen=True, slots=True)
class Question:
    """`page` is the name of the page where the menu has none; `in_zone` is False for a page of the whole platform."""

    ask: str | Promise
    answer: str | Promise
    route: str
    roles: frozenset[str]
    page: str | Promise = ""
    in_zone: bool = True

    def url(self, zone: str) -> str:
        return reverse(self.route, kwargs={"park": zone} if self.in_zone else {})

    @property
    def page_name(self) -> str:
        return str(self.page or PAGES[self.route])


PAGES = {entry.route: entry.label for group in GROUPS for entry in group.entries}
PUBLIC = frozenset({access.PUBLIC})
ALL = FIRM | OFFICE | LENDERS | GUARANTORS | FUNDS | BUREAUS
CREDITORS = frozenset({"bank_maker", "bank_checker"})
ADMIN, REVIEWER, OFFICER, PUBLISHER, AUDITOR = (
    frozenset({role})
    for role in ("park_admin", "park_reviewer", "score_officer", "publisher", "park_auditor")
)

QUESTIONS: tuple[Question, ...] = (
    # the public
    Question(
        _("怎样查一家企业是否上榜？"),
        _("在榜单页填写企业名称中的几个字，列出它历年在正式榜单上的名次。"),
        "rankings:public_boards", PUBLIC, _("榜单"),
    ),
    Question(
        _("怎样核验一张证书？"),
        _("扫证书上的二维码，或填写核验码。页面写明证书有效、已更正还是已撤回。"),
        "rankings:lookup", PUBLIC, _("证书核验"), in_zone=False,
    ),
    Question(
        _("对公示的榜单有异议怎么办？"),
        _("公示期内任何人都可以提出，附上事实和依据，提交后得到回执号。期满后不再受理。"),
        "rankings:public_notices", PUBLIC, _("公示"),
    ),
    Question(
        _("我的异议办到哪一步了？"),
        _("填写回执号和当时留下的联系方式即可查询，不用登录。"),
        "rankings:public_track", PUBLIC, _("查询异议进度"),
    ),
    Question(
        _("积分是怎么算的？"),
        _("园区首页有本年度的评价办法：每项指标的公式、权重、赋分曲线和同分规则都公开。"),
        "rankings:public_home", PUBLIC, _("首页"),
    ),
    Question(
        _("有哪些政策可以申请？"),
        _("政策库写明谁可以申请、给多少、依据哪一条。企业登录后能看到自己符合哪些。"),
        "cultivation:public_policies", PUBLIC, _("政策库"),
    ),
    Question(
        _("企业怎样加入？"),
        _("开立账号后填写登记信息，园区核对营业执照，认证通过后即可参加年度申报。"),
        "enterprises:register", PUBLIC, _("登记企业"),
    ),
    # a firm
    Question(
        _("怎样核对预填的数据？"),
        _("逐部分查看部门数据：没有出入的直接确认；有出入的填写更正值，写明理由，附上材料。部门的原数一直留在旁边。"),
        "enterprises:declarations", FIRM,
    ),
    Question(
        _("怎样请同事一起填，谁可以签署？"),
        _("法定代表人邀请经办人，可以只交给他一部分。能签署的是法定代表人，和授权委托书写明可以签署的经办人。"),
        "enterprises:people", FIRM,
    ),
    Question(
        _("我的每一分怎么来的？"),
        _("打开一个年度，点一项指标，可以看到原始值、出处、公式和曲线。“试一试”里改几个数，看得分怎么变。"),
        "scoring:own_scores", FIRM,
    ),
    Question(
        _("对公示的榜单有异议怎么办？"),
        _("公示期内在这里提出并附材料，办理情况和答复也在这里。期满后不再受理。"),
        "rankings:own_objections", FIRM,
    ),
    Question(
        _("怎样凭积分借款？"),
        _("选一个产品，由法定代表人授权银行查看哪些数据、到何时为止；授权后得到额度，再提出申请。"),
        "finance:market", FIRM,
    ),
    Question(
        _("谁看过我的数据，怎样撤回授权？"),
        _("台账列出每份授权，访问记录列出每次查看。法定代表人随时可以撤回，撤回前写明有什么后果。"),
        "finance:consents", FIRM,
    ),
    Question(
        _("我能申请哪些政策？"),
        _("按已核定的数据逐条比对：已符合的写明金额，只差一项的写明差多少，缺数据的写明缺哪项。"),
        "cultivation:policies", FIRM,
    ),
    # the office
    Question(
        _("怎样修改指标体系？"),
        _("把一个版本复制为草案，改权重和曲线，在上次冻结的数据上试算，写明理由后提请；由另一位同事核对后启用。"),
        "indicators:schemes", OFFICER,
    ),
    Question(
        _("怎样开始一个年度？"),
        _("选指标体系版本和填报截止日，开启年度；部门数据导入后生成预填申报，企业就能核对。"),
        "enterprises:cycles", ADMIN,
    ),
    Question(
        _("部门数据的文件有错怎么办？"),
        _("上传后先检查，错误标在您自己的文件里，可以下载。没有错误的行可以先写入，改正后再传其余的；写错的批次可以撤回。"),
        "enterprises:batches", ADMIN | OFFICER,
    ),
    Question(
        _("怎样审核企业认证？"),
        _("页面列出登记信息与市场监管数据的差异和注册地址所在的园区，由您决定通过、退回补正或不予通过。"),
        "enterprises:cases", REVIEWER,
    ),
    Question(
        _("怎样核定一份申报？"),
        _("领取后先看更正的和有疑点的项目，逐项采信、调整或标记退回；要退回的一次告知。核定后由另一位审核员复核签署。"),
        "enterprises:queue", REVIEWER,
    ),
    Question(
        _("怎样计算积分？"),
        _("先冻结已核定的数据，再计算。异常逐条核查销号以后，才能提请榜单。"),
        "scoring:cycles", OFFICER,
    ),
    Question(
        _("榜单怎样发布？"),
        _("一人提请，另一人开始公示；公示期满、异议都已答复后，由第三人发布。"),
        "rankings:years", OFFICER | PUBLISHER,
    ),
    Question(
        _("收到异议怎么办？"),
        _("受理，核查，在时限内答复。结论为成立的，开具更正令，由另一人批准，重新计算后用新的一版重新公示。"),
        "rankings:objections", ADMIN | PUBLISHER,
    ),
    Question(
        _("证书怎样签发和撤回？"),
        _("榜单正式发布后自动签发。撤回须写明原因，公众核验时看得到。"),
        "rankings:office_certificates", PUBLISHER,
    ),
    Question(
        _("怎样告诉企业能申请的政策？"),
        _("先匹配全部企业，得到符合的和只差一项的名单，再推送通知；同一版政策对一家企业只推送一次。"),
        "cultivation:matching", OFFICER | PUBLISHER,
    ),
    Question(
        _("怎样给一批企业发通知？"),
        _("按发展阶段、资质或园区选择企业。发出后不能修改，能看到哪些企业还没有打开。"),
        "cultivation:notices", ADMIN | PUBLISHER,
    ),
    Question(
        _("怎样看一家企业的全部情况？"),
        _("在名录中按名称或信用代码找到企业，打开后有登记信息、认证记录，以及部门数据的来源与历次数值。"),
        "enterprises:enterprises", REVIEWER | AUDITOR,
    ),
    Question(
        _("怎样查一个名次的来历？"),
        _("打开一期榜单，点名次旁的“追溯”，从名次一直查到指标、核定值、材料和部门数据。"),
        "rankings:years", AUDITOR,
    ),
    Question(
        _("怎样查谁做了什么，记录改动过没有？"),
        _("按人员、动作、对象和日期查找。“校验审计链”重新计算每一条的摘要，有改动就指出从哪一条开始不符。"),
        "parks:audit", AUDITOR,
    ),
    Question(
        _("园区能看到企业的贷款吗？"),
        _("只能看到汇总，企业太少的组不显示数字。看不到单笔申请，也看不到企业向哪家银行授权。"),
        "finance:office", ADMIN | AUDITOR,
    ),
    Question(
        _("怎样出年度工作报告？"),
        _("选一个年份，汇总完成后逐项可以点到出处。导出的 PDF 和 XLSX 不含企业太少的数字。"),
        "year_reports", REVIEWER | ADMIN | OFFICER | PUBLISHER,
    ),
    # a bank
    Question(
        _("能看到企业的哪些资料？"),
        _("只有企业授权给本行的数据，授权到期或撤回后立即看不到。每次查看都有记录，企业看得到。"),
        "finance:bank_applications", CREDITORS,
    ),
    Question(
        _("怎样审批一笔贷款？"),
        _("客户经理提出金额、利率和期限，交同事复核。收到申请后 1 个工作日内应首次联系企业并登记。"),
        "finance:bank_applications", frozenset({"bank_maker"}),
    ),
    Question(
        _("怎样复核一个方案？"),
        _("申请与拟批方案并排，您决定通过、退回修改或不通过；自己提出的方案不能自己复核。"),
        "finance:bank_check", frozenset({"bank_checker"}),
    ),
    Question(
        _("怎样冻结或解冻一家企业的额度？"),
        _("一人写明理由提议，另一人决定。理由会告知企业；已签的合同照常履行。"),
        "finance:lines", CREDITORS,
    ),
    Question(
        _("怎样上架或修改产品？"),
        _("一人提出版本，另一人启用。启用后不能修改，只能提出新版本。"),
        "finance:products", CREDITORS,
    ),
    Question(
        _("怎样登记放款和还款？"),
        _("打开一笔贷款，先登记合同，再登记放款，由另一位同事确认；还款登记错了可以冲正，也须另一人确认。"),
        "finance:portfolio", frozenset({"bank_ops"}),
    ),
    Question(
        _("怎样接入本行的决策引擎？"),
        _("登记程序，选择权限，添加公钥。接口与页面是同样的授权和规则；没有送达的推送可以重发。"),
        "finance:interface", frozenset({"bank_ops"}),
    ),
    Question(
        _("一个月的业务怎么汇总？"),
        _("选一个月份，查看本行当月积分贷的汇总，可以打印和下载 PDF。"),
        "finance:bank_month", frozenset({"bank_ops"}),
    ),
    Question(
        _("贴息怎么办理？"),
        _("银行确认期间内实付的利息，基金一人审核，另一人拨付。"),
        "finance:subsidy_desk", frozenset({"bank_ops"}) | FUNDS,
    ),
    # guarantors, funds, credit bureaus
    Question(
        _("怎样决定一个担保项目？"),
        _("评审人员提出担保方案，复核人员决定。只有本机构担保的产品、企业已授权的申请会列出。"),
        "finance:cases", GUARANTORS,
    ),
    Question(
        _("收到代偿申请怎么办？"),
        _("一人审核，另一人确认意见；付款也由一人登记，另一人确认。银行追回的钱按比例分回。"),
        "finance:claims", GUARANTORS | FUNDS,
    ),
    Question(
        _("还能承担多少？"),
        _("总额、集团和单户的上限，以及已预留、已承诺和已代偿的金额。超过上限的项目不能通过。"),
        "finance:caps", GUARANTORS | FUNDS,
    ),
    Question(
        _("怎样答复企业的融资需求？"),
        _("3 个工作日内答复，每个机构一次。您只看得到企业名称和它写的需求，看不到积分和其他数据。"),
        "finance:needs_desk", frozenset({"bank_maker", "guarantor_maker"}) | FUNDS | BUREAUS,
    ),
    Question(
        _("能查询企业的信用报告吗？"),
        _("在答复中说明能否出具。查询须企业另行向您的机构授权，不在本平台上进行。"),
        "finance:needs_desk", BUREAUS,
    ),
    Question(
        _("怎样证明只看了授权的资料？"),
        _("报告列出给本单位的每份授权：信息组、有效期和查询次数，可以导出。"),
        "finance:consent_report", CREDITORS | GUARANTORS,
    ),
    Question(
        _("企业对查看有疑问怎么办？"),
        _("企业可以对任何一次查看提出疑问，请在这里说明事由。"),
        "finance:questions", GUARANTORS,
    ),
    Question(
        _("审定后的政策兑现怎样拨付？"),
        _("两人审定后由基金登记拨付，再由另一人确认到账；待办的申请最近到期的在前。"),
        "cultivation:claim_queue", FUNDS,
    ),
    # everybody who is signed in
    Question(
        _("怎样最快找到一个页面或一条记录？"),
        _("在页面上方的“查找”中填写名称中的几个字；按 / 键可以直接跳到那里。"),
        "park_search", ALL, _("查找"),
    ),
    Question(
        _("怎样用邮件收到提醒？"),
        _("填写邮箱，选择哪几类消息发邮件，以及立即发还是每天汇总一次。邮件只写类别和链接，不写内容。"),
        "parks:message_settings", ALL, _("消息设置"),
    ),
)  # fmt: skip


def questions_for(role: str) -> list[Question]:
    """What concerns a role, as far as the access policy lets it open the page."""
    return [one for one in QUESTIONS if role in one.roles and access.may(role, one.route)]
