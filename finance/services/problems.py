"""What the database's guards say, in words for people."""

from __future__ import annotations

from contextlib import AbstractContextManager
from decimal import Decimal

from django.db import DatabaseError, IntegrityError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from innovscore.core.problems import Conflict
from parks import refusals

CAPS = {
    ("pool", "total"): gettext_lazy("资金池总额"),
    ("pool", "client"): gettext_lazy("资金池单户上限"),
    ("pool", "group"): gettext_lazy("资金池集团上限"),
    ("guarantor", "total"): gettext_lazy("担保机构总额"),
    ("guarantor", "client"): gettext_lazy("担保单户上限"),
    ("guarantor", "group"): gettext_lazy("担保集团上限"),
    ("budget", "total"): gettext_lazy("贴息预算"),
    ("subsidy", "client"): gettext_lazy("企业贴息上限"),
}


def cap_reached(kind: str, scope: str, left: Decimal) -> Conflict:
    """Which cap is reached and how much (yuan) is left of it."""
    return Conflict(
        code=f"cap_{kind}_{scope}",
        message=_("“%(cap)s”已不足：还剩 %(left)s 万元。请减少金额，或等待释放后再试。")
        % {"cap": CAPS.get((kind, scope), kind), "left": f"{left / 10_000:,.2f}"},
        params={"left": str(left)},
    )


def line_short(left: str) -> Conflict:
    """How much (yuan) is left of a line, or that it is not `active`."""
    if not left[:1].isdigit():
        message = _("这个额度目前已冻结或关闭，不能使用。请在金融超市查看原因。")
        return Conflict(code="lending_is001", message=message)
    message = _(
        "可用额度不足：还剩 %(left)s 万元（可能刚被另一笔申请占用）。请减少金额，或等待其他申请释放额度。"
    )
    return Conflict(
        code="lending_is001",
        message=message % {"left": f"{Decimal(left) / 10_000:,.2f}"},
        params={"left": left},
    )


def guarded() -> AbstractContextManager[None]:
    """A savepoint in which a refusal of this room's guards becomes a Problem; other errors pass."""
    return refusals.guarded(_problem_of)


def _problem_of(error: DatabaseError) -> Conflict | None:
    code = getattr(error.__cause__, "pgcode", "") or ""
    detail = error.__cause__.diag.message_detail if code in ("IS001", "IS007") else None  # type: ignore[union-attr]  # psycopg2's
    if code == "IS007":
        kind, scope, left = str(detail).split(":")
        return cap_reached(kind, scope, Decimal(left))
    if code == "IS001" and detail:
        return line_short(detail)
    messages = {
        "IS001": _("金额超出允许的范围，可能刚有变化。请刷新页面，核对后再试。"),
        "IS002": _("授权已撤回或到期，不能继续。请企业重新授权后再试。"),
        "IS003": _("授信额度的测算已失效，请重新测算后再试。"),
        "IS004": _("状态已经改变，请刷新页面后查看最新状态。"),
        "IS005": _("这一步需要由另一位有相应身份的人员完成。"),
        "IS006": _("此内容已经确定，不能再修改。"),
        "IS008": _("记账借贷不平，未保存。请联系平台。"),
        "22003": _("金额过大，不能入账，未保存。请核对金额和单位。"),
        "23503": _("当前状态下不能进行这一步，请刷新页面后查看最新状态。"),
    }
    if code in messages:
        return Conflict(code=f"lending_{code.lower()}", message=messages[code])
    if isinstance(error, IntegrityError):
        return Conflict(
            code="lending_conflict", message=_("与已有记录冲突：可能已由他人完成，请刷新页面后查看。")
        )
    return None
