from .cycles import Cycle
from .declarations import Declaration, DeclaredValue, VerificationDecision
from .departments import DepartmentBatch, DepartmentValue
from .enterprises import Certification, Enterprise
from .penalties import PenaltyRecord

__all__ = [
    "Certification",
    "Cycle",
    "Declaration",
    "DeclaredValue",
    "DepartmentBatch",
    "DepartmentValue",
    "Enterprise",
    "PenaltyRecord",
    "VerificationDecision",
]
