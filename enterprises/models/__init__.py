from .cycles import Cycle
from .declarations import Declaration, DeclaredValue, VerificationDecision
from .departments import DepartmentBatch, DepartmentValue, RegisterRecord, SourceMapping, WriteMode
from .enterprises import Certification, Enterprise
from .filling import Delegation, Receipt, WorkbookUpload
from .library import EvidenceNote
from .penalties import PenaltyRecord
from .people import AgentLetter, Invitation
from .reviews import (
    ConflictOfInterest,
    InternalNote,
    ItemMessage,
    ReturnItem,
    ReturnNotice,
    ReviewClaim,
)
from .stays import SubParkStay

__all__ = [
    "AgentLetter",
    "Certification",
    "ConflictOfInterest",
    "Cycle",
    "Declaration",
    "DeclaredValue",
    "Delegation",
    "DepartmentBatch",
    "DepartmentValue",
    "Enterprise",
    "EvidenceNote",
    "InternalNote",
    "Invitation",
    "ItemMessage",
    "PenaltyRecord",
    "Receipt",
    "RegisterRecord",
    "ReturnItem",
    "ReturnNotice",
    "ReviewClaim",
    "SourceMapping",
    "SubParkStay",
    "VerificationDecision",
    "WorkbookUpload",
    "WriteMode",
]
