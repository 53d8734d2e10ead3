#!/usr/bin/env python
"""Commands of Innovscore. Those that change the database's shape run as its owner."""

import os
import sys

OWNER_COMMANDS = {"migrate", "ensure_roles", "sqlmigrate", "showmigrations", "makemigrations", "dbshell"}


def process_of(arguments: list[str]) -> str:
    """Which database role a command needs: the owner changes the shape, the worker does jobs, else web."""
    if arguments and arguments[0] in OWNER_COMMANDS:
        return "owner"
    return "worker" if "--here" in arguments else "web"


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "innovscore.settings")
    os.environ.setdefault("INNOVSCORE_PROCESS", process_of(sys.argv[1:]))
    from django.core.management import execute_from_command_line  # after the process is known

    from innovscore.celery import app  # noqa: F401  # commands ask for jobs too

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
