"""Who acts: a person in a role for an organisation in a park."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from .roles import Role, shell_of

if TYPE_CHECKING:
    from .models import Membership, Park


@dataclass(frozen=True, slots=True)
class Actor:
    """Passed to every service as `by`. Ids are database ids; `role` is a code of `parks.roles.Role`."""

    account_id: int | None
    person_id: int | None
    person_name: str
    membership_id: int | None
    role: str
    organisation_id: int | None
    organisation_name: str
    park_id: int
    park_code: str
    request_id: str = ""

    @classmethod
    def of(cls, membership: Membership, *, request_id: str = "") -> Actor:
        return cls(
            account_id=membership.account_id,
            person_id=membership.account.person_id,
            person_name=membership.account.person.name,
            membership_id=membership.pk,
            role=membership.role,
            organisation_id=membership.organisation_id,
            organisation_name=membership.organisation.name,
            park_id=membership.park_id,  # type: ignore[arg-type]  # a saved row has its park
            park_code=membership.park.code,
            request_id=request_id,
        )

    @classmethod
    def system(cls, park: Park) -> Actor:
        """The platform itself: jobs and commands that no person asked for."""
        return cls(None, None, "system", None, "system", None, "Innovscore", park.pk, park.code)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Actor:
        return cls(**data)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def role_label(self) -> str:
        """The role in the reader's language."""
        return str(Role(self.role).label) if self.role in Role.values else _("系统")

    @property
    def shell(self) -> str:
        return shell_of(self.role)
