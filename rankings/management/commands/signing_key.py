from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from parks.models import Park
from parks.scope import park_scope
from rankings import signing
from rankings.services import certificates


class Command(BaseCommand):
    """Make, rotate or show the key that signs certificates. Run where the worker runs (INNOVSCORE_PROCESS=worker)."""

    help = "create: the first key; rotate: a new key signs from now on, what the old one signed stays valid; show."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["create", "rotate", "show"])

    def handle(self, *args: Any, **options: Any) -> None:
        folder = settings.SIGNING_KEYS
        if folder is None:
            raise CommandError("Only the worker has signing keys: INNOVSCORE_PROCESS=worker.")
        have = sorted(folder.glob("*.pem")) if folder.is_dir() else []
        if options["action"] == "create" and have:
            raise CommandError(f"There is a key already ({have[-1].name}); use rotate.")
        if options["action"] == "rotate" and not have:
            raise CommandError("There is no key yet; use create.")
        if options["action"] != "show":
            key = signing.create(folder)
            for park in Park.objects.order_by("pk"):
                with park_scope(park.pk):
                    certificates.signer()
            self.stdout.write(f"{key.key_id} signs from now on")
            return
        for path in have:
            self.stdout.write(path.name)
        self.stdout.write(f"signs now: {signing.current(folder).key_id}" if have else "no key")
