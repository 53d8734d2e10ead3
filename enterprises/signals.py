"""Facts of this room for the rooms above; sent inside the transaction."""

from django.dispatch import Signal

certified = Signal()
"""An enterprise is certified; sent with `enterprise` and `by`."""
