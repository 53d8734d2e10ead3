"""What an enterprise does with the values of its declaration: confirm, correct, explain; drafts of what is typed.

The department's value is never overwritten: a correction stands beside it with reason and evidence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from indicators.queries.schemes import scheme_of
from innovscore.core.problems import Conflict, Refused
from parks import audit
from parks.actors import Actor
from parks.clock import BEIJING, db_now
from parks.models import EvidenceFile

from .. import rules
from ..models import Declaration, DeclaredValue, ReturnItem
from ..queries import authority
from ..states import CycleState, DeclarationState, ValueState

EDITABLE = (DeclarationState.OPEN, DeclarationState.RETURNED)
SHORTEST_TEXT = 4
DRAFT_FIELDS = ("text", "reason", "explanation", "page")
LONGEST_DRAFT = 4000
MOST_ENTRIES = 200


def confirm(
    *,
    by: Actor,
    declaration: Declaration,
    codes: Sequence[str],
    answer: str = "",
    versions: Mapping[str, int] | None = None,
) -> int:
    """Confirm pre-filled values as they stand. Returns how many changed state. `answer` is said to a return.

    `versions`: what was on the page, by code. Raises Conflict when one of those changed meanwhile.
    """
    with transaction.atomic():
        locked = editable(declaration)
        for code in codes:
            authority.require(by, scheme_of(locked.cycle.scheme_version), code=code)
        rows = DeclaredValue.objects.select_for_update().filter(
            declaration=locked,
            code__in=codes,
            state__in=(ValueState.PREFILLED, ValueState.DEFAULT_CONFIRMED, ValueState.RETURNED),
            declared_amount__isnull=True,
            declared_entries__isnull=True,
        )
        for code, version in (versions or {}).items():
            _check_version(_locked(locked, code), version)
        changed = [
            row for row in rows if row.prefilled_amount is not None or row.prefilled_entries is not None
        ]
        for row in changed:
            before = {"state": row.state}
            _answer_return(by, row, answer or _("数据正确，维持原值"))
            row.state = ValueState.CONFIRMED
            _save_answer(by, row)
            audit.record(by=by, action="value.confirmed", obj=row, before=before, after={"state": row.state})
    return len(changed)


def correct(
    *, by: Actor, declaration: Declaration, code: str, version: int, reason: str, amount: Decimal | None = None,
    entries: list[dict[str, Any]] | None = None, evidence: EvidenceFile | None = None, page: int | None = None,
) -> DeclaredValue:  # fmt: skip
    """State another value (or the first one) with a reason. Raises Conflict when somebody changed it meanwhile."""
    with transaction.atomic():
        value = _value(by, declaration, code, version)
        first = value.prefilled_amount is None and value.prefilled_entries is None
        needs_reason = not first or value.state == ValueState.RETURNED
        if needs_reason and len(reason.strip()) < SHORTEST_TEXT:
            raise Refused(code="reason_missing", field="reason", message=_("请说明更正原因（至少 4 个字）。"))
        check_entries(declaration, code, entries)
        before = {"state": value.state, "amount": value.amount, "entries": value.entries}
        _answer_return(by, value, reason)
        value.declared_amount, value.declared_entries = amount, entries
        value.reason, value.evidence, value.evidence_page = reason.strip(), evidence or value.evidence, page
        value.state = ValueState.CONFIRMED if first else ValueState.DISPUTED
        _save_answer(by, value)
        audit.record(
            by=by,
            action="value.corrected",
            obj=value,
            before=before,
            after={"amount": amount, "entries": entries},
            reason=reason,
        )
    return value


def withdraw_correction(*, by: Actor, declaration: Declaration, code: str, version: int) -> DeclaredValue:
    """Go back to the department's value: the correction and its reason are taken back."""
    with transaction.atomic():
        value = _value(by, declaration, code, version)
        if value.state != ValueState.DISPUTED:
            raise Refused(code="no_correction", message=_("这一项没有更正可以撤回。"))
        before = {"amount": value.declared_amount, "entries": value.declared_entries}
        value.declared_amount = value.declared_entries = value.evidence = value.evidence_page = None
        value.reason, value.state = "", ValueState.PREFILLED
        _save_answer(by, value)
        audit.record(by=by, action="value.correction_withdrawn", obj=value, before=before)
    return value


def confirm_zero(*, by: Actor, declaration: Declaration, code: str, version: int) -> None:
    """State that there was none in the year; for an input without a department's value."""
    with transaction.atomic():
        value = _value(by, declaration, code, version)
        if value.prefilled_amount is not None or value.prefilled_entries is not None:
            raise Refused(code="has_value", message=_("部门已有数值，请选择“更正”并说明原因。"))
        _answer_return(by, value, _("确认本年度没有"))
        value.state, value.declared_amount, value.declared_entries = ValueState.ZERO_CONFIRMED, None, None
        _save_answer(by, value)
        audit.record(by=by, action="value.zero_confirmed", obj=value)


def not_applicable(*, by: Actor, declaration: Declaration, code: str, version: int, reason: str) -> None:
    """State that an input does not apply; only where the scheme allows it."""
    scheme = scheme_of(declaration.cycle.scheme_version)
    if not rules.may_not_apply(scheme, code):
        raise Refused(code="must_apply", message=_("此项不能选择“不适用”。"))
    if len(reason.strip()) < SHORTEST_TEXT:
        raise Refused(code="reason_missing", field="reason", message=_("请说明不适用的原因（至少 4 个字）。"))
    with transaction.atomic():
        value = _value(by, declaration, code, version)
        _answer_return(by, value, reason)
        value.state, value.reason = ValueState.NOT_APPLICABLE, reason.strip()
        value.declared_amount = value.declared_entries = None
        _save_answer(by, value)
        audit.record(by=by, action="value.not_applicable", obj=value, reason=reason)


def explain(*, by: Actor, declaration: Declaration, code: str, version: int, text: str) -> None:
    """Explain a warning at an input."""
    if len(text.strip()) < SHORTEST_TEXT:
        raise Refused(
            code="explanation_missing", field="explanation", message=_("请说明原因（至少 4 个字）。")
        )
    with transaction.atomic():
        value = _value(by, declaration, code, version)
        value.explanation = text.strip()
        if value.draft:
            value.draft = {k: v for k, v in value.draft.items() if k != "explanation"} or None
        _save(by, value, keep_draft=True)
        audit.record(by=by, action="value.explained", obj=value, reason=text.strip())


def save_draft(
    *, by: Actor, declaration: Declaration, code: str, version: int, draft: Mapping[str, Any]
) -> DeclaredValue:
    """Keep what somebody is typing, as typed, even when it cannot be read. It never counts.

    Sending the same draft again changes nothing (a retry after a lost answer). Raises Conflict when somebody else
    changed the item meanwhile; nothing of theirs is lost.
    """
    kept = _clean_draft(draft)
    with transaction.atomic():
        locked = editable(declaration)
        authority.require(by, scheme_of(locked.cycle.scheme_version), code=code)
        value = _locked(locked, code)
        if value.draft == kept and value.changed_by_ref == by.person_id:
            return value
        _check_version(value, version)
        value.draft = kept
        _save(by, value, keep_draft=True)
    return value


def drop_draft(*, by: Actor, declaration: Declaration, code: str, version: int) -> None:
    """Throw away what was typed and not saved."""
    with transaction.atomic():
        value = _value(by, declaration, code, version)
        _save(by, value)


def editable(declaration: Declaration) -> Declaration:
    """The declaration, locked. Raises Conflict when it cannot be changed now, saying why."""
    locked = (
        Declaration.objects.select_for_update(of=("self",))
        .select_related("cycle__scheme_version", "enterprise")
        .get(pk=declaration.pk)
    )
    if locked.cycle.state != CycleState.OPEN or locked.state not in EDITABLE:
        raise Conflict(code="not_editable", message=_("申报已提交或本年度已冻结，不能再修改。"))
    if locked.deadline < db_now():
        raise Conflict(
            code="deadline_over",
            message=_("填报已于 %(at)s 截止。如需延期，请联系园区。")
            % {"at": f"{locked.deadline.astimezone(BEIJING):%Y-%m-%d %H:%M}"},
        )
    return locked


def _clean_draft(draft: Mapping[str, Any]) -> dict[str, Any] | None:
    kept: dict[str, Any] = {
        name: str(draft[name]) for name in DRAFT_FIELDS if str(draft.get(name, "")).strip()
    }
    entries = draft.get("entries") or []
    if entries:
        kept["entries"] = list(entries)[:MOST_ENTRIES]
    if sum(len(str(part)) for part in kept.values()) > LONGEST_DRAFT + 300 * len(entries):
        raise Refused(code="draft_too_long", message=_("填写的内容过长，请缩短后再保存。"))
    return kept or None


def _value(by: Actor, declaration: Declaration, code: str, version: int) -> DeclaredValue:
    locked = editable(declaration)
    authority.require(by, scheme_of(locked.cycle.scheme_version), code=code)
    value = _locked(locked, code)
    _check_version(value, version)
    return value


def _locked(declaration: Declaration, code: str) -> DeclaredValue:
    value = (
        DeclaredValue.objects.select_for_update(of=("self",))
        .filter(declaration=declaration, code=code)
        .first()
    )
    if value is None:
        raise Refused(code="unknown_input", message=_("没有这一项。"))
    return value


def _check_version(value: DeclaredValue, version: int) -> None:
    if value.version != version:
        raise Conflict(
            code="changed_meanwhile",
            field=value.code,
            message=_("这一项刚被他人修改，请查看新值后再保存。您填写的内容没有覆盖对方的修改。"),
        )


def clear_decision(value: DeclaredValue) -> None:
    """Take a reviewer's decision off the value; it stays in the list of decisions."""
    value.verified_amount = value.verified_entries = None
    value.verified_by_ref, value.verified_by_name, value.verified_at = None, "", None


def _save_answer(by: Actor, value: DeclaredValue) -> None:
    """What the firm says anew is decided anew."""
    clear_decision(value)
    _save(by, value)


def _save(by: Actor, value: DeclaredValue, *, keep_draft: bool = False) -> None:
    if not keep_draft:
        value.draft = None
    value.changed_by_ref, value.changed_by_name = by.person_id, by.person_name
    value.version += 1
    value.save()


def _answer_return(by: Actor, value: DeclaredValue, text: str) -> None:
    """What is done to a returned item is its answer."""
    if value.state == ValueState.RETURNED:
        ReturnItem.objects.filter(value=value, notice__isnull=False, answered_at__isnull=True).update(
            answer=text.strip(), answered_by_name=by.person_name, answered_at=db_now()
        )


def check_entries(declaration: Declaration, code: str, entries: list[dict[str, Any]] | None) -> None:
    """Every row of a list has what the scheme asks of it. Raises Refused naming the field."""
    item = scheme_of(declaration.cycle.scheme_version).input_by_code.get(code)
    if item is None or entries is None:
        return
    for entry in entries:
        if item.levels and entry.get("level") not in item.levels:
            raise Refused(code="unknown_level", field="level", message=_("请为每一条选择级别。"))
        if item.ranks and entry.get("rank") not in item.ranks:
            raise Refused(code="unknown_rank", field="rank", message=_("请为每一条选择完成单位排名。"))
        if not str(entry.get("name", "")).strip():
            raise Refused(code="name_missing", field="name", message=_("请填写每一条的名称。"))
        if entry.get("date") and rules.day_of(entry["date"]) is None:
            raise Refused(
                code="no_date", field="date",
                message=_("“%(text)s”不是有效的日期，请写成 2025-06-30 这样。") % {"text": str(entry["date"])[:40]},
            )  # fmt: skip
