from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from enterprises.models import Cycle, Enterprise
from finance.models import BankClient, ProductVersion
from finance.services import clients, products, sandbox
from finance.services.sandbox import SCRIPTS
from finance.states import SCOPES, VersionState
from indicators.services import schemes
from innovscore.core.problems import Problem
from innovscore.demo import load
from innovscore.demo.world import LAST_YEAR, make_world
from parks import jobs
from parks.actors import Actor
from parks.clock import db_now
from parks.models import Account, Membership, Organisation, Park, Partnership, Person, SubPark
from parks.queries.memberships import of_account
from parks.roles import Role
from parks.scope import park_scope
from scoring.models import ScoreRun
from scoring.queries.standing import standing_of
from scoring.services import runs, snapshots

CODE = "sandbox"
FIRMS = 40
FIRST = 3_000_000  # numbers of synthetic codes that no demo zone uses
SINCE = dt.date(2022, 1, 1)
PRODUCT = "sandbox-loan"
EACH = 3
OFFICE = {"score": Role.SCORE_OFFICER, "publish": Role.PUBLISHER, "admin": Role.PARK_ADMIN}
FORMULA = products.DEFAULT_FORMULA | {"bands": [["0", "2000000"], ["100", "15000000"]], "gamma": "1.00"}
TERMS = products.Terms(
    cap=Decimal(15_000_000), min_score=Decimal(0), rate_low=Decimal("0.03"), rate_high=Decimal("0.06"), term_min=3, term_max=36
)  # fmt: skip


STAFF = {"maker": Role.BANK_MAKER, "checker": Role.BANK_CHECKER, "ops": Role.BANK_OPS}


class Command(BaseCommand):
    """The sandbox park: invented firms that act by a script, the same code as everywhere else."""

    help = "Makes the sandbox park (once) and lets a bank's people and program work in it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--maker", default="bank.maker@demo", help="login of the bank's maker")
        parser.add_argument("--checker", default="bank.check@demo", help="login of the bank's checker")
        parser.add_argument("--ops", default="bank.ops@demo", help="login of the bank's operations role")
        parser.add_argument(
            "--ops2", default="bank.check@demo", help="login of a second person of the operations"
        )
        parser.add_argument("--public-key", type=Path, help="PEM file of the program's public key")

    def handle(self, *args: Any, **options: Any) -> None:
        accounts = {role: self._account(options[name]) for name, role in STAFF.items()}
        park = Park.objects.filter(code=CODE).first() or self._make()
        if park.kind != Park.Kind.SANDBOX:
            raise CommandError(f"{CODE} is the code of a park that is no sandbox.")
        try:
            with park_scope(park.pk):
                bank = _bank_of(options["ops"])
                staff = _let_in(accounts, bank)
                _let_in({Role.BANK_OPS: self._account(options["ops2"])}, bank)
                _product(staff)
                client = _program(staff[Role.BANK_OPS], options["public_key"])
                steps = sandbox.play_here()
        except Problem as problem:
            raise CommandError(f"{problem.code}: {problem.message}") from problem
        self.stdout.write(f"park {CODE}, product {PRODUCT}; firms took {steps} step(s)")
        self.stdout.write(f"scripts: {', '.join(f'ent-{name}-01 …' for name in SCRIPTS)}")
        if client:
            self.stdout.write(f"client_id {client.application.client_id}")

    def _account(self, login: str) -> Account:
        found = Account.objects.filter(login=login).select_related("person").first()
        if found is None:
            raise CommandError(f"There is no account {login!r}.")
        return found

    def _make(self) -> Park:
        """The park with scored firms; all or nothing, except for the run, which commits in between."""
        self.stdout.write("making the sandbox park")
        with transaction.atomic():
            park, run, people, firms = self._score()
        with park_scope(park.pk):
            jobs.run(run.job_id)  # type: ignore[arg-type]  # asked for a moment ago
        with park_scope(park.pk):
            run.refresh_from_db()
            runs.make_official(by=people["publish"], run=run)
            _name(firms)
        return park

    def _score(self) -> tuple[Park, ScoreRun, dict[str, Actor], list[Enterprise]]:
        """A new park whose firms have figures and whose run was asked for."""
        park = Park.objects.create(code=CODE, name="测试园区", name_en="Sandbox", kind=Park.Kind.SANDBOX)
        with park_scope(park.pk):
            SubPark.objects.create(code="core", name="测试片区")
            office = Organisation.objects.create(kind="park_office", name="测试园区管委会")
            people = {name: _person(f"{name}@{CODE}", name, role, office) for name, role in OFFICE.items()}
            scheme = schemes.adopt(by=Actor.system(park), name="cq_htz_30")
            world = make_world(FIRMS, 1, 7, first=FIRST, sub_parks=1)
            firms = load.load_enterprises(world, since=SINCE)
            cycle = Cycle.objects.create(
                year=LAST_YEAR, scheme_version=scheme, declaration_deadline=db_now() + dt.timedelta(days=30)
            )
            verifier = load.Verifier(people["admin"].person_id or 0, people["admin"].person_name)
            load.load_year(world, world.years[-1], firms, cycle, verifier=verifier, seed=7)
            snapshots.freeze_cycle(by=people["score"], cycle=cycle)
            run = runs.request_run(by=people["score"], cycle=cycle)
        return park, run, people, firms


def _person(login: str, name: str, role: Role, organisation: Organisation) -> Actor:
    """Somebody invented, who cannot sign in."""
    account = Account.objects.create_account(
        login=login, password=None, person=Person.objects.create(name=name)
    )
    return Actor.of(
        Membership.objects.create(account=account, organisation=organisation, role=role, starts_on=SINCE)
    )


def _name(firms: list[Enterprise]) -> None:
    """The best firms get names that say what they will do, and a signatory each."""
    ranked = sorted(firms, key=lambda firm: -(_points(firm)))
    names = [f"ent-{script}-{number:02}" for number in range(1, EACH + 1) for script in SCRIPTS]
    for firm, name in zip(ranked, names, strict=False):
        Organisation.objects.filter(pk=firm.organisation_id).update(name=name)
        Enterprise.objects.filter(pk=firm.pk).update(name=name)
        _person(f"{name}@{CODE}", name, Role.ENTERPRISE_SIGNATORY, firm.organisation)


def _points(firm: Enterprise) -> Any:
    standing = standing_of(firm.pk)
    return standing.total if standing else 0


def _bank_of(login: str) -> Organisation:
    """The one bank that this account does operations for, in whatever park."""
    account = Account.objects.get(login=login)
    banks = {
        one.organisation_id: one.organisation
        for one in of_account(account_id=account.pk)
        if one.role == Role.BANK_OPS
    }
    if len(banks) != 1:
        raise CommandError(f"{login} must do operations for exactly one bank, not {len(banks)}.")
    return next(iter(banks.values()))


def _let_in(accounts: dict[Role, Account], bank: Organisation) -> dict[Role, Actor]:
    with transaction.atomic():
        if not Partnership.objects.filter(organisation=bank).exists():
            Partnership.objects.create(organisation=bank, starts_on=SINCE)
        return {
            role: Actor.of(
                Membership.objects.get_or_create(
                    account=account, organisation=bank, role=role, defaults={"starts_on": SINCE}
                )[0]
            )
            for role, account in accounts.items()
        }


def _product(staff: dict[Role, Actor]) -> None:
    """The sandbox product, proposed by one and put in force by the other."""
    if ProductVersion.objects.filter(product__code=PRODUCT, state=VersionState.ACTIVE).exists():
        return
    version = products.propose(
        by=staff[Role.BANK_MAKER], code=PRODUCT, name="测试贷款", terms=TERMS, formula=FORMULA
    )
    products.activate(by=staff[Role.BANK_CHECKER], version_id=version.pk)


def _program(ops: Actor, path: Path | None) -> BankClient | None:
    """The program with this key, registered when it is new."""
    if path is None:
        return None
    text = path.read_text(encoding="utf-8")
    kid = clients.parse_key(text)["kid"]
    known = BankClient.objects.filter(
        organisation_id=ops.organisation_id or 0, keys__contains=[{"kid": kid}], disabled_at__isnull=True
    )
    client = known.select_related("application").first()
    return client or clients.register(by=ops, name="测试程序", scopes=list(SCOPES), public_key=text)
