"""What other rooms' news mean for cultivation."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from enterprises.signals import batch_to_write

from .services import feeds


@receiver(batch_to_write, dispatch_uid="cultivation.batch_to_write")
def a_batch_is_to_be_written(sender: Any, batch: Any, **_kwargs: Any) -> None:
    """A list of platforms that is no longer so is not written."""
    feeds.refuse_if_changed(batch_id=batch.pk)
