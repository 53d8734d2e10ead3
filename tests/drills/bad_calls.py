"""Mostly-right calls of the bank API, made from its document: python -m tests.drills.bad_calls

REQUESTS (default 200000; the suite makes 400) comes from the environment. No call may end in a 5xx, and none that is refused
may change a row. Prints "SEED=… N tried, N failed" with how often each status came.
"""

from __future__ import annotations

import sys

from . import longer

if __name__ == "__main__":
    test = "tests/bankapi/test_document.py::test_generated_requests_never_break_the_api"
    sys.exit(longer.run(test, REQUESTS="200000"))
