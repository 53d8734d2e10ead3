"""The evidence files an enterprise has handed in: once uploaded, used for many items and years."""

from __future__ import annotations

from django.utils.translation import gettext as _

from innovscore.core.problems import Refused
from parks.models import EvidenceFile

MOST = 100


def of_organisation(organisation_id: int) -> list[EvidenceFile]:
    """Files of the firm, newest first."""
    return list(EvidenceFile.objects.filter(organisation_id=organisation_id).order_by("-pk")[:MOST])


def own_file(organisation_id: int, file_id: int) -> EvidenceFile:
    """A file of the firm; raises Refused for absent and foreign alike."""
    row = EvidenceFile.objects.filter(organisation_id=organisation_id, pk=file_id).first()
    if row is None:
        raise Refused(code="no_file", field="evidence", message=_("材料库中没有这份文件，请重新选择。"))
    return row
