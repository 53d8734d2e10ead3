"""贴息: programmes put in force by two people, projects reviewed by two, subsidies from computed to paid."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.translation import gettext as _

from enterprises.queries import enterprises
from innovscore.core.dates import add_months
from innovscore.core.problems import Conflict, Forbidden, NotFound, Refused
from parks import audit
from parks.actors import Actor
from parks.roles import Role
from parks.services import benefits

from ..formula import clean_interest, points_subsidy
from ..formula import subsidy as lpr_subsidy
from ..models import Application, Subsidy, SubsidyEvent, SubsidyProgramme, SubsidyProject
from ..queries import loans
from ..queries import subsidies as queries
from ..queries.acting import organisation_of, person_of
from ..states import PROJECT_FIELDS, SUBSIDY, TRANSITIONS, ProjectState, SubsidyMethod, VersionState
from .problems import guarded
from .twice import made_by, sign


def propose_programme(
    *,
    by: Actor,
    code: str,
    name: str,
    method: str,
    rate: Decimal,
    budget: Decimal,
    year_cap: Decimal,
    total_cap: Decimal,
    lpr: Decimal | None = None,
    max_months: int = 24,
    exclusive_with: Sequence[str] = (),
) -> SubsidyProgramme:
    """A programme of the acting fund: `rate` is the share of LPR or the points a year (fractions), amounts in yuan."""
    if by.role != Role.FUND_MANAGER:
        raise Forbidden(code="role_not_allowed", message=_("您当前的身份不能进行这一步。"))
    if (method == SubsidyMethod.LPR) != (lpr is not None):
        raise Refused(code="lpr", field="lpr", message=_("按 LPR 贴息时请填写 LPR；按点数贴息时请留空。"))
    if not 0 < rate <= 1 or budget <= 0 or year_cap <= 0 or total_cap < year_cap:
        raise Refused(
            code="amounts", field="total_cap", message=_("金额须大于 0，累计上限不能低于年度上限。")
        )
    if SubsidyProgramme.objects.filter(code__in=exclusive_with).count() != len(set(exclusive_with)):
        raise Refused(
            code="exclusive_with", field="exclusive_with", message=_("不能同享的贴息项目请从列表中选择。")
        )
    if SubsidyProgramme.objects.filter(code=code).exists():
        raise Refused(
            code="code", field="code", message=_("代码“%(code)s”已被使用，请换一个。") % {"code": code}
        )
    with transaction.atomic(), guarded():
        made = SubsidyProgramme.objects.create(
            organisation_id=organisation_of(by), code=code, name=name, method=method, rate=rate, lpr=lpr, budget=budget,
            year_cap=year_cap, total_cap=total_cap, max_months=max_months, exclusive_with=list(exclusive_with), **made_by(by),
        )  # fmt: skip
        audit.record(
            by=by, action="subsidy_programme.proposed", obj=made, after={"budget": budget, "rate": rate}
        )
    return made


def activate_programme(*, by: Actor, programme_id: int) -> SubsidyProgramme:
    """Another person of the fund puts the programme in force."""
    with transaction.atomic(), guarded():
        found = (
            SubsidyProgramme.objects.select_for_update()
            .filter(pk=programme_id, organisation_id=organisation_of(by))
            .first()
        )
        if found is None:
            raise NotFound(code="not_found", message=_("没有这个贴息项目。"))
        if found.state != VersionState.DRAFT:
            raise Conflict(code="not_draft", message=_("这个贴息项目已经启用。"))
        found.state = VersionState.ACTIVE
        sign(found, by=by, also=("state",))
        audit.record(by=by, action="subsidy_programme.activated", obj=found)
    return found


def submit_project(
    *,
    by: Actor,
    programme_code: str,
    batch: int,
    name: str,
    field: str,
    investment: Decimal,
    demand: Decimal,
    bank_name: str = "",
) -> SubsidyProject:
    """An enterprise enters a project (设备更新 or 中长期贷款) into a batch; amounts in yuan."""
    enterprise = enterprises.own_or_404(by)
    if field not in PROJECT_FIELDS:
        raise Refused(code="field", field="field", message=_("请选择项目领域。"))
    if not 0 < demand <= investment:
        raise Refused(code="demand", field="demand", message=_("贷款需求须大于 0 且不超过总投资。"))
    with transaction.atomic(), guarded():
        made = SubsidyProject.objects.create(
            programme=queries.programme(programme_code), enterprise=enterprise, batch=batch, name=name, field=field,
            investment=investment, demand=demand, bank_name=bank_name, submitted_by_ref=person_of(by), submitted_by_name=by.person_name,
        )  # fmt: skip
        audit.record(
            by=by, action="subsidy_project.submitted", obj=made, after={"demand": demand, "batch": batch}
        )
    return made


def review_project(*, by: Actor, project_id: int, opinion: str, note: str = "") -> SubsidyProject:
    """The first person of the fund says pass or refuse; the second one, with the same word, makes it count."""
    if opinion not in ("pass", "refuse"):
        raise Refused(code="opinion", field="opinion", message=_("请选择通过或不通过。"))
    if opinion == "refuse" and not note.strip():
        raise Refused(code="note", field="note", message=_("不通过时请写明原因。"))
    with transaction.atomic(), guarded():
        project = SubsidyProject.objects.select_for_update(of=("self",)).filter(
            pk=project_id, programme__organisation_id=organisation_of(by)
        ).first()  # fmt: skip
        if project is None:
            raise NotFound(code="not_found", message=_("没有这个项目。"))
        if project.state != ProjectState.SUBMITTED:
            raise Conflict(code="not_allowed_now", message=_("这个项目已审核。"))
        if project.opinion == opinion and project.maker_person != by.person_id:
            project.state = ProjectState.PASSED if opinion == "pass" else ProjectState.REFUSED
            sign(project, by=by, also=("state",))
        else:
            project.maker_person, project.maker_name = person_of(by), by.person_name
            project.opinion, project.note = opinion, note
            project.save(update_fields=["maker_person", "maker_name", "opinion", "note"])
        audit.record(
            by=by, action="subsidy_project.reviewed", obj=project, after={"opinion": opinion}, reason=note
        )
    return project


def compute(
    *,
    by: Actor,
    application_id: int,
    programme_code: str,
    start: dt.date,
    end: dt.date,
) -> Subsidy:
    """What the interest of [start, end) of a loan gives under a programme; terms with an overdue day are left out.

    Takes the place of computations in its way that were not applied for. Raises Refused when nothing counts, Conflict when
    a subsidy of the loan overlaps the period.
    """
    programme = queries.programme(programme_code)
    application = Application.objects.select_related("enterprise").filter(pk=application_id).first()
    if application is None or application.enterprise_id != enterprises.own_or_404(by).pk:
        raise NotFound(code="not_found", message=_("没有这笔贷款。"))
    contract = loans.contract_of(application_id)
    if contract is None:
        raise Conflict(code="no_contract", message=_("贷款还没有签约放款，不能申请贴息。"))
    first = min(start, queries.first_day(application_id, programme) or start)
    if start >= end or end > add_months(first, programme.max_months):
        raise Refused(
            code="period", field="end",
            message=_("贴息期间不正确：止日须晚于起日，同一贷款自首个贴息日 %(first)s 起最长贴息 %(n)s 个月。")
            % {"first": first, "n": programme.max_months},
        )  # fmt: skip
    payments = loans.payments_of([application_id])[application_id]
    clean = clean_interest(loans.instalments_of(application_id), payments, start, end)
    paid = sum((one.interest for one in payments if start <= one.on < end), Decimal(0))
    interest = min(clean.interest, paid)
    left = programme.year_cap
    if programme.method == SubsidyMethod.LPR:
        amount = lpr_subsidy(interest, contract.rate, programme.lpr or Decimal(0), programme.rate, left)
    else:
        amount = points_subsidy(clean.principal_days, programme.rate, interest, left)
    if amount <= 0:
        raise Refused(
            code="nothing",
            field="start",
            message=_("该期间没有可贴息的利息：只计按期支付的利息，逾期的期次不计。"),
        )
    with transaction.atomic(), guarded():
        queries.in_the_way(application_id, programme, DateRange(start, end)).delete()
        if _overlapping(application_id, start, end):
            raise Conflict(code="period_taken", message=_("该期间与已有的贴息重叠。"))
        other = queries.excluding(application_id, programme)
        if other is not None:
            raise Conflict(
                code="excluded",
                message=_("这笔贷款已享受“%(other)s”，不能同时享受“%(this)s”。")
                % {"other": other, "this": programme},
            )
        made = Subsidy.objects.create(
            programme=programme, application=application, enterprise_id=application.enterprise_id, project=_project(programme, application.enterprise_id),
            period=DateRange(start, end), interest_paid=interest, principal_days=clean.principal_days, amount=amount,
            computation={
                "method": programme.method, "rate": str(programme.rate), "lpr": str(programme.lpr or ""), "loan_rate": str(contract.rate),
                "late": [day.isoformat() for day in clean.late],
            },
        )  # fmt: skip
        audit.record(
            by=by, action="subsidy.computed", obj=made, after={"amount": amount, "interest": interest}
        )
    return made


def _project(programme: SubsidyProgramme, enterprise_id: int) -> SubsidyProject | None:
    """The enterprise's newest reviewed project of the programme; raises Conflict when it entered some and none has passed."""
    entered = queries.projects_of(enterprise_id).filter(programme=programme)
    passed = entered.filter(state=ProjectState.PASSED).first()
    if passed is None and entered.exists():
        raise Conflict(code="project_not_passed", message=_("您申报的项目还没有审核通过，通过后再申请贴息。"))
    return passed


def _overlapping(application_id: int, start: dt.date, end: dt.date) -> bool:
    return queries.standing(application_id).filter(period__overlap=DateRange(start, end)).exists()


def step(*, by: Actor, subsidy_id: int, event: str, note: str = "") -> Subsidy:
    """One step: apply, bank_confirm, check, pay, refuse, claw_back, by who the table of transitions says.

    Raises Conflict when the step is not listed or a cap or the budget (named, with what is left) is reached.
    """
    if event in ("refuse", "claw_back") and not note.strip():
        raise Refused(code="note", field="note", message=_("请写明原因。"))
    with transaction.atomic(), guarded():
        subsidy = _visible(by, subsidy_id)
        target = next(
            (to for machine, source, name, role, to in TRANSITIONS
             if (machine, source, name, role) == (SUBSIDY, subsidy.state, event, by.role)), None,
        )  # fmt: skip
        if target is None:
            raise Conflict(
                code="not_allowed_now",
                message=_("贴息当前为“%(state)s”，不能进行这一步。") % {"state": subsidy.get_state_display()},
            )
        SubsidyEvent.objects.create(
            subsidy=subsidy, from_state=subsidy.state, event=event, role=by.role, to_state=target, person_ref=person_of(by),
            person_name=by.person_name, note=note,
        )  # fmt: skip
        subsidy.refresh_from_db()
        _register(subsidy, event)
        audit.record(
            by=by,
            action=f"subsidy.{subsidy.state}",
            obj=subsidy,
            after={"amount": subsidy.amount},
            reason=note,
        )
    return subsidy


def _register(subsidy: Subsidy, event: str) -> None:
    """The register of public money knows a subsidy from its application on, until it is refused or clawed back."""
    organisation, subject = subsidy.enterprise.organisation_id, f"subsidy:{subsidy.pk}"
    if event == "apply":
        label = subsidy.programme.name
        benefits.hold(
            organisation_id=organisation,
            scheme="interest_subsidy",
            subject=subject,
            label=label,
            amount=subsidy.amount,
        )
    if event in ("refuse", "claw_back"):
        benefits.let_go(organisation_id=organisation, subject=subject)


def _visible(by: Actor, subsidy_id: int) -> Subsidy:
    if by.role in (Role.BANK_OPS, Role.FUND_MANAGER):
        found = queries.for_desk(by).filter(pk=subsidy_id).first()
    else:
        enterprise = enterprises.own(by)
        found = queries.of_enterprise(enterprise.pk if enterprise else 0).filter(pk=subsidy_id).first()
    if found is None:
        raise NotFound(code="not_found", message=_("没有这笔贴息。"))
    return found
