from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from ..audit import breaks
from ..filters import AuditFilter
from ..http import ParkRequest
from ..listing import listing
from ..models import AuditEvent


def trail(request: ParkRequest, park: str) -> HttpResponse:
    """The audit trail of the park, searchable and exportable."""
    page = listing(
        request,
        AuditEvent.objects.order_by("-seq"),
        filterset=AuditFilter,
        columns=("seq", "at", "action", "object_type", "object_id", "person_name", "role", "reason"),
        filename="audit",
    )
    if isinstance(page, HttpResponse):
        return page
    return render(request, "parks/audit.html", {"page": page})


def verify(request: ParkRequest, park: str) -> HttpResponse:
    """Walk the park's chain and say whether it holds."""
    return render(request, "parks/audit_verify.html", {"breaks": list(breaks())})
