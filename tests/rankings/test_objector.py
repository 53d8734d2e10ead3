"""Who objected stays with the office: no page of the firm it is about, of another firm, a bank or the public tells."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from parks import access, jobs
from parks.roles import Role
from rankings.models import PublishedBoard
from rankings.services import corrections, objections
from scoring.models import ScoreRun
from tests.access.routes import routes
from tests.factories import parks as people
from tests.factories import rankings as make
from tests.rankings.test_corrections import declared, firm_at, rd_of

pytestmark = pytest.mark.django_db
NAME, CONTACT = "龚隐名", "13912345678"
OFFICE = {Role.PARK_ADMIN, Role.PUBLISHER, Role.PARK_AUDITOR}


def reads(line: access.Line, role: str) -> bool:
    """Pages without sign-in are read once, by the public."""
    return line.is_public if role == "public" else not line.is_public and line.allows(role)


def test_the_objector_is_hidden_from_everybody_but_the_office(in_park: Any) -> None:
    """Through all steps up to a corrected edition on notice, every page that a role may open is read with real numbers."""
    office = make.Office(in_park)
    make.computed(office.officer)
    declared(office, people.actor("park_reviewer", in_park, name="魏复核"))
    edition = office.on_notice()
    firm = firm_at(edition, 1)
    shown = PublishedBoard.objects.get(edition=edition)
    row = objections.file_publicly(
        published=shown, name=NAME, contact=CONTACT, statement="研发费用多计了一笔委托开发。", address="10.0.0.1",
        about_uscc=firm.uscc,
    )  # fmt: skip
    office.checked(row)
    objections.answer(by=office.admin, objection=row, outcome="upheld", text="属实，将更正。")
    row.refresh_from_db()
    order = corrections.propose(
        by=office.admin, objection=row, code="rd_expense", amount=rd_of(row) / 3, reason="多计一笔委托开发"
    )
    order = corrections.approve(by=office.second, order_id=order.pk)
    run = ScoreRun.objects.get(pk=order.run_id)
    jobs.run(run.job_id)
    make.look_at_anomalies(office.officer, run)
    newer = PublishedBoard.objects.get(edition=office.on_notice())
    numbers = {
        "year": make.YEAR, "board": make.BOARD, "number": 1, "position": 1, "uscc": firm.uscc, "edition_id": edition.pk,
        "objection_id": row.pk, "order_id": order.pk, "run_id": run.pk, "code": "rd_expense", "version": "2021.1",
        "enterprise_id": firm.enterprise_id, "snapshot_id": order.snapshot_id,
    }  # fmt: skip
    own = people.actor("enterprise_agent", in_park, organisation=firm.enterprise.organisation)
    readers = {"public": Client(), "enterprise_agent": people.client_for(own)} | {
        role: people.client_for(people.actor(role, in_park))
        for role in set(Role.values) - OFFICE - {own.role}
    }
    read, told = 0, []
    for role, client in readers.items():
        for route in routes():
            line = access.line_for(route.name, "GET")
            if line is None or not reads(line, role) or route.name.endswith(("logout", "_pdf")):
                continue
            for notice in (shown.pk, newer.pk) if "notice_id" in route.parameters else (0,):
                response = client.get(route.url(**numbers, notice_id=notice))
                body = b"" if response.streaming else response.content
                read += response.status_code == 200
                told += [(role, route.name) for word in (NAME, CONTACT) if word.encode() in body]
    assert told == []
    assert read > 100
    admin = people.client_for(office.admin).get(f"/p/{in_park.code}/office/objections/{row.pk}/")
    assert NAME in admin.content.decode()  # the canary is one that a page can tell
