"""The access policy must be readable and complete before anything starts."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, register

from . import access


@register()
def policy_is_readable(**_: Any) -> list[CheckMessage]:
    try:
        access.policy()
    except (access.PolicyError, OSError, ValueError) as error:
        return [Error(str(error), id="parks.E001")]
    return []
