"""Facts of the ground floor, for the floors above and for the wiring."""

from django.dispatch import Signal

job_waiting = Signal()
"""A job waits for a worker; sent with `job_id`."""
