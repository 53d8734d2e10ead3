"""Totals and reports: the park's month, a bank's month, an enterprise's access report."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from enterprises.queries import enterprises
from parks.actors import Actor
from parks.clock import db_now, db_today
from parks.http import ParkRequest
from parks.listing import export_rows, listing

from ..filters import ConsentFilter
from ..models import Consent
from ..queries import applications, fairness, needs, products, reports
from ..queries import consents as consent_queries
from ..services import consents
from ..states import CONSENT_STATES
from .documents import document

CONSENTS = {
    "granted": gettext_lazy("新签"),
    "revoked": gettext_lazy("撤回"),
    "in_force": gettext_lazy("有效"),
    "reads": gettext_lazy("查看次数"),
}
CONSENT_COLUMNS = (
    "digest", "client", "product", "group_labels", "period", "state", "revoked_at", "reads_count", "last_read",
)  # fmt: skip
REPORT_ROWS = 1000


def office(request: ParkRequest, park: str) -> HttpResponse:
    """The park's totals: the headline, breakdowns with small groups hidden, needs; of a month or since ever."""
    month = request.GET.get("month", "")
    start, end = reports.month_of(month, db_today()) if month else (None, None)
    span = {"start": start, "end": end}
    context = _totals(span, None) | {
        "month": start.strftime("%Y-%m") if start else "", "states": applications.totals(), "versions": products.active_versions(),
        "flow": needs.flow(db_now()), "silent_banks": applications.silent_banks(db_now()), "applied": reports.applied(**span), "today": db_today(),
        "consents": reports.consents_given(*(reports.month_of(month, db_today()))),
    }  # fmt: skip
    if request.GET.get("export") in ("csv", "xlsx"):
        return _table(context, request.GET["export"], f"loans-{park}-{context['month'] or 'all'}")
    return document(
        request, "finance/office.html", context, filename=f"loans-{park}-{context['month'] or 'all'}"
    )


def spread(request: ParkRequest, park: str) -> HttpResponse:
    """How quotes are spread over stages, sizes and ages; small groups hidden."""
    return render(request, "finance/fairness.html", {"spreads": fairness.spreads()})


def bank_month(request: ParkRequest, park: str) -> HttpResponse:
    """A bank's credit-points loans of a month."""
    start, end = reports.month_of(request.GET.get("month", ""), db_today())
    context = _totals({"start": start, "end": end}, request.actor) | {
        "month": start.strftime("%Y-%m"),
        "today": db_today(),
    }
    if request.GET.get("export") in ("csv", "xlsx"):
        return _table(context, request.GET["export"], f"bank-{park}-{context['month']}")
    return document(request, "finance/bank_month.html", context, filename=f"bank-{park}-{context['month']}")


def _totals(span: dict[str, Any], actor: Actor | None) -> dict[str, Any]:
    share = reports.overdue_share(actor)
    return {
        "headline": reports.headline(**span, actor=actor),
        "groups": [
            (_("按产品"), reports.by_product(**span, actor=actor)),
            (_("按发展阶段"), reports.by_stage(**span, actor=actor)),
            (_("未通过的原因"), reports.reasons(**span, actor=actor)),
        ],
        "overdue_percent": None if share is None else (share * 100).quantize(Decimal("0.1")),
    }


def _table(context: dict[str, Any], kind: str, filename: str) -> HttpResponse:
    """Every figure of the page: what it belongs to, its name, how many, how much (yuan, or the unit in its name)."""
    heads = (_("类别"), _("项目"), _("数量"), _("金额（元）"))
    top, applied, given = context["headline"], context.get("applied"), context.get("consents", {})
    rows: list[tuple[Any, ...]] = [
        *([(_("合计"), _("申请"), applied.count, applied.amount)] if applied else []),
        (_("合计"), _("获批企业"), top.firms, None),
        (_("合计"), _("批准"), top.loans, top.amount),
        (_("合计"), _("平均年利率（%）"), top.rate_percent, None),
        (_("合计"), _("审批用时（中位数，天）"), None if top.days is None else round(top.days, 1), None),
        (_("合计"), _("贷款余额"), None, top.owed),
        (_("合计"), _("逾期余额占比（%）"), context["overdue_percent"], None),
        *((title, row.label, row.count, row.amount) for title, lines in context["groups"] for row in lines),
        *((_("授权"), label, given[name], None) for name, label in CONSENTS.items() if given),
    ]
    table = [dict(zip(heads, row, strict=True)) for row in rows]
    return export_rows(table, columns=heads, filename=filename, kind=kind)


def consent_report(request: ParkRequest, park: str) -> HttpResponse:
    """Who consented to what until when and how often the own people read on it: a list, a table or a document."""
    rows, kind = consent_queries.report(request.actor), request.GET.get("export")
    if kind in ("csv", "xlsx", "pdf"):
        lines = _consent_lines(request, ConsentFilter(request.GET, queryset=rows).qs[:REPORT_ROWS])
        if kind != "pdf":
            return export_rows(lines, columns=CONSENT_COLUMNS, filename=f"consents-{park}", kind=kind)
        context = {"lines": lines, "today": db_today()}
        return document(request, "finance/consent_report.html", context, filename=f"consents-{park}")
    page = listing(request, rows, filterset=ConsentFilter)
    if isinstance(page, HttpResponse):
        return page
    context = {"page": page, "lines": _consent_lines(request, page.rows), "today": db_today()}
    return render(request, "finance/consent_report.html", context)


def _consent_lines(request: ParkRequest, rows: Iterable[Consent]) -> list[dict[str, Any]]:
    """Names of those whose consent holds; telling one is a read of its own."""
    rows, now = list(rows), db_now()
    shown = consents.note_list_reads(
        by=request.actor, consent_ids=[row.pk for row in rows], subject=gettext_noop("授权报告")
    )
    return [
        {
            "digest": row.digest[:12],
            "client": row.enterprise.name if row.pk in shown else "",
            "product": row.product.name,
            "group_labels": row.group_labels,
            "period": row.period,
            "state": str(CONSENT_STATES[consent_queries.state_of(row, now)]),
            "revoked_at": row.revoked_at,
            "reads_count": row.reads_count,  # type: ignore[attr-defined]  # annotated
            "last_read": row.last_read,  # type: ignore[attr-defined]  # annotated
        }
        for row in rows
    ]


def access_report(request: ParkRequest, park: str) -> HttpResponse:
    """Who read the enterprise's data when and on which consent, to print or keep."""
    enterprise = enterprises.own_or_404(request.actor)
    context = {
        "enterprise": enterprise, "summary": reports.first_reads(enterprise.pk), "reads": consent_queries.reads_of(enterprise.pk)[:1000],
        "consents": consent_queries.ledger(enterprise.pk), "today": db_today(),
    }  # fmt: skip
    return document(request, "finance/access_report.html", context, filename=f"access-{enterprise.uscc}")
