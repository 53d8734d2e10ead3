"""What of this room can be searched: registered with parks.search when the application starts."""

from __future__ import annotations

from django.db.models import QuerySet

from parks.models import EvidenceFile
from parks.search import Asked, Hit, Listed, register

from .filters import EnterpriseFilter, LibraryFilter
from .models import Enterprise
from .queries import enterprises, library


def _members(_asked: Asked) -> QuerySet[Enterprise]:
    return enterprises.members().order_by("name", "pk")


def _firms(asked: Asked, rows: list[Enterprise]) -> list[Hit]:
    url = "enterprises:enterprise"
    return [Hit(row.name, asked.url(url, enterprise_id=row.pk), row.uscc) for row in rows]


def _own_files(asked: Asked) -> QuerySet[EvidenceFile]:
    organisation = asked.actor.organisation_id if asked.actor else None
    return library.files_of(organisation or 0)


def _files(asked: Asked, rows: list[EvidenceFile]) -> list[Hit]:
    return [Hit(row.filename, asked.url("enterprises:evidence_page", file_id=row.pk)) for row in rows]


register(
    Listed("firms", "enterprises:enterprises", _members, _firms, EnterpriseFilter, "q"),
    Listed("documents", "enterprises:library", _own_files, _files, LibraryFilter, "q"),
)
