# policies and claims
from .claims import Claim, ClaimEvent, ClaimNotice, ClaimPaper, ClaimTransition
from .platforms import Platform, PlatformEvent, PlatformLevel, PlatformReport, PlatformType, PlatformYear
from .policies import CurrentMatch, Match, MatchRun, Policy, PolicyPush, PolicyVersion
from .pools import PoolMove, PoolPlace, PoolTask

__all__ = [
    "Claim", "ClaimEvent", "ClaimNotice", "ClaimPaper", "ClaimTransition", "CurrentMatch", "Match", "MatchRun", "Platform", "PlatformEvent", "PlatformLevel",
    "PlatformReport", "PlatformType", "PlatformYear", "Policy", "PolicyPush", "PolicyVersion", "PoolMove", "PoolPlace", "PoolTask",
]  # fmt: skip
