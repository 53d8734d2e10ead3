"""The menu marks one entry: the one whose pages the person is on."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from parks.roles import Role
from tests.factories import parks as people

pytestmark = pytest.mark.django_db


def test_a_page_below_two_entries_marks_the_nearer_one(in_park: Any) -> None:
    client = people.client_for(people.actor(Role.PARK_ADMIN, in_park))
    page = client.get(reverse("finance:freeze_ask", kwargs={"park": in_park.code}))
    assert [str(entry["label"]) for entry in page.context["nav"] if entry["active"]] == ["提议冻结额度"]
