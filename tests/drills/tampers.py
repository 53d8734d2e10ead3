"""A thousand tampers of published tables and what they rest on: python -m tests.drills.tampers

TAMPERS (default 1000) and SEED come from the environment. Prints "N tried, N failed".
"""

from __future__ import annotations

import sys

from . import longer

if __name__ == "__main__":
    sys.exit(longer.run("tests/rankings/test_tampers.py", TAMPERS="1000"))
