"""新手任务: a few real tasks a role, ticked by what the person did, put away and begun again by the person."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from innovscore.starter_tasks import TASKS
from parks import access, starters
from parks.roles import Role
from tests.factories import parks as people

pytestmark = pytest.mark.django_db


def test_every_role_with_a_desk_has_four_to_six_tasks_that_it_may_do() -> None:
    assert set(TASKS) == {role for role in Role if access.may(role, "desk")}
    for role, tasks in TASKS.items():
        assert 4 <= len(tasks) <= 6
        assert len({task.code for task in tasks}) == len(tasks)
        for task in tasks:
            reverse(task.begin, kwargs={"park": "cq"})
            assert access.may(role, task.begin)
            assert access.may(role, task.event, task.method)


def ticked(actor: Any) -> list[str]:
    return [task.code for task, done in starters.progress_of(actor) if done]


@pytest.fixture
def auditor(in_park: Any) -> Any:
    return people.actor("park_auditor", in_park)


def test_a_page_that_was_opened_ticks_its_task_for_this_person_alone(
    in_park: Any, auditor: Any, client_as: Any
) -> None:
    other = people.actor("park_auditor", in_park)
    browser = client_as(auditor)
    for _again in range(2):
        browser.get(reverse("parks:audit", kwargs={"park": "cq"}))
    assert ticked(auditor) == ["audit"]
    assert ticked(other) == []
    page = browser.get(reverse("desk", kwargs={"park": "cq"})).content.decode()
    assert "新手任务" in page and page.count("✓ 已做") == 1


def test_what_was_refused_ticks_nothing(in_park: Any, client_as: Any) -> None:
    bureau = people.actor("credit_bureau", in_park)
    url = reverse("parks:message_settings", kwargs={"park": "cq"})
    browser = client_as(bureau)
    assert browser.get(url).status_code == 200
    assert ticked(bureau) == []
    assert browser.post(url, {"task": "hourly"}).status_code >= 400
    assert ticked(bureau) == []


def test_the_list_can_be_put_away_and_begun_again(auditor: Any, client_as: Any) -> None:
    browser, url = client_as(auditor), reverse("starter_tasks", kwargs={"park": "cq"})
    browser.get(reverse("parks:audit", kwargs={"park": "cq"}))
    page = browser.post(url, follow=True).content.decode()
    assert "收起" not in page and "重新开始新手任务" in page
    page = browser.post(url, {"restart": ""}, follow=True).content.decode()
    assert "收起" in page and "已做" not in page


def test_the_list_goes_when_all_is_done(auditor: Any) -> None:
    for task in starters.tasks_of("park_auditor"):
        starters.happened(auditor, task.event, task.method)
    assert starters.progress_of(auditor) == []
