"""The office gives cases to reviewers 分配, gives them to another, or back to the pool."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from innovscore.core.problems import Conflict, Refused
from parks import audit, outbox
from parks.actors import Actor
from parks.clock import db_now
from parks.models import Membership, Notification

from ..models import Declaration, ReviewClaim
from ..queries import reviews
from ..states import DeclarationState

MOST_AT_ONCE = 100


def assign(*, by: Actor, numbers: Sequence[int], reviewer_id: int, reason: str = "") -> int:
    """Give whole cases to the reviewer with the membership `reviewer_id`; all of them or none. Returns how many.

    Claims of colleagues end, which wants a reason; they and the reviewer are told. Raises Conflict naming the firms
    that are not in review, or that the reviewer must stay out of.
    """
    reviewer = reviews.reviewers().filter(pk=reviewer_id).first()
    if reviewer is None:
        raise Refused(code="reviewer_unknown", field="reviewer", message=_("请选择一位在岗的审核员。"))
    person = reviewer.account.person
    with transaction.atomic():
        cases = _cases(numbers)
        barred = reviews.barred(cases, person_id=person.pk)
        _none(
            cases, lambda case: case.pk in barred, "reviewer_barred",
            _("%(who)s 须回避，或签署过该企业的申报：%(names)s。请改选审核员，或取消勾选这些企业。"), who=person.name,
        )  # fmt: skip
        given = [case for case in cases if not _has_whole(case, person.pk)]
        lost = _take(by, given, reason, except_of=person.pk)
        now = db_now()
        for case in given:
            ReviewClaim.objects.create(
                declaration=case, person_ref=person.pk, person_name=person.name, claimed_at=now, assigned_by_name=by.person_name
            )  # fmt: skip
            audit.record(
                by=by, action="case.assigned", obj=case, reason=reason.strip(),
                before={"had": [one.person_name for one in lost.get(case.pk, ())]}, after={"to": person.name},
            )  # fmt: skip
        if given:
            _tell_reviewer(by, reviewer, given)
    return len(given)


def unassign(*, by: Actor, numbers: Sequence[int], reason: str) -> int:
    """Give cases back to the pool, with a reason; who had them is told. Returns how many had somebody."""
    with transaction.atomic():
        cases = _cases(numbers)
        lost = _take(by, cases, reason)
        for case in cases:
            if case.pk in lost:
                audit.record(
                    by=by, action="case.unassigned", obj=case, reason=reason.strip(),
                    before={"had": [one.person_name for one in lost[case.pk]]},
                )  # fmt: skip
    return len(lost)


def _cases(numbers: Sequence[int]) -> list[Declaration]:
    """The cases, locked in one order, so that two people who assign at once wait instead of blocking each other."""
    if not numbers:
        raise Refused(code="nothing_chosen", field="ids", message=_("请先勾选要分配的申报。"))
    if len(numbers) > MOST_AT_ONCE:
        raise Refused(
            code="too_many", field="ids", message=_("一次最多分配 %(n)s 份申报。") % {"n": MOST_AT_ONCE}
        )
    cases = list(
        Declaration.objects.select_for_update(of=("self",))
        .select_related("enterprise", "cycle")
        .prefetch_related("claims")
        .filter(pk__in=numbers)
        .order_by("pk")
    )
    if len(cases) < len(set(numbers)):
        raise Refused(code="unknown_case", field="ids", message=_("所选申报中有的不存在，请刷新列表。"))
    _none(
        cases, lambda case: case.state != DeclarationState.SUBMITTED, "not_in_review",
        _("这些企业的申报不在核定中，不能分配：%(names)s。"),
    )  # fmt: skip
    return cases


def _none(
    cases: Sequence[Declaration], wrong: Callable[[Declaration], bool], code: str, message: str, **words: str
) -> None:
    names = "、".join(case.enterprise.name for case in cases if wrong(case))
    if names:
        raise Conflict(code=code, message=message % {**words, "names": names})


def _has_whole(case: Declaration, person_id: int) -> bool:
    """Does the person have all of the case, and nobody else a part?"""
    claims = list(case.claims.all())
    return [(one.person_ref, one.topic) for one in claims] == [(person_id, "")]


def _take(
    by: Actor, cases: Sequence[Declaration], reason: str, *, except_of: int | None = None
) -> dict[int, list[ReviewClaim]]:
    """End all claims of these cases; colleagues who lose one are told, `except_of` is not. Returns the claims by case."""
    lost = {case.pk: claims for case in cases if (claims := list(case.claims.all()))}
    colleagues = {one.person_ref for claims in lost.values() for one in claims} - {except_of}
    if colleagues and len(reason.strip()) < 4:
        raise Refused(
            code="reason_missing", field="reason",
            message=_("所选申报已有审核员，改派或收回请写明理由（至少 4 个字）。"),
        )  # fmt: skip
    ReviewClaim.objects.filter(declaration__in=list(lost)).delete()
    for organisation_id, person_id in reviews.live_reviewers(colleagues):
        outbox.notify(
            organisation_id=organisation_id, person_ref=person_id, kind=Notification.Kind.NEWS,
            text=_("您领取的申报核定有改派或收回。"), url=_queue(by),
        )  # fmt: skip
    return lost


def _tell_reviewer(by: Actor, reviewer: Membership, cases: Sequence[Declaration]) -> None:
    outbox.notify(
        organisation_id=reviewer.organisation_id, person_ref=reviewer.account.person_id, kind=Notification.Kind.NEWS,
        text=_("%(who)s 分配给您 %(n)s 份申报核定。") % {"who": by.person_name, "n": len(cases)}, url=_queue(by),
    )  # fmt: skip


def _queue(by: Actor) -> str:
    queue = reverse("enterprises:queue", kwargs={"park": by.park_code})
    return f"{queue}?state={DeclarationState.SUBMITTED}&assigned=mine"
