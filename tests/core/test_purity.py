"""The pure cores run without the framework."""

from __future__ import annotations

import subprocess
import sys

import pytest

CORES = [
    f"innovscore.core.{name}"
    for name in (
        "canonical",
        "confined",
        "dates",
        "digest",
        "disclosure",
        "env",
        "money",
        "problems",
        "uscc",
        "workdays",
    )
]


@pytest.mark.parametrize(
    "modules", [CORES, ["finance.formula"], ["rankings.order"], ["scoring.engine"], ["innovscore.demo.world"]]
)
def test_importing_it_brings_no_framework(modules: list[str]) -> None:
    code = f"import sys, {', '.join(modules)}; assert not {{'django', 'celery', 'redis', 'psycopg2'}} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)  # our own interpreter and words


def test_the_list_of_helpers_is_closed() -> None:
    import pkgutil

    from innovscore import core

    names = {module.name for module in pkgutil.iter_modules(core.__path__)}
    assert names == {name.rpartition(".")[2] for name in CORES}
    assert all(name in (core.__doc__ or "") for name in names)
