"""A firm with a pre-filled declaration, and the people around it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories import enterprises as make
from tests.factories import parks as people


@pytest.fixture
def admin(in_park: Any) -> Any:
    return people.actor("park_admin", in_park)


@pytest.fixture
def firm(in_park: Any) -> Any:
    return make.enterprise(1)


@pytest.fixture
def declaration(admin: Any, firm: Any) -> Any:
    return make.declaration(admin, firm, make.cycle(admin), **make.SOUND)


@pytest.fixture
def agent(in_park: Any, firm: Any) -> Any:
    return people.actor("enterprise_agent", in_park, organisation=firm.organisation)


@pytest.fixture
def signatory(in_park: Any, firm: Any) -> Any:
    return people.actor("enterprise_signatory", in_park, organisation=firm.organisation)
