from .audit import AuditChain, AuditEvent
from .calendar import CalendarDay
from .evidence import EvidenceFile
from .idempotency import IdempotencyRecord
from .jobs import Job
from .outbox import Notification, OutboxMessage
from .people import Account, ApiToken, Membership, Organisation, Partnership, Person
from .zones import Park, SubPark

__all__ = [
    "Account",
    "ApiToken",
    "AuditChain",
    "AuditEvent",
    "CalendarDay",
    "EvidenceFile",
    "IdempotencyRecord",
    "Job",
    "Membership",
    "Notification",
    "Organisation",
    "OutboxMessage",
    "Park",
    "Partnership",
    "Person",
    "SubPark",
]
