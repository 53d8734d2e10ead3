"""`manage.py issue_token --park CODE --login LOGIN --role ROLE --name NAME`: an API key for a department's system."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ...actors import Actor
from ...models import Account, Park
from ...queries import memberships
from ...scope import park_scope
from ...services import people
from ...services.zones import GRANTABLE


class Command(BaseCommand):
    help = "Make an API token that acts as a person's role in a park; prints it once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--park", required=True)
        parser.add_argument("--login", required=True)
        parser.add_argument("--role", required=True, choices=sorted(GRANTABLE))
        parser.add_argument("--name", required=True, help="which system will use it, for the audit trail")
        parser.add_argument("--days", type=int, default=90, help="days until it ends (default: 90)")

    def handle(self, *args: Any, **options: Any) -> None:
        park = Park.objects.filter(code=options["park"]).first()
        account = Account.objects.filter(login=options["login"]).first()
        if park is None or account is None:
            raise CommandError(f"There is no park {options['park']!r} or no login {options['login']!r}.")
        held = memberships.of_account(account_id=account.pk, park_id=park.pk)
        membership = next((one for one in held if one.role == options["role"]), None)
        if membership is None:
            raise CommandError(f"{account.login} is not {options['role']} in {park.code} today.")
        with park_scope(park.pk):
            clear = people.issue_token(
                by=Actor.of(membership), account=account, name=options["name"], days=options["days"]
            )
        self.stdout.write(clear)
