"""The linters, the type checker and Django's own checks, each as one test: `make test` has one summary."""

from __future__ import annotations

import pytest

from innovscore import launcher


@pytest.mark.parametrize("name", list(launcher.checks()))
@pytest.mark.django_db
def test_check(name: str) -> None:
    done = launcher.run_check(name)
    assert done.returncode == 0, f"{name}\n{done.stdout}"
