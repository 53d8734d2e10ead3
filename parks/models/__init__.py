from .audit import AuditChain, AuditEvent
from .benefits import Benefit
from .calendar import CalendarDay
from .evidence import EvidenceFile
from .idempotency import IdempotencyRecord
from .jobs import Job
from .outbox import GroupRobot, NoticePreference, Notification, NotificationRead, OutboxMessage
from .people import Account, ApiToken, Membership, Organisation, Partnership, Person
from .starters import StarterTasks
from .throttles import Throttle
from .zones import Park, SubPark

__all__ = [
    "Account",
    "ApiToken",
    "AuditChain",
    "AuditEvent",
    "Benefit",
    "CalendarDay",
    "EvidenceFile",
    "GroupRobot",
    "IdempotencyRecord",
    "Job",
    "Membership",
    "NoticePreference",
    "Notification",
    "NotificationRead",
    "Organisation",
    "OutboxMessage",
    "Park",
    "Partnership",
    "Person",
    "StarterTasks",
    "SubPark",
    "Throttle",
]
