"""Certificates: checked by anybody, printed by the firm, issued and withdrawn by the office."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from innovscore.core.problems import Problem
from parks import papers
from parks.http import ParkRequest, client_address
from parks.listing import listing

from ..filters import CertificateFilter
from ..forms import CodeForm, WithdrawCertificateForm
from ..queries import certificates as queries
from ..queries.wording import day_of
from ..services import certificates, lookups
from .zones import zone_now

DOCUMENT = "rankings/documents/certificate.html"


def lookup(request: HttpRequest) -> HttpResponse:
    """Form for a code; goes on to its check page."""
    form = CodeForm(request.GET or None)
    if form.is_bound and form.is_valid():
        return redirect("rankings:check", code=form.cleaned_data["code"])
    return render(request, "rankings/check_form.html", {"form": form}, status=422 if form.is_bound else 200)


def check(request: HttpRequest, code: str) -> HttpResponse:
    """Valid, superseded, withdrawn or unknown: answered on the first screen."""
    address = client_address(request)
    lookups.check(address)
    found = queries.by_code(code)
    if found is None:
        lookups.miss(address)
        response = render(request, "rankings/check.html", {"one": None, "code": code[:40]})
    else:
        zone = found.row.park
        tag = request.GET.get("t", "")
        context = {
            "one": found, "zone": zone, "park": zone, "tag_differs": bool(tag) and tag != found.tag,
            "groups": _grouped(found.tag),
        }  # fmt: skip
        response = render(request, "rankings/check.html", context)
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex"
    return response


def check_json(request: HttpRequest, code: str) -> HttpResponse:
    """The signed file for the stand-alone verifier."""
    address = client_address(request)
    lookups.check(address)
    found = queries.by_code(code)
    if found is None:
        lookups.miss(address)
        return JsonResponse({"state": "unknown"}, status=404)
    response = JsonResponse(queries.envelope(found), json_dumps_params={"ensure_ascii": False, "indent": 1})
    response["Content-Disposition"] = f'attachment; filename="{found.row.number}.json"'
    return response


def keys(request: HttpRequest, park: str) -> HttpResponse:
    """Public keys of a zone, also retired ones."""
    zone = zone_now(park)
    return JsonResponse(
        {"zone": zone.code, "issuer": zone.name, "keys": queries.keys(zone)},
        json_dumps_params={"ensure_ascii": False, "indent": 1},
    )


def witness(request: HttpRequest, park: str) -> HttpResponse:
    """Signed heads of the chains; `?format=json` for programs that keep them."""
    zone = zone_now(park)
    rows = list(queries.witnesses(zone)[:60])
    if request.GET.get("format") == "json":
        return JsonResponse(
            {"zone": zone.code, "witnesses": [{"payload": row.payload, "signature": row.signature, "key_id": row.key_id} for row in rows]},
            json_dumps_params={"ensure_ascii": False, "indent": 1},
        )  # fmt: skip
    return render(request, "rankings/public_witness.html", {"zone": zone, "park": zone, "rows": rows})


def own_list(request: ParkRequest, park: str) -> HttpResponse:
    """The firm's certificates."""
    rows = [queries.page(row) for row in queries.of_organisation(request.actor.organisation_id)]
    return render(request, "rankings/own_certificates.html", {"rows": rows})


def own_score(request: ParkRequest, park: str, certificate_id: int) -> HttpResponse:
    """Consent to show the score, or its end."""
    yes = request.POST.get("show") == "yes"
    certificates.show_score(by=request.actor, certificate_id=certificate_id, yes=yes)
    messages.success(request, _("核验页现在显示榜单得分。") if yes else _("核验页不再显示榜单得分。"))
    return redirect("rankings:own_certificates", park=park)


def own_page(request: ParkRequest, park: str, certificate_id: int) -> HttpResponse:
    row = queries.own(request.actor.organisation_id, certificate_id)
    urls = reverse("rankings:own_certificate_pdf", args=[park, row.pk])
    back = reverse("rankings:own_certificates", args=[park])
    return papers.page(request, DOCUMENT, _context(request, row) | {"back_url": back}, pdf_url=urls)


def own_pdf(request: ParkRequest, park: str, certificate_id: int) -> HttpResponse:
    row = queries.own(request.actor.organisation_id, certificate_id)
    page_url = reverse("rankings:own_certificate", args=[park, row.pk])
    return papers.file(request, DOCUMENT, _context(request, row), filename=row.number, page_url=page_url)


def office_list(request: ParkRequest, park: str) -> HttpResponse:
    """All certificates; how many boards wait for theirs."""
    page = listing(
        request,
        queries.all_certificates(),
        filterset=CertificateFilter,
        columns=(
            "number",
            "code",
            "uscc",
            "name",
            "place",
            "published__name_zh",
            "published__year",
            "state",
            "issued_at",
            "key_id",
        ),
        filename="certificates",
        sortable=("number", "issued_at"),
    )
    if isinstance(page, HttpResponse):
        return page
    context = {
        "page": page,
        "waiting": queries.without(),
        "can_issue": request.actor.role in ("publisher", "park_admin"),
    }
    return render(request, "rankings/office_certificates.html", context)


def issue(request: ParkRequest, park: str) -> HttpResponse:
    """Ask the worker to sign what is missing."""
    job = certificates.request_issue(by=request.actor)
    return redirect("parks:job", park=park, job_id=job.pk)


def office_one(request: ParkRequest, park: str, certificate_id: int) -> HttpResponse:
    """One certificate with its checks; POST withdraws it."""
    row = queries.get(certificate_id)
    form = WithdrawCertificateForm(request.POST or None)
    context: dict[str, Any] = {
        "one": queries.page(row), "form": form,
        "can_withdraw": request.actor.role == "publisher" and row.state == "valid",
    }  # fmt: skip
    if request.method == "GET" or not form.is_valid():
        status = 422 if form.is_bound else 200
        return render(request, "rankings/office_certificate.html", context, status=status)
    try:
        certificates.withdraw(by=request.actor, certificate_id=row.pk, reason=form.cleaned_data["reason"])
    except Problem as problem:
        return render(
            request, "rankings/office_certificate.html", context | {"problem": problem}, status=problem.status
        )
    messages.success(request, _("证书已撤回，核验页会说明原因。"))
    return redirect("rankings:office_certificate", park=park, certificate_id=row.pk)


def office_page(request: ParkRequest, park: str, certificate_id: int) -> HttpResponse:
    row = queries.get(certificate_id)
    back = reverse("rankings:office_certificate", args=[park, row.pk])
    url = reverse("rankings:office_certificate_pdf", args=[park, row.pk])
    return papers.page(request, DOCUMENT, _context(request, row) | {"back_url": back}, pdf_url=url)


def office_pdf(request: ParkRequest, park: str, certificate_id: int) -> HttpResponse:
    row = queries.get(certificate_id)
    page_url = reverse("rankings:office_certificate_print", args=[park, row.pk])
    return papers.file(request, DOCUMENT, _context(request, row), filename=row.number, page_url=page_url)


def _context(request: HttpRequest, row: Any) -> dict[str, Any]:
    one = queries.page(row)
    url = request.build_absolute_uri(reverse("rankings:check", args=[row.code]))
    return {
        "one": one, "check_url": url, "qr": papers.qr(f"{url}?t={one.tag}"), "tag": _grouped(one.tag),
        "dated": day_of(row.published.published_at or row.issued_at),
    }  # fmt: skip


def _grouped(text: str) -> str:
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))
