from __future__ import annotations

import logging
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from innovscore.demo import people, story
from parks.clock import db_today
from parks.models import Account, Park
from parks.roles import Role


class Command(BaseCommand):
    """The demo zone: deterministic, invented, only where DEMO_MODE is on."""

    help = "Makes the demo zone (--accounts: prints one account a role)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--enterprises", type=int, default=527)
        parser.add_argument("--years", type=int, default=3, choices=[1, 2, 3])
        parser.add_argument("--seed", type=int, default=2022)
        parser.add_argument(
            "--last-year", type=int, help="newest evaluation year; default: the year before this one"
        )
        parser.add_argument(
            "--accounts", action="store_true", help="print the accounts of the demo zone and stop"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO_MODE:
            raise CommandError("The demo zone has public passwords; it is made only with DEMO_MODE=1.")
        if options["accounts"]:
            self._accounts()
            return
        if not 12 <= options["enterprises"] <= 1_000_000:
            raise CommandError("--enterprises takes 12 to 1000000.")
        if Park.objects.exists():
            raise CommandError(
                "There are zones in this database already; the demo zone is made in an empty one."
            )
        logging.disable(logging.INFO)  # its jobs are no news
        began = time.monotonic()
        story.tell(
            enterprises=options["enterprises"],
            years=options["years"],
            seed=options["seed"],
            say=self._say,
            last_year=options["last_year"] or db_today().year - 1,
        )
        self._say(f"done in {time.monotonic() - began:.0f} s")

    def _say(self, text: str) -> None:
        self.stdout.write(f"  {text}")

    def _accounts(self) -> None:
        have = set(Account.objects.filter(login__endswith="@demo").values_list("login", flat=True))
        self.stdout.write(
            f"Password of all: {people.PASSWORD}   (or one tap on /demo/; codes are shown on the sign-in page)"
        )
        seen: set[str] = set()
        for card in people.ACCOUNTS:
            if card.login in have and card.role not in seen:
                seen.add(card.role)
                self.stdout.write(f"  {card.login:18} {Role(card.role).label}  {card.name}")
