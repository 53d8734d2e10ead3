"""A test of the suite with more in it than the suite has time for."""

from __future__ import annotations

import os
import subprocess
import sys


def run(test: str, **amounts: str) -> int:
    """Run it with these amounts, which the environment may change; 0 when it passed."""
    command = [sys.executable, "-m", "pytest", "-q", "--no-header", "-s", test]
    return subprocess.run(command, env=amounts | dict(os.environ), check=False).returncode
