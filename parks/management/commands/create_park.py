"""`manage.py create_park CODE --name NAME --admin LOGIN`: opens a zone and lets its first administrator in."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from innovscore.core.problems import Problem

from ...services import zones


class Command(BaseCommand):
    help = "Open a zone with its office, sub-parks and first administrator; prints the passphrase once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code", help="names the zone in addresses and commands, e.g. cq")
        parser.add_argument("--name", required=True)
        parser.add_argument("--name-en", default="")
        parser.add_argument("--office", default="", help="contact office, shown on notices")
        parser.add_argument("--phone", default="", help="contact phone, shown on notices")
        parser.add_argument(
            "--sub-park", action="append", default=[], metavar="CODE=NAME",
            help="repeatable; the first is the core area, others are extension parks",
        )  # fmt: skip
        parser.add_argument("--admin", required=True, metavar="LOGIN", help="login of the park administrator")
        parser.add_argument("--admin-name", default="", help="name of that person")

    def handle(self, *args: Any, **options: Any) -> None:
        parts = [part.partition("=") for part in options["sub_park"]]
        if any(not code or not name for code, _equals, name in parts):
            raise CommandError("--sub-park takes CODE=NAME, for example core=直管园")
        try:
            with transaction.atomic():
                park = zones.open_park(
                    code=options["code"],
                    name=options["name"],
                    name_en=options["name_en"],
                    contact_office=options["office"],
                    contact_phone=options["phone"],
                    sub_parks=[(code, name) for code, _equals, name in parts],
                )
                _membership, passphrase = zones.let_in(
                    park=park, login=options["admin"], name=options["admin_name"], role="park_admin"
                )
        except Problem as problem:
            raise CommandError(str(problem.message)) from problem
        self.stdout.write(f"park {park.code}: {park.name}")
        self.stdout.write(f"administrator {options['admin']}  passphrase {passphrase or '(account existed)'}")
        self.stdout.write("The second factor is set up at the first sign-in. Others: manage.py grant_role")
