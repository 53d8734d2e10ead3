"""What an enterprise does with its declaration: confirm, correct, explain, submit.

The department's value is never overwritten: a correction stands beside it with reason and evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from indicators.queries.schemes import name_of, scheme_of
from innovscore.core.canonical import canonical_json
from innovscore.core.digest import sha256_hex
from innovscore.core.problems import Conflict, Forbidden, Refused
from parks import audit
from parks.actors import Actor
from parks.clock import db_now
from parks.models import EvidenceFile

from .. import rules
from ..models import Declaration, DeclaredValue
from ..states import CycleState, DeclarationState, ValueState

EDITABLE = (DeclarationState.OPEN, DeclarationState.RETURNED)
SHORTEST_TEXT = 4


def confirm(*, by: Actor, declaration: Declaration, codes: Sequence[str]) -> int:
    """Confirm pre-filled values as they stand. Returns how many changed state."""
    with transaction.atomic():
        locked = _editable(declaration)
        rows = DeclaredValue.objects.select_for_update().filter(
            declaration=locked,
            code__in=codes,
            state__in=(ValueState.PREFILLED, ValueState.RETURNED),
            declared_amount__isnull=True,
            declared_entries__isnull=True,
        )
        changed = [
            row.code for row in rows if row.prefilled_amount is not None or row.prefilled_entries is not None
        ]
        _touch(rows.filter(code__in=changed), state=ValueState.CONFIRMED)
        if changed:
            audit.record(by=by, action="values.confirmed", obj=locked, after={"codes": sorted(changed)})
    return len(changed)


def correct(
    *, by: Actor, declaration: Declaration, code: str, version: int, reason: str, amount: Decimal | None = None,
    entries: list[dict[str, Any]] | None = None, evidence: EvidenceFile | None = None, page: int | None = None,
) -> DeclaredValue:  # fmt: skip
    """State another value (or the first one) with a reason. Raises Conflict when somebody changed it meanwhile."""
    with transaction.atomic():
        value = _value(declaration, code, version)
        first = value.prefilled_amount is None and value.prefilled_entries is None
        if not first and len(reason.strip()) < SHORTEST_TEXT:
            raise Refused(code="reason_missing", field="reason", message=_("请说明更正原因（至少 4 个字）。"))
        _check_entries(declaration, code, entries)
        before = {"state": value.state, "amount": value.amount}
        value.declared_amount, value.declared_entries = amount, entries
        value.reason, value.evidence, value.evidence_page = reason.strip(), evidence or value.evidence, page
        value.state = ValueState.CONFIRMED if first else ValueState.DISPUTED
        _save(value)
        audit.record(
            by=by,
            action="value.corrected",
            obj=value,
            before=before,
            after={"amount": amount, "entries": entries},
            reason=reason,
        )
    return value


def confirm_zero(*, by: Actor, declaration: Declaration, code: str, version: int) -> None:
    """State that there was none in the year; for an input without a department's value."""
    with transaction.atomic():
        value = _value(declaration, code, version)
        if value.prefilled_amount is not None or value.prefilled_entries is not None:
            raise Refused(code="has_value", message=_("部门已有数值，请选择“更正”并说明原因。"))
        value.state, value.declared_amount, value.declared_entries = ValueState.ZERO_CONFIRMED, None, None
        _save(value)
        audit.record(by=by, action="value.zero_confirmed", obj=value)


def not_applicable(*, by: Actor, declaration: Declaration, code: str, version: int, reason: str) -> None:
    """State that an input does not apply; only where the scheme allows it."""
    scheme = scheme_of(declaration.cycle.scheme_version)
    if not rules.may_not_apply(scheme, code):
        raise Refused(code="must_apply", message=_("此项不能选择“不适用”。"))
    if len(reason.strip()) < SHORTEST_TEXT:
        raise Refused(code="reason_missing", field="reason", message=_("请说明不适用的原因（至少 4 个字）。"))
    with transaction.atomic():
        value = _value(declaration, code, version)
        value.state, value.reason = ValueState.NOT_APPLICABLE, reason.strip()
        value.declared_amount = value.declared_entries = None
        _save(value)
        audit.record(by=by, action="value.not_applicable", obj=value, reason=reason)


def explain(*, by: Actor, declaration: Declaration, code: str, version: int, text: str) -> None:
    """Explain a warning at an input."""
    if len(text.strip()) < SHORTEST_TEXT:
        raise Refused(
            code="explanation_missing", field="explanation", message=_("请说明原因（至少 4 个字）。")
        )
    with transaction.atomic():
        value = _value(declaration, code, version)
        value.explanation = text.strip()
        _save(value)
        audit.record(by=by, action="value.explained", obj=value, reason=text.strip())


def submit(*, by: Actor, declaration: Declaration, seen_hash: str) -> Declaration:
    """Sign and hand in. Needs the signatory, no failing E check, every W explained, and the content that was shown."""
    if by.role != "enterprise_signatory":
        raise Forbidden(
            code="signatory_only", message=_("申报须由法定代表人签署提交。请通知法定代表人登录签署。")
        )
    with transaction.atomic():
        locked = _editable(declaration)
        values = {row.code: row for row in DeclaredValue.objects.filter(declaration=locked)}
        blockers = blocking(locked, values)
        if blockers:
            raise Refused(
                code="not_ready",
                message=_("还有 %(n)s 处需要处理：%(first)s") % {"n": len(blockers), "first": blockers[0]},
            )
        digest = content_hash(values)
        if seen_hash != digest:
            raise Conflict(code="content_changed", message=_("内容在您阅读后有变化，请重新核对后签署。"))
        locked.state, locked.content_hash = DeclarationState.SUBMITTED, digest
        locked.submitted_by_ref, locked.submitted_by_name, locked.submitted_at = (
            by.person_id,
            by.person_name,
            db_now(),
        )
        locked.version += 1
        locked.save()
        audit.record(by=by, action="declaration.submitted", obj=locked, after={"content_hash": digest})
    return locked


def blocking(declaration: Declaration, values: dict[str, DeclaredValue]) -> list[str]:
    """What stands in the way of submitting, in words."""
    scheme = scheme_of(declaration.cycle.scheme_version)
    names = {item.code: name_of(item) for item in scheme.inputs}
    blockers = []
    for finding in rules.findings(scheme, values):
        explained = values[finding.code].explanation or values[finding.code].reason
        if finding.level == "E" or not explained:
            blockers.append(f"{names[finding.code]}：{name_of({'zh': finding.zh, 'en': finding.en})}")
    blockers += [
        _("%(name)s：退回后尚未处理") % {"name": names[v.code]}
        for v in values.values()
        if v.state == ValueState.RETURNED and v.code in names
    ]
    return blockers


def content_hash(values: dict[str, DeclaredValue]) -> str:
    """SHA-256 of what is declared: per input the state, figure and items that count."""
    content = {
        code: {"state": v.state, "amount": v.amount, "entries": v.entries} for code, v in values.items()
    }
    return sha256_hex(canonical_json(content).encode())


def _editable(declaration: Declaration) -> Declaration:
    locked = (
        Declaration.objects.select_for_update(of=("self",))
        .select_related("cycle__scheme_version")
        .get(pk=declaration.pk)
    )
    if locked.cycle.state != CycleState.OPEN or locked.state not in EDITABLE:
        raise Conflict(code="not_editable", message=_("申报已提交或本年度已冻结，不能再修改。"))
    if locked.cycle.declaration_deadline < db_now():
        raise Conflict(
            code="deadline_over",
            message=_("填报已于 %(at)s 截止。如需延期，请联系园区。")
            % {"at": f"{locked.cycle.declaration_deadline:%Y-%m-%d %H:%M}"},
        )
    return locked


def _value(declaration: Declaration, code: str, version: int) -> DeclaredValue:
    locked = _editable(declaration)
    value = (
        DeclaredValue.objects.select_for_update(of=("self",)).filter(declaration=locked, code=code).first()
    )
    if value is None:
        raise Refused(code="unknown_input", message=_("没有这一项。"))
    if value.version != version:
        raise Conflict(
            code="changed_meanwhile",
            field=code,
            message=_("这一项刚被他人修改，请查看新值后再保存。您填写的内容没有覆盖对方的修改。"),
        )
    return value


def _save(value: DeclaredValue) -> None:
    value.version += 1
    value.save()


def _touch(rows: Any, *, state: str) -> None:
    from django.db.models import F

    rows.update(state=state, version=F("version") + 1, updated_at=db_now())


def _check_entries(declaration: Declaration, code: str, entries: list[dict[str, Any]] | None) -> None:
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
