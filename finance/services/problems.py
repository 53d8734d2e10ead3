"""What the database's guards say, in words for people."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError, IntegrityError, transaction
from django.utils.translation import gettext as _

from innovscore.core.problems import Conflict


@contextmanager
def guarded() -> Iterator[None]:
    """A savepoint in which a refusal of the database becomes a Problem; other errors pass."""
    try:
        with transaction.atomic():
            yield
    except DatabaseError as error:
        problem = _problem_of(error)
        if problem is None:
            raise
        raise problem from error


def _problem_of(error: DatabaseError) -> Conflict | None:
    code = getattr(error.__cause__, "pgcode", "") or ""
    messages = {
        "IS001": _("可用额度不足：请查看剩余额度后减少金额，或等待其他申请释放额度。"),
        "IS002": _("授权已撤回或到期，不能继续。请企业重新授权后再试。"),
        "IS003": _("授信额度的测算已失效，请重新测算后再试。"),
        "IS004": _("状态已经改变，请刷新页面后查看最新状态。"),
        "IS005": _("这一步需要由另一位有相应身份的人员完成。"),
        "IS006": _("此内容已经确定，不能再修改。"),
        "23503": _("当前状态下不能进行这一步，请刷新页面后查看最新状态。"),
    }
    if code in messages:
        return Conflict(code=f"lending_{code.lower()}", message=messages[code])
    if isinstance(error, IntegrityError):
        return Conflict(
            code="lending_conflict", message=_("与已有记录冲突：可能已由他人完成，请刷新页面后查看。")
        )
    return None
