"""The demo zone in the database."""

from __future__ import annotations

import pytest

from enterprises.models import Declaration, DeclaredValue, DepartmentValue, Enterprise
from finance.models import Application, Subsidy, SubsidyProject
from innovscore.demo import papers, story
from parks.scope import park_scope


@pytest.mark.usefixtures("live_db")
def test_a_small_zone_is_told_to_the_end() -> None:
    zones = story.tell(enterprises=60, years=2, seed=5, say=lambda _text: None)
    with park_scope(zones[0].park.pk):
        assert Enterprise.objects.count() == 60
        values = DeclaredValue.objects.filter(declaration__cycle__year=2025)
        assert set(values.values_list("state", flat=True)) >= {
            "missing",
            "prefilled",
            "confirmed",
            "disputed",
            "verified",
            "not_applicable",
        }
        assert not values.filter(state="disputed", reason="").exists()
        in_review = values.filter(declaration__state="submitted", state="disputed")
        proven = in_review.exclude(evidence=None)
        assert proven.count() == min(
            papers.CORRECTED, in_review.filter(declared_amount__isnull=False).count()
        )
        assert not proven.filter(evidence_page=None).exists()
        given = values.exclude(prefilled_amount=None, prefilled_entries=None)
        assert DepartmentValue.objects.filter(year=2025, batch__state="applied").count() == given.count()
        assert not values.filter(code="rd_equipment_invest", prefilled_amount__isnull=False).exists()
        assert set(Declaration.objects.filter(cycle__year=2025).values_list("state", flat=True)) >= {
            "open",
            "submitted",
            "verified",
        }
        assert set(Application.objects.values_list("status", flat=True)) >= {
            "active", "overdue", "defaulted", "claim_filed", "claim_accepted", "indemnified", "recovered", "written_off",
        }  # fmt: skip
        assert set(Subsidy.objects.values_list("state", flat=True)) == {"paid", "checked", "bank_confirmed"}
        assert set(SubsidyProject.objects.values_list("state", flat=True)) == {
            "passed",
            "submitted",
            "refused",
        }
