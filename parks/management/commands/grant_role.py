"""`manage.py grant_role --park CODE --login LOGIN --role ROLE`: lets a person of office, bank, guarantor or fund in."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from innovscore.core.problems import Problem

from ...models import Park
from ...services import zones


class Command(BaseCommand):
    help = "Give a role in a park; opens the account where there is none and prints its passphrase once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--park", required=True)
        parser.add_argument("--login", required=True)
        parser.add_argument("--role", required=True, choices=sorted(zones.GRANTABLE))
        parser.add_argument("--name", default="", help="name of the person, for a new account")
        parser.add_argument("--organisation", default="", help="name of the bank, guarantor or fund")
        parser.add_argument("--reason", required=True, help="written to the audit trail")

    def handle(self, *args: Any, **options: Any) -> None:
        park = Park.objects.filter(code=options["park"]).first()
        if park is None:
            raise CommandError(f"There is no park {options['park']!r}.")
        try:
            membership, passphrase = zones.let_in(
                park=park,
                login=options["login"],
                name=options["name"],
                role=options["role"],
                organisation=options["organisation"],
                reason=options["reason"],
            )
        except Problem as problem:
            raise CommandError(str(problem.message)) from problem
        self.stdout.write(
            f"{membership.account.login}: {membership.get_role_display()} · {membership.organisation} · {park}"
        )
        self.stdout.write(f"passphrase {passphrase or '(account existed)'}")
