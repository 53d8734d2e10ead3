from .cycles import Cycle
from .declarations import Declaration, DeclaredValue, VerificationDecision
from .departments import DepartmentBatch, DepartmentValue, RegisterRecord, SourceMapping, WriteMode
from .enterprises import Certification, Enterprise
from .library import EvidenceNote
from .penalties import PenaltyRecord
from .people import AgentLetter, Invitation
from .stays import SubParkStay

__all__ = [
    "AgentLetter",
    "Certification",
    "Cycle",
    "Declaration",
    "DeclaredValue",
    "DepartmentBatch",
    "DepartmentValue",
    "Enterprise",
    "EvidenceNote",
    "Invitation",
    "PenaltyRecord",
    "RegisterRecord",
    "SourceMapping",
    "SubParkStay",
    "VerificationDecision",
    "WriteMode",
]
