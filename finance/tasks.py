"""Lending's own clockwork; each task only calls a service. Importing the services registers how the outbox tells banks."""

from __future__ import annotations

from celery import shared_task
from django.core.management import call_command

from .services import daily, sandbox, webhooks


@shared_task(name="finance.send_webhooks", ignore_result=True)
def send_webhooks() -> None:
    webhooks.send_due()


@shared_task(name="finance.tell_daily", ignore_result=True)
def tell_daily() -> None:
    daily.tell()


@shared_task(name="finance.lapse_applications", ignore_result=True)
def lapse_applications() -> None:
    daily.lapse()


@shared_task(name="finance.remind_of_contact", ignore_result=True)
def remind_of_contact() -> None:
    daily.remind_of_contact()


@shared_task(name="finance.mark_overdue", ignore_result=True)
def mark_overdue() -> None:
    daily.mark_overdue()


@shared_task(name="finance.verify_invariants", ignore_result=True)
def verify_invariants() -> None:
    """A breach makes the task fail (counted in the metrics); the worker's log names the rows."""
    call_command("verify_invariants")


@shared_task(name="finance.play_sandbox", ignore_result=True)
def play_sandbox() -> None:
    sandbox.play()
