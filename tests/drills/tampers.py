"""A thousand tampers of published tables and what they rest on: python -m tests.drills.tampers

TAMPERS (default 1000) and SEED come from the environment. Prints "N tried, N failed".
"""

from __future__ import annotations

import os
import subprocess
import sys

TEST = "tests/rankings/test_tampers.py"


def main() -> int:
    environment = {"TAMPERS": "1000"} | os.environ
    command = [sys.executable, "-m", "pytest", "-q", "--no-header", "-s", TEST]
    return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
