"""Redis is emptied or stops at random steps of runs that wait or are at work: python -m tests.drills.redis

TIMES (default 50; the suite does 3) and SEED come from the environment. No job may be lost and each run has the one right
result; meanwhile people sign in and read, and a bank's program that must be refused is refused. Prints "N tried, N failed".
"""

from __future__ import annotations

import sys

from . import longer

if __name__ == "__main__":
    sys.exit(longer.run("tests/ops/test_redis_away.py::test_at_any_step_nothing_is_lost", TIMES="50"))
