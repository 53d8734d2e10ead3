"""Adopting schemes, and that an adopted version never changes."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from django.db.utils import IntegrityError

from indicators.models import SchemeVersion
from indicators.queries.schemes import active, scheme_of
from indicators.services import drafts, schemes
from innovscore.core.problems import Conflict, Forbidden, Refused
from parks import todo
from parks.actors import Actor
from parks.models import AuditEvent
from parks.scope import park_scope
from tests.factories import parks as people

pytestmark = pytest.mark.django_db
URL = "/p/cq/office/schemes/"


@pytest.fixture
def admin(park: Any) -> Any:
    return people.actor("park_admin", park)


@pytest.mark.parametrize("name", sorted(schemes.library()))
def test_what_one_takes_from_the_library_another_puts_into_force(in_park: Any, admin: Any, name: str) -> None:
    draft = schemes.adopt(by=admin, name=name)
    assert list(active()) == []
    with pytest.raises(Forbidden, match="same_person"):
        drafts.activate(by=admin, draft=draft, seen_digest=draft.digest)
    version = drafts.activate(
        by=people.actor("score_officer", in_park), draft=draft, seen_digest=draft.digest
    )
    assert list(active()) == [version]
    assert scheme_of(version).digest == version.digest
    assert AuditEvent.objects.filter(action__in=("scheme.adopted", "scheme.activated")).count() == 2


def test_the_platform_adopts_alone_when_it_makes_a_zone(in_park: Any) -> None:
    version = schemes.adopt(by=Actor.system(in_park), name="cq_htz_30")
    assert list(active()) == [version]
    assert len(scheme_of(version).indicators) == 30


@pytest.mark.parametrize(
    "persons",
    [
        {"proposed_by_ref": 7, "activated_by_ref": 7},
        {"proposed_by_ref": 7, "edited_by_ref": 8, "activated_by_ref": 8},
        {"proposed_by_ref": 7, "activated_by_ref": None},
        {"proposed_by_ref": None, "activated_by_ref": 8},
    ],
)
def test_the_database_wants_two_persons_for_a_file_too(
    in_park: Any, admin: Any, persons: dict[str, Any]
) -> None:
    draft = schemes.adopt(by=admin, name="cq_htz_30")
    with pytest.raises(IntegrityError, match="one proposes, another activates"), transaction.atomic():
        SchemeVersion.objects.filter(pk=draft.pk).update(
            state="active", activated_at="2026-01-01T00:00Z", **persons
        )


def test_the_same_version_is_adopted_once(in_park: Any, admin: Any) -> None:
    schemes.adopt(by=admin, name="cq_htz_30")
    with pytest.raises(Conflict, match="新的版本号"):
        schemes.adopt(by=admin, name="cq_htz_30")


@pytest.mark.parametrize(
    "text",
    ["", "- a", "code: [", "code: x\nversion: 1", "a: &a [*a]", "!!python/object/apply:os.system ['true']"],
)
def test_a_wrong_file_is_refused_with_what_is_wrong(in_park: Any, admin: Any, text: str) -> None:
    with pytest.raises(Refused) as caught:
        schemes.adopt_text(by=admin, text=text)
    assert caught.value.field == "file"
    assert not SchemeVersion.objects.exists()


@pytest.mark.parametrize("column", ["body", "digest", "code", "title", "version"])
def test_the_database_refuses_to_change_an_adopted_scheme(in_park: Any, admin: Any, column: str) -> None:
    version = schemes.adopt(by=Actor.system(in_park), name="rd_companies_8")
    with pytest.raises(DatabaseError), transaction.atomic():
        SchemeVersion.objects.filter(pk=version.pk).update(**{column: "{}" if column == "body" else "other"})
    with pytest.raises(DatabaseError), transaction.atomic():
        version.delete()


def test_the_page_proposes_a_file_and_another_activates_it(park: Any, admin: Any, client_as: Any) -> None:
    client = client_as(admin)
    answer = client.post(
        URL, {"file": SimpleUploadedFile("own.yaml", schemes.library()["cq_htz_30"].read_bytes())}
    )
    assert answer.status_code == 302
    waiting = client.get(answer["Location"]).content.decode()
    assert "来自指标体系文件" in waiting and "启用此版本" not in waiting
    with park_scope(park.pk):
        draft = SchemeVersion.objects.get()
    assert draft.state == "draft"
    assert "待启用" in client.get(URL).content.decode()
    officer = people.actor("score_officer", park)
    other = client_as(officer)
    with park_scope(park.pk):
        assert [item.url for item in todo.todos_for(officer)] == [answer["Location"]]
        assert todo.todos_for(admin) == []
    assert "启用此版本" in other.get(answer["Location"]).content.decode()
    other.post(f"{answer['Location']}activate/", {"digest": draft.digest})
    page = client.get(f"{URL}{draft.pk}/").content.decode()
    for indicator in scheme_of(draft).indicators:
        assert indicator.zh in page
    assert draft.digest[:12] in client.get(URL).content.decode()


def test_an_uploaded_file_is_checked(park: Any, admin: Any, client_as: Any) -> None:
    answer = client_as(admin).post(URL, {"file": SimpleUploadedFile("s.yaml", b"code: x")})
    assert answer.status_code == 422
    assert "指标体系文件有误" in answer.content.decode()


def test_nothing_chosen_is_said(park: Any, admin: Any, client_as: Any) -> None:
    answer = client_as(admin).post(URL, {"name": ""})
    assert answer.status_code == 422
    assert "请选择指标体系" in answer.content.decode()


def test_a_scheme_of_another_park_does_not_exist(
    park: Any, other_park: Any, admin: Any, client_as: Any
) -> None:
    with park_scope(other_park.pk):
        foreign = schemes.adopt(by=Actor.system(other_park), name="cq_htz_30")
    client = client_as(admin)
    assert client.get(f"{URL}{foreign.pk}/").status_code == 404
    assert client.get(f"{URL}999999/").status_code == 404


@pytest.mark.parametrize("role", ["park_reviewer", "park_auditor", "enterprise_signatory", "bank_maker"])
def test_only_the_administrator_adopts(park: Any, client_as: Any, role: str) -> None:
    assert client_as(people.actor(role, park)).post(URL, {"name": "cq_htz_30"}).status_code == 403
