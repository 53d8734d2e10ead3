"""Firms for the journeys of declaring and reviewing, made inside the running site: each journey has its own."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from typing import Any

from tests.conftest import ROOT
from tests.journeys.visitor import Visitor

YEAR = 2030
ZONE = "cd"
PASSWORD = "a long pass phrase 1"
FIRST = 810_001


def inside(site: Any, open_firms: int, signed_firms: int = 0) -> list[dict[str, Any]]:
    """`main` in the running site."""
    code = f"from tests.journeys import firms; firms.main({open_firms}, {signed_firms})"
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v0", "-c", code],
        cwd=ROOT, env=site.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    made: list[dict[str, Any]] = json.loads(done.stdout.strip().splitlines()[-1])
    return made


def sign_in(window: Visitor, login: str, firm: dict[str, Any]) -> Visitor:
    """A person of such a firm signs in by name and password."""
    window.go("/account/login/")
    return window.fill(login=f"{login}{firm['number']}", password=PASSWORD).press("登录")


def main(open_firms: int, signed_firms: int) -> None:
    """Run there: make a year with firms whose declarations are pre-filled; the last `signed_firms` have signed theirs. Prints JSON."""
    from parks.models import Park
    from parks.scope import park_scope

    park = Park.objects.get(code=ZONE)
    with park_scope(park.pk):
        made = [
            _firm(park, number, signed=number >= open_firms) for number in range(open_firms + signed_firms)
        ]
    print(json.dumps(made))


def _firm(park: Any, number: int, *, signed: bool) -> dict[str, Any]:
    from parks.actors import Actor
    from tests.factories import enterprises as make

    system = Actor.system(park)
    firm = make.enterprise(FIRST + number)
    people = {
        login: _account(park, firm, f"{login}{number}", name, role)
        for login, name, role in (
            ("agent", "王经办", "enterprise_agent"),
            ("other", "李会计", "enterprise_agent"),
            ("legal", "张法人", "enterprise_signatory"),
        )
    }
    cycle = make.cycle(system, YEAR)
    declaration = make.declaration(system, firm, cycle, **make.SOUND)
    if signed:
        make.finish(declaration, people["agent"])
        make.sign(declaration, people["legal"])
    return {"number": number, "name": firm.name, "declaration": declaration.pk}


def _account(park: Any, firm: Any, login: str, name: str, role: str) -> Any:
    from parks.actors import Actor
    from parks.models import Account, Membership, Person

    person = Person.objects.create(name=name)
    account = Account.objects.create_account(login=login, password=PASSWORD, person=person)
    membership = Membership.objects.create(
        account=account, organisation=firm.organisation, role=role, starts_on=dt.date(2020, 1, 1)
    )
    return Actor.of(membership)
