from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any
from unicodedata import normalize

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from innovscore.core.money import NotANumber, parse_money, parse_number
from parks.idempotency import new_key

from .rules import CONSENT_MONTHS, LEAST_LOAN, MORE_GROUPS
from .states import (
    EVENTS,
    GROUPS,
    GUARANTEE_REASONS,
    PROJECT_FIELDS,
    REJECT_REASONS,
    SCOPES,
    FreezeGround,
    GuaranteeWish,
    LineOrderKind,
    RepaymentMethod,
    SubsidyMethod,
)

MOST = Decimal(10) ** 11
"""Yuan above which an amount of lending is a slip of the unit."""


class MoneyField(forms.CharField):
    """Typed in 万元 (or with a unit); cleaned to yuan."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        try:
            yuan = parse_money(text)
        except NotANumber as error:
            raise forms.ValidationError(
                _("“%(label)s”请填写金额，单位万元，例如 500 或 500.50。"),
                params={"label": self.label},
                code=error.code,
            ) from error
        if not 0 <= yuan <= MOST:
            raise forms.ValidationError(
                _("“%(label)s”须在 0 和 1,000 亿元之间。请核对金额和单位。"),
                params={"label": self.label},
                code="range",
            )
        return yuan


class PercentField(forms.CharField):
    """Typed in percent; cleaned to a fraction (3.45 -> 0.0345)."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        try:
            percent, unit = parse_number(text)
        except NotANumber as error:
            raise self._wrong() from error
        if unit not in ("", "%") or not 0 <= percent <= 100:
            raise self._wrong()
        return percent / 100

    def _wrong(self) -> forms.ValidationError:
        return forms.ValidationError(
            _("“%(label)s”请填写 0 至 100 的百分数，最多四位小数，例如 3.45。"), params={"label": self.label}
        )


WHOLE = re.compile(r"[+-]?\d+", re.ASCII)


class WholeField(forms.IntegerField):
    """A whole number in the digits of this country, as amounts are."""

    widget = forms.TextInput(attrs={"inputmode": "numeric"})

    def to_python(self, value: Any) -> Any:
        text = normalize("NFKC", "" if value is None else str(value)).strip()
        if text and not WHOLE.fullmatch(text):
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(text)


def whole_number(label: Any, *, most: int = 600, **kwargs: Any) -> WholeField:
    return WholeField(label=label, min_value=1, max_value=most, **kwargs)


class OnceForm(forms.Form):
    """Carries the key that keeps a form from having its effect twice."""

    idempotency_key = forms.CharField(widget=forms.HiddenInput, required=False, initial=new_key)


class MoreGroupsForm(forms.Form):
    """What a firm lets a bank see beyond what the product needs."""

    more = forms.MultipleChoiceField(
        choices=[(group, GROUPS[group]) for group in MORE_GROUPS], required=False
    )


def months_field() -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=_("授权期限"), coerce=int, widget=forms.RadioSelect, error_messages={"required": _("请选择授权期限。")},
        choices=lambda: [(n, _now("%(n)s 个月") % {"n": n}) for n in CONSENT_MONTHS],
    )  # fmt: skip


class AddGroupsForm(forms.Form):
    """`groups` are those that the words on the page name; each is ticked by hand, none is preset."""

    groups = forms.MultipleChoiceField(
        label=_("同意银行查询的信息"), widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("请勾选同意查询的信息；不同意可以直接离开，没有任何影响。")},
    )  # fmt: skip
    read_words = forms.CharField(widget=forms.HiddenInput, required=False)
    confirm = forms.BooleanField(
        label=_("我已阅读以上授权书和预览，代表本企业签署"),
        error_messages={"required": _("请勾选确认后签署。")},
    )

    def __init__(self, *args: Any, groups: Iterable[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["groups"].choices = [(group, GROUPS[group]) for group in groups]  # type: ignore[attr-defined]

    def clean_groups(self) -> list[str]:
        ticked: list[str] = self.cleaned_data["groups"]
        if len(ticked) < len(self.fields["groups"].choices):  # type: ignore[attr-defined]
            raise forms.ValidationError(
                _("请逐项勾选授权书所列的信息。另加的信息不想给，可在“另外提供”处取消后重新生成授权书。"),
                code="groups",
            )
        return ticked


class ConsentForm(AddGroupsForm):
    """A new consent: for how long, too."""

    months = months_field()
    field_order = ("groups", "months", "read_words", "confirm")


class RenewForm(forms.Form):
    """The same words, groups and person as before; only how long is chosen."""

    months = months_field()
    confirm = forms.BooleanField(
        label=_("我已阅读授权内容，代表本企业续签"), error_messages={"required": _("请勾选确认后签署。")}
    )


class RevokeForm(forms.Form):
    confirm = forms.BooleanField(
        label=_("我已了解上述影响，确认撤回"), error_messages={"required": _("请勾选确认后撤回。")}
    )


class ApplyForm(OnceForm):
    amount = MoneyField(label=_("申请金额（万元）"))
    term_months = whole_number(_("期限（月）"))
    purpose = forms.CharField(label=_("贷款用途"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))


class WithdrawForm(forms.Form):
    note = forms.CharField(label=_("撤回原因"), required=False, max_length=500)


class ProposeForm(OnceForm):
    amount = MoneyField(label=_("拟批金额（万元）"))
    rate = PercentField(label=_("年利率（%）"))
    term_months = whole_number(_("期限（月）"))
    note = forms.CharField(
        label=_("说明"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )


class DecideForm(forms.Form):
    content_hash = forms.CharField(widget=forms.HiddenInput)
    outcome = forms.ChoiceField(
        label=_("复核意见"), choices=[("approve", _("通过")), ("return", _("退回修改")), ("reject", _("不通过"))], widget=forms.RadioSelect,
        error_messages={"required": _("请选择复核意见。")},
    )  # fmt: skip
    reason = forms.ChoiceField(
        label=_("不通过的原因"),
        required=False,
        choices=[("", _("（不通过时选择）")), *REJECT_REASONS.items()],
    )
    note = forms.CharField(
        label=_("意见"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )


class ParametersField(forms.JSONField):
    """JSON; empty where nothing was given."""

    def prepare_value(self, value: Any) -> str:
        return "" if value is None else str(super().prepare_value(value))


class ProductForm(OnceForm):
    """Terms of a new version; without a formula the platform's usual parameters stand."""

    code = forms.SlugField(
        label=_("产品代码"),
        max_length=32,
        help_text=_("小写字母、数字和连字符；已有产品填同一代码即为新版本。"),
    )
    name = forms.CharField(label=_("产品名称"), max_length=120)
    cap = MoneyField(label=_("单户上限（万元）"))
    min_amount = MoneyField(label=_("起贷金额（万元）"), required=False, help_text=_("不填为 1 万元。"))
    first_loan_cap = MoneyField(label=_("首贷上限（万元）"), required=False)
    min_score = forms.DecimalField(label=_("积分起点"), min_value=0, max_value=100, decimal_places=2)
    rate_low = PercentField(label=_("最低年利率（%）"))
    rate_high = PercentField(label=_("最高年利率（%）"))
    term_min = whole_number(_("最短期限（月）"))
    term_max = whole_number(_("最长期限（月）"))
    conditions = forms.CharField(
        label=_("办理条件"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )
    documents = forms.CharField(
        label=_("需要的材料"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )
    fresh_months = WholeField(
        label=_("财务年度结束后可用的月数"),
        min_value=6,
        max_value=60,
        initial=24,
        required=False,
        help_text=_("不填为 24 个月。"),
    )
    guarantor_id = forms.TypedChoiceField(
        label=_("担保机构"), required=False, coerce=int, empty_value=None, choices=[("", _("（不担保）"))]
    )
    cover_low = PercentField(label=_("担保比例下限（%）"), required=False)
    cover_high = PercentField(label=_("担保比例上限（%）"), required=False)
    pool_id = forms.TypedChoiceField(
        label=_("风险补偿资金池"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", _("（不用资金池）"))],
    )
    pool_share = PercentField(label=_("资金池分担比例（%）"), required=False)
    pool_project_cap = MoneyField(label=_("资金池单笔上限（万元）"), required=False)
    formula = ParametersField(
        label=_("额度公式参数"), required=False, widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
        help_text=_("不填为平台通用参数。积分档 bands 的额度单位为元；提出后可先试算对现有企业的影响。"),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        shares = {name: data.get(name) or Decimal(0) for name in ("cover_low", "cover_high", "pool_share")}
        least = data.get("min_amount") or LEAST_LOAN
        return data | shares | {"fresh_months": data.get("fresh_months") or 24, "min_amount": least}


def day(label: Any, **kwargs: Any) -> forms.DateField:
    return forms.DateField(
        label=label, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}), **kwargs
    )


def text_area(label: Any, *, required: bool = True, length: int = 500) -> forms.CharField:
    return forms.CharField(
        label=label, required=required, max_length=length, widget=forms.Textarea(attrs={"rows": 2})
    )


class ActionForm(OnceForm):
    """A step of a loan; `action` says which."""

    action = forms.CharField(widget=forms.HiddenInput)
    shown = forms.CharField(widget=forms.HiddenInput, required=False, strip=False)


class PledgeForm(ActionForm):
    cover_ratio = PercentField(label=_("担保比例（%）"))
    fee_rate = PercentField(label=_("年担保费率（%）"))
    group_name = forms.CharField(
        label=_("所属集团"), required=False, max_length=120, help_text=_("同一集团的企业合并计算集团上限。")
    )
    note = text_area(_("说明"), required=False)


class PledgeDecisionForm(ActionForm):
    content_hash = forms.CharField(widget=forms.HiddenInput)
    outcome = forms.ChoiceField(
        label=_("复核意见"), choices=[("grant", _("通过")), ("return", _("退回修改")), ("decline", _("不通过"))], widget=forms.RadioSelect
    )  # fmt: skip
    reason = forms.ChoiceField(
        label=_("不通过的原因"),
        required=False,
        choices=[("", _("（不通过时选择）")), *GUARANTEE_REASONS.items()],
    )
    note = text_area(_("意见"), required=False)


class ContractForm(ActionForm):
    number = forms.CharField(label=_("合同编号"), max_length=64)
    amount = MoneyField(label=_("合同金额（万元）"))
    rate = PercentField(label=_("年利率（%）"))
    starts_on = day(_("起始日"))
    ends_on = day(_("到期日"))
    method = forms.ChoiceField(label=_("还款方式"), choices=RepaymentMethod.choices)


class DisburseForm(ActionForm):
    amount = MoneyField(label=_("放款金额（万元）"))
    value_date = day(_("放款日"))
    bank_ref = forms.CharField(label=_("银行流水号"), max_length=64)


class RepayForm(ActionForm):
    principal = MoneyField(label=_("本金（万元）"), required=False)
    interest = MoneyField(label=_("利息（万元）"), required=False)
    penalty = MoneyField(label=_("罚息（万元）"), required=False)
    fee = MoneyField(label=_("费用（万元）"), required=False)
    value_date = day(_("还款日"))
    bank_ref = forms.CharField(label=_("银行流水号"), max_length=64)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        return data | {
            name: data.get(name) or Decimal(0) for name in ("principal", "interest", "penalty", "fee")
        }


class ReverseForm(ActionForm):
    repayment_id = forms.TypedChoiceField(label=_("要冲正的还款"), coerce=int, choices=[])
    bank_ref = forms.CharField(label=_("冲正流水号"), max_length=64)
    reason = forms.CharField(label=_("原因"), max_length=200)


class ReasonForm(ActionForm):
    reason = text_area(_("理由"))


class NoteForm(ActionForm):
    note = text_area(_("说明"), required=False)


OPINIONS = [("accept", _("同意代偿")), ("refuse", _("不予代偿"))]


class OpinionForm(ActionForm):
    opinion = forms.ChoiceField(label=_("意见"), choices=OPINIONS, widget=forms.RadioSelect)
    reason = text_area(_("理由"), required=False)


class PaymentForm(ActionForm):
    bank_ref = forms.CharField(label=_("付款流水号"), max_length=64)


class RecoveryForm(ActionForm):
    amount = MoneyField(label=_("追回金额（万元）"))
    value_date = day(_("到账日"))
    bank_ref = forms.CharField(label=_("银行流水号"), max_length=64)


class TermsForm(OnceForm):
    """Terms of a guarantor or a pool."""

    capital = MoneyField(label=_("净资产或资金池规模（万元）"))
    leverage = forms.DecimalField(
        label=_("放大倍数"), min_value=Decimal("0.01"), max_value=100, decimal_places=2, initial=1
    )
    client_cap = MoneyField(label=_("单户上限（万元）"))
    group_cap = MoneyField(label=_("集团上限（万元）"))


class NeedForm(OnceForm):
    amount = MoneyField(label=_("需要金额（万元）"))
    term_months = whole_number(_("期限（月）"))
    purpose = text_area(_("用途"))
    guarantee_wish = forms.ChoiceField(
        label=_("担保意愿"), choices=GuaranteeWish.choices, widget=forms.RadioSelect
    )
    collateral = forms.CharField(label=_("可提供的抵质押物"), required=False, max_length=200)


class AnswerForm(OnceForm):
    offers = forms.TypedChoiceField(
        label=_("答复"), choices=[("1", _("可以办理")), ("0", _("不能办理"))], coerce=lambda value: value == "1", widget=forms.RadioSelect
    )  # fmt: skip
    amount = MoneyField(label=_("可提供金额（万元）"), required=False)
    rate = PercentField(label=_("年利率（%）"), required=False)
    text = text_area(_("方案或原因"))


class BureauAnswerForm(AnswerForm):
    """A credit bureau lends nothing: it says whether it can report on the enterprise, with the enterprise's own consent."""

    amount = None  # type: ignore[assignment]
    rate = None  # type: ignore[assignment]
    offers = forms.TypedChoiceField(
        label=_("答复"), choices=[("1", _("可以出具信用报告（须企业另行授权）")), ("0", _("不能出具"))], coerce=lambda value: value == "1",
        widget=forms.RadioSelect,
    )  # fmt: skip


class ProgrammeForm(OnceForm):
    code = forms.SlugField(label=_("代码"), max_length=32)
    name = forms.CharField(label=_("名称"), max_length=120)
    method = forms.ChoiceField(label=_("贴息方式"), choices=SubsidyMethod.choices)
    rate = PercentField(
        label=_("比例或年点数（%）"), help_text=_("按 LPR：LPR 的百分之几；按点数：2.5 即每年 2.5 个百分点。")
    )
    lpr = PercentField(label=_("LPR（%）"), required=False)
    budget = MoneyField(label=_("预算（万元）"))
    year_cap = MoneyField(label=_("每户每年上限（万元）"))
    total_cap = MoneyField(label=_("每户累计上限（万元）"))
    exclusive_with = forms.MultipleChoiceField(
        label=_("不能同享的贴息项目"), required=False, choices=[], widget=forms.CheckboxSelectMultiple,
        help_text=_("同一笔贷款享受了其中一个，就不能再享受本项目。"),
    )  # fmt: skip


class ProjectForm(OnceForm):
    programme_code = forms.ChoiceField(label=_("贴息项目"), choices=[])
    batch = whole_number(_("批次"))
    name = forms.CharField(label=_("项目名称"), max_length=200)
    field = forms.ChoiceField(label=_("领域"), choices=list(PROJECT_FIELDS.items()))
    investment = MoneyField(label=_("总投资（万元）"))
    demand = MoneyField(label=_("贷款需求（万元）"))
    bank_name = forms.CharField(label=_("意向银行"), required=False, max_length=120)


class ComputeForm(OnceForm):
    application_id = forms.TypedChoiceField(label=_("贷款"), coerce=int, choices=[])
    programme_code = forms.ChoiceField(label=_("贴息项目"), choices=[])
    start = day(_("自"))
    end = day(_("至（不含）"))


class StepForm(OnceForm):
    """A step of a subsidy or a project."""

    event = forms.CharField()
    note = forms.CharField(required=False, max_length=500)


class QuestionForm(OnceForm):
    text = text_area(_("想问银行什么"))


class LineOrderForm(OnceForm):
    """A step with a frozen line; the button pressed says which."""

    step = forms.ChoiceField(
        choices=[(code, code) for code in (*LineOrderKind.values, "confirm", "drop")],
        widget=forms.HiddenInput,
    )
    reason = text_area(_("理由（企业会看到）"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = self.data.get("step") not in ("confirm", "drop")


class FreezeAskForm(OnceForm):
    uscc = forms.CharField(label=_("统一社会信用代码"), max_length=18)
    ground = forms.ChoiceField(label=_("依据"), choices=FreezeGround.choices, widget=forms.RadioSelect)
    reason = text_area(_("理由（企业会看到）"))


class ReplyForm(OnceForm):
    answer = text_area(_("答复"))


class MonthForm(forms.Form):
    month = forms.CharField(label=_("月份"), required=False, widget=forms.TextInput(attrs={"type": "month"}))


class MarketForm(forms.Form):
    """What could I get: a filter of the market."""

    amount = MoneyField(label=_("想要的金额（万元）"), required=False)
    term_months = whole_number(_("期限（月）"), required=False)
    no_guarantee = forms.BooleanField(label=_("不需要担保"), required=False)


class PublicKeyField(forms.CharField):
    """A public key as it is pasted."""

    def __init__(self) -> None:
        super().__init__(
            label=_("公钥"),
            max_length=4000,
            help_text=_(
                "PEM 或 JWK 格式：EC P-256、P-384，Ed25519，或不少于 2048 位的 RSA。私钥只留在银行。"
            ),
            widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "autocomplete": "off"}),
            error_messages={"required": _("请粘贴公钥。")},
        )


class ClientForm(OnceForm):
    name = forms.CharField(
        label=_("程序名称"),
        max_length=80,
        help_text=_("例如：信贷决策引擎（生产）"),
        error_messages={"required": _("请填写程序名称。")},
    )
    scopes = forms.MultipleChoiceField(
        label=_("权限"),
        choices=list(SCOPES.items()),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("请至少选择一种权限。")},
    )
    public_key = PublicKeyField()


class KeyForm(forms.Form):
    public_key = PublicKeyField()


class EndpointForm(OnceForm):
    url = forms.CharField(
        label=_("推送地址"),
        max_length=500,
        help_text=_("以 https:// 开头，能从公网访问。"),
        widget=forms.URLInput(attrs={"inputmode": "url", "autocomplete": "off"}),
        error_messages={"required": _("请填写推送地址。")},
    )
    events = forms.MultipleChoiceField(
        label=_("事件"),
        choices=list(EVENTS.items()),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("请至少选择一种事件。")},
    )


class ReplayForm(OnceForm):
    """Messages by their numbers, which may grow beyond every other whole number here."""

    first = whole_number(_("起始序号"), most=10**15)
    last = whole_number(_("截止序号"), most=10**15)


class AdvanceForm(OnceForm):
    days = whole_number(_("拨快天数"))
