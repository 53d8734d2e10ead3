"""Tables of the boards: what the office prepares, and what was published."""

from .awards import Award, AwardBudget, AwardPlan, AwardRule
from .boards import BoardDefinition
from .certificates import LookupMiss, PublishedCertificate, PublishedKey, PublishedWitness
from .editions import AllowedTransition, BoardEdition, BoardEntry
from .objections import CorrectionOrder, Objection, ObjectionFile
from .profiles import PublicProfile
from .published import PublishedBoard, PublishedCurrent, PublishedEntry, PublishedMethod
from .releases import BoardRelease

__all__ = [
    "AllowedTransition", "Award", "AwardBudget", "AwardPlan", "AwardRule", "BoardDefinition", "BoardEdition", "BoardEntry", "BoardRelease",
    "CorrectionOrder", "LookupMiss", "Objection", "ObjectionFile", "PublicProfile", "PublishedBoard",
    "PublishedCertificate", "PublishedCurrent", "PublishedEntry", "PublishedKey", "PublishedMethod", "PublishedWitness",
]  # fmt: skip
