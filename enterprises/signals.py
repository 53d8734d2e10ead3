"""Facts of this room that higher rooms may act on; sent inside the transaction that makes them true."""

from django.dispatch import Signal

# sender Enterprise; enterprise (with what it now declares), by (Actor)
publication_declared = Signal()

# sender DepartmentBatch; batch, locked and about to be written. Who made it may refuse by raising Refused.
batch_to_write = Signal()
