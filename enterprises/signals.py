"""Facts of this room that higher rooms may act on; sent inside the transaction that makes them true."""

from django.dispatch import Signal

# sender Enterprise; enterprise (with what it now declares), by (Actor)
publication_declared = Signal()
