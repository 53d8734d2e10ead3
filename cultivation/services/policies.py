"""Policies from the first draft to release by two people; a red test case blocks both steps."""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils.translation import gettext as _

from innovscore.core.digest import sha256_hex
from innovscore.core.problems import Conflict, Forbidden, NotFound, Refused
from parks import audit
from parks.actors import Actor
from parks.clock import db_now

from .. import formula, wording
from ..models import Policy, PolicyVersion
from ..queries.policies import rule_of
from ..states import PolicyState, RuleKind
from . import subscriptions
from .refusals import guarded

WAN = 10_000


def read(text: str) -> formula.Rule:
    """The rule of a text. Raises Refused naming lines and keys."""
    try:
        return formula.load(text.replace("\r\n", "\n"))
    except formula.RuleError as error:
        raise wording.refused(error) from error


def save(*, by: Actor, text: str, version_id: int | None = None) -> PolicyVersion:
    """Keep a draft: of a new policy, of a new version of a known one (by its code), or the draft named.

    A draft may have red test cases; it cannot be proposed with them. Raises Refused, Conflict.
    """
    rule = read(text)
    with transaction.atomic(), guarded():
        policy = Policy.objects.filter(code=rule.code).first()
        if version_id is None:
            policy = policy or Policy.objects.create(code=rule.code)
            last = PolicyVersion.objects.filter(policy=policy).aggregate(last=Max("number"))["last"] or 0
            row = PolicyVersion(policy=policy, number=last + 1, kind=rule.kind)
        else:
            row = _locked(version_id)
            if row.policy.code != rule.code:
                message = _("代码不能改动，应为“%(code)s”。要新增政策请另建。") % {"code": row.policy.code}
                raise Refused(code="code_fixed", field="text", message=message)
            if row.state != PolicyState.DRAFT:
                raise Conflict(code="not_draft", message=_("只有草稿可以修改；已发布的请另建新版本。"))
        if row.policy.versions.exclude(kind=rule.kind).exists() or row.kind != rule.kind:
            message = _("“%(code)s”的其他版本是另一种规则，请换一个代码。") % {"code": rule.code}
            raise Refused(code="kind_fixed", field="text", message=message)
        if rule.kind == RuleKind.POLICY and any(
            rule_of(one).period != rule.period for one in _was_public(row.policy)
        ):
            message = _("“%(code)s”已发布过另一期。预算和“一家一次”都按一期计算，新一期的政策请换一个代码。")
            raise Refused(code="period_fixed", field="text", message=message % {"code": rule.code})
        row.title, row.tags = rule.title, list(rule.body.get("tags", []))
        row.starts_on, row.ends_on = rule.day("starts"), rule.day("ends")
        row.text, row.rule = text.replace("\r\n", "\n"), dict(rule.body)
        row.digest = sha256_hex(row.text.encode())
        row.edited_by_name, row.edited_at = by.person_name, db_now()
        row.save()
        audit.record(by=by, action="policy.saved", obj=row, after={"code": rule.code, "digest": row.digest})
    return row


def propose(*, by: Actor, version_id: int) -> PolicyVersion:
    """The draft is finished and goes to another person. Raises Refused while a test case is red."""
    with transaction.atomic(), guarded():
        row = _in_state(version_id, PolicyState.DRAFT)
        _green(row)
        row.state, row.proposed_by_ref, row.proposed_by_name = (
            PolicyState.PROPOSED,
            by.person_id,
            by.person_name,
        )
        row.save(update_fields=["state", "proposed_by_ref", "proposed_by_name"])
        audit.record(by=by, action="policy.proposed", obj=row, after={"digest": row.digest})
    return row


def take_back(*, by: Actor, version_id: int) -> PolicyVersion:
    """A proposed version becomes a draft again."""
    with transaction.atomic(), guarded():
        row = _in_state(version_id, PolicyState.PROPOSED)
        row.state, row.proposed_by_ref, row.proposed_by_name = PolicyState.DRAFT, None, ""
        row.save(update_fields=["state", "proposed_by_ref", "proposed_by_name"])
        audit.record(by=by, action="policy.taken_back", obj=row)
    return row


def discard(*, by: Actor, version_id: int) -> None:
    """Throw a draft away."""
    with transaction.atomic(), guarded():
        row = _in_state(version_id, PolicyState.DRAFT)
        audit.record(by=by, action="policy.discarded", obj=row, before={"digest": row.digest})
        row.delete()


def release(*, by: Actor, version_id: int) -> PolicyVersion:
    """Another person puts a proposed version into force; the one before it retires and its budget is replaced.

    Firms that subscribed to one of its tags are told. Raises Forbidden for who proposed it, Conflict when more is committed than the new budget.
    """
    with transaction.atomic(), guarded():
        row = _in_state(version_id, PolicyState.PROPOSED)
        if by.person_id in (None, row.proposed_by_ref):
            raise Forbidden(code="same_person", message=_("提请的人不能自己发布，请另一位同事发布。"))
        rule = _green(row)
        PolicyVersion.objects.filter(policy=row.policy, state=PolicyState.RELEASED).update(
            state=PolicyState.RETIRED
        )
        row.state, row.released_at = PolicyState.RELEASED, db_now()
        row.released_by_ref, row.released_by_name = by.person_id, by.person_name
        row.save(update_fields=["state", "released_at", "released_by_ref", "released_by_name"])
        budget = rule.body.get("budget_wan")
        Policy.objects.filter(pk=row.policy_id).update(
            budget=None if budget is None else Decimal(str(budget)) * WAN
        )
        audit.record(
            by=by, action="policy.released", obj=row, after={"digest": row.digest, "budget_wan": budget}
        )
        if row.kind == RuleKind.POLICY:
            subscriptions.tell(by=by, version=row)
    return row


def retire(*, by: Actor, version_id: int, reason: str) -> PolicyVersion:
    """Take a released version out of force; claims under it go on."""
    if not reason.strip():
        raise Refused(code="reason_missing", field="reason", message=_("请写明停用的原因。"))
    with transaction.atomic(), guarded():
        row = _in_state(version_id, PolicyState.RELEASED)
        row.state = PolicyState.RETIRED
        row.save(update_fields=["state"])
        audit.record(by=by, action="policy.retired", obj=row, reason=reason)
    return row


def _was_public(policy: Policy) -> QuerySet[PolicyVersion]:
    return policy.versions.filter(state__in=(PolicyState.RELEASED, PolicyState.RETIRED))


def _green(row: PolicyVersion) -> formula.Rule:
    rule = rule_of(row)
    cases = formula.run_tests(rule)
    red = [case for case in cases if not case.is_green]
    if red:
        message = _("有 %(n)s 个测试用例未通过，首个：%(name)s。请修改规则或用例。")
        raise Refused(code="red_tests", field="text", message=message % {"n": len(red), "name": red[0].name})
    if untried := formula.untried(rule, cases):
        raise Refused(code="untried_tier", field="text", message=wording.untried(untried))
    return rule


def _in_state(version_id: int, state: str) -> PolicyVersion:
    row = _locked(version_id)
    if row.state != state:
        label = row.get_state_display()
        raise Conflict(
            code="not_allowed_now", message=_("当前为“%(state)s”，不能进行这一步。") % {"state": label}
        )
    return row


def _locked(version_id: int) -> PolicyVersion:
    row = (
        PolicyVersion.objects.select_for_update(of=("self",))
        .select_related("policy")
        .filter(pk=version_id)
        .first()
    )
    if row is None:
        raise NotFound(code="no_such_policy", message=_("没有这项政策。"))
    return row
