"""What every page shares: the menu marks the entry whose pages one is on, an empty field is named."""

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
    entries = [entry for group in page.context["nav"] for entry in group["entries"]]
    assert [str(entry["label"]) for entry in entries if entry["active"]] == ["提议冻结额度"]
    assert [str(group["here"]) for group in page.context["nav"] if group["here"]] == ["提议冻结额度"]


def test_a_field_left_empty_is_told_by_its_name(in_park: Any) -> None:
    client = people.client_for(people.actor(Role.PARK_ADMIN, in_park))
    page = client.post(reverse("finance:freeze_ask", kwargs={"park": in_park.code}), {}).content.decode()
    assert page.count("请填写或选择“统一社会信用代码”。") == 2  # above and at the field
    assert "必填项" not in page
