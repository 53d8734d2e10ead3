"""Facts of this room that higher rooms may act on; sent inside the transaction that makes them true."""

from django.dispatch import Signal

# sender BoardEdition; edition, by (Actor)
board_put_on_notice = Signal()

# sender BoardEdition; edition, published (PublishedBoard), by (Actor)
board_published = Signal()

# sender BoardEdition; edition, reason, by (Actor)
board_withdrawn = Signal()
