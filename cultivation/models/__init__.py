# policies and claims
from .broadcasts import Broadcast, BroadcastFirm
from .claims import Claim, ClaimEvent, ClaimNotice, ClaimPaper, ClaimTransition
from .facts import StatedFact
from .gatherings import Gathering, SignUp
from .needs import Expert, Introduction, IntroductionOutcome, TechNeed
from .platforms import (
    Platform,
    PlatformEvent,
    PlatformFeed,
    PlatformLevel,
    PlatformReport,
    PlatformType,
    PlatformYear,
)
from .policies import CurrentMatch, Match, MatchRun, Policy, PolicyPush, PolicyVersion, TagSubscription
from .pools import PoolMove, PoolPlace, PoolTask
from .visits import Appeal, AppealEvent, Visit, VisitPaper

__all__ = [
    "Appeal", "AppealEvent", "Broadcast", "BroadcastFirm", "Claim", "ClaimEvent", "ClaimNotice", "ClaimPaper",
    "ClaimTransition", "CurrentMatch", "Expert", "Gathering", "Introduction", "IntroductionOutcome", "Match", "MatchRun",
    "Platform", "PlatformEvent", "PlatformFeed", "PlatformLevel", "PlatformReport", "PlatformType", "PlatformYear", "Policy", "PolicyPush",
    "PolicyVersion", "PoolMove", "PoolPlace", "PoolTask", "SignUp", "StatedFact", "TagSubscription", "TechNeed", "Visit", "VisitPaper",
]  # fmt: skip
