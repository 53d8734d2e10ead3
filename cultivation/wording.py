"""What is said of a rule: findings of the reader in the user's language."""

from __future__ import annotations

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from innovscore.core.problems import Refused

from . import formula


def language() -> str:
    return (get_language() or "zh")[:2]


def finding_text(one: formula.Finding) -> str:
    """Line, key, what is wrong and the way out."""
    where = _("第 %(line)s 行") % {"line": one.line} if one.line else ""
    place = " ".join(part for part in (where, one.path) if part)
    what = _types().get(one.what, one.what) if one.code == "type" else one.what
    text = _messages().get(one.code, one.code) % {"what": what}
    if one.meant:
        text = _("没有“%(what)s”，是不是“%(meant)s”？") % {
            "what": one.path.rpartition(".")[2] if one.code == "no_such_key" else what,
            "meant": one.meant,
        }
    return f"{place}：{text}" if place else text


def untried(numbers: list[int]) -> str:
    """That some tiers of the amount have no case, and what to do."""
    tiers = "、".join(map(str, numbers))
    return _(
        "金额第 %(n)s 档没有一个例子用到：请补一个按这一档给的例子；写不出，就是前面的档已把它包括在内。"
    ) % {"n": tiers}


def _types() -> dict[str, str]:
    return {
        "object": _("“键: 值”的形式"), "array": _("列表"), "string": _("文字"), "number": _("数字，不带引号和单位，5% 写作 0.05"), "integer": _("整数"),
        "boolean": _("true 或 false"),
    }  # fmt: skip


def refused(error: formula.RuleError) -> Refused:
    """The first findings as a refusal at the text."""
    shown = "\n".join(finding_text(one) for one in error.findings[:5])
    return Refused(code="rule_wrong", field="text", message=shown, params={"findings": len(error.findings)})


def _messages() -> dict[str, str]:
    return {
        "not_yaml": _(
            "读不懂这一行或上一行。每行写作“键: 值”，冒号用半角、后面空一格，缩进用空格，引号成对。"
        ),
        "alias": _("不支持 YAML 的锚点和引用。"),
        "too_long": _("规则最长 %(what)s 个字符。"),
        "twice": _("同一个键写了两次。"),
        "type": _("类型不对，应为 %(what)s。"),
        "missing": _("缺少“%(what)s”。"),
        "no_such_key": _("没有这个键，可用的有：%(what)s。"),
        "length": _("长度不对，最长 %(what)s 个字符，不能为空。"),
        "pattern": _("“%(what)s”的写法不对：代码用小写字母、数字和下划线，日期写作 2025-01-31。"),
        "enum": _("只能是：%(what)s。"),
        "too_many": _("太多，最多 %(what)s 个。"),
        "too_few": _("太少，至少 %(what)s 个。"),
        "not_above": _("应大于 %(what)s。"),
        "too_small": _("不能小于 %(what)s。"),
        "too_large": _("太大，最大 %(what)s。比例写作 0.05，表示 5%%。"),
        "no_day": _("“%(what)s”不是日期。"),
        "ends_before_start": _("截止日早于开始日。"),
        "name_taken": _("“%(what)s”已有含义，请换一个代码。"),
        "no_such_name": _(
            "没有“%(what)s”这个数据。平台已有的见“条件和金额里可用的数据”，其他的先写进 inputs（企业填）或 derived（算出）。"
        ),
        "not_a_flag": _("“%(what)s”不是是否型数据（unit: flag）。"),
        "no_such_function": _("条件里不能用 %(what)s()；不同情形请用 tiers。"),
        "expression": _("从“%(what)s”起读不懂。比较写 >=、<=、>、<、==、!=，同时满足写 and，满足其一写 or。"),
        "no_condition": _(
            "“%(what)s”不是条件，请写成比较，例如 revenue >= 2000 wan；是或否的数据写作 hnte == 1。"
        ),
        "no_number": _("“%(what)s”应为数，不能是比较。"),
        "unit_wrong": _(
            "数字的单位不对（%(what)s）：金额写明 wan（万元）或 yuan（元），百分数写 %%，其他不写单位。"
        ),
        "one_purpose": _("amount（给多少）、rung（梯度层级）、upgrade（平台升级）三者写且只写一个。"),
        "formula_or_tiers": _("formula 与 tiers 写且只写一个。"),
        "one_kind": _("fixed_wan、rate、per_wan 三者选一。"),
        "base_missing": _("rate 和 per_wan 需要 of（基数），per_wan 还需要 pays_wan。"),
        "tiers_or_one": _("tiers 与其他给付方式只能选一种。"),
        "when_missing": _("除最后一档外，每一档都要写 when。"),
    }
