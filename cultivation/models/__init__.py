# policies and claims
from .claims import Claim, ClaimEvent, ClaimNotice, ClaimPaper, ClaimTransition
from .policies import CurrentMatch, Match, MatchRun, Policy, PolicyPush, PolicyVersion

__all__ = [
    "Claim", "ClaimEvent", "ClaimNotice", "ClaimPaper", "ClaimTransition", "CurrentMatch", "Match", "MatchRun", "Policy", "PolicyPush", "PolicyVersion",
]  # fmt: skip
