"""A zone for its public pages."""

from __future__ import annotations

from parks.models import Park

from ..queries import public
from ..services import releases


def zone_now(code: str) -> Park:
    """The zone of a code, with every publication in force whose countdown is over; NotFound when there is none."""
    park = public.zone(code)
    releases.settle(park)
    return park
