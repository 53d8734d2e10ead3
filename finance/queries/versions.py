"""What a decision was made on, as one digest: it changes with every step, proposal, quote or cut of the line."""

from __future__ import annotations

from django.db.models import Max

from ..models import Application
from ..rules import digest_of
from . import applications


def version_of(application: Application) -> str:
    """32 hex digits."""
    decision, line = applications.last_decision(application), application.line
    basis = {
        "application": application.pk,
        "status": application.status,
        "step": application.events.aggregate(last=Max("seq"))["last"],
        "decision": [decision.content_hash, decision.outcome] if decision else [],
        "line": [line.quote_id, line.quoted_limit, line.state],
        "contacted": application.contacted_at,
        "booked": [
            rows.aggregate(last=Max("pk"))["last"]
            for rows in (application.contracts, application.disbursements, application.repayments)
        ],
    }
    return digest_of(basis)[:32]
