#!/usr/bin/env python
"""Commands of Innovscore. Those that change the database's shape run as its owner."""

import os
import sys

OWNER_COMMANDS = {"migrate", "ensure_roles", "sqlmigrate", "showmigrations", "makemigrations", "dbshell"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "innovscore.settings")
    if len(sys.argv) > 1 and sys.argv[1] in OWNER_COMMANDS:
        os.environ.setdefault("INNOVSCORE_PROCESS", "owner")
    from django.core.management import execute_from_command_line  # after the process is known

    from innovscore.celery import app  # noqa: F401  # commands ask for jobs too

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
