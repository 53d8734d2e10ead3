"""Old editions stay reproducible: frozen snapshots give the same hashes, to the last board and certificate."""

import copy
import hashlib
import struct

import numpy as np
import pytest

from scoring import engine
from tests.engine import golden_runs


@pytest.mark.parametrize("scheme", golden_runs.SCHEMES)
def test_a_frozen_snapshot_gives_the_same_hashes(scheme: str) -> None:
    assert golden_runs.path_of(scheme).exists(), (
        f"engine {engine.ENGINE_VERSION} has no golden runs: python -m tests.engine.golden_runs REASON"
    )
    frozen = golden_runs.read(scheme)
    assert golden_runs.hashes(frozen) == frozen["expected"], (
        "a change of the engine needs a new ENGINE_VERSION"
    )


def test_one_other_figure_or_weight_is_another_run() -> None:
    frozen = golden_runs.read("cq_htz_30")
    assert len(frozen["expected"]["boards"]) == 4
    other = copy.deepcopy(frozen)
    other["values"][3][0] += 1
    moved = golden_runs.hashes(other)
    assert moved["snapshot_root"] != frozen["expected"]["snapshot_root"]
    assert moved["run_hash"] != frozen["expected"]["run_hash"]


def test_a_change_of_the_engine_goes_red(monkeypatch: pytest.MonkeyPatch) -> None:
    """The guard itself: a version number, and one point more for one firm."""
    frozen = golden_runs.read("cq_htz_30")
    score = engine.score

    def generous(*given: object) -> engine.Scores:
        scores = score(*given)  # type: ignore[arg-type]
        scores.total[0] += 1
        return scores

    monkeypatch.setattr(engine, "score", generous)
    assert golden_runs.hashes(frozen)["run_hash"] != frozen["expected"]["run_hash"]


SEALED = "dafed3ec6e28b53066c91342af576993f8eb25b240ea01f1c8b1135f60092055"
"""Root of the golden snapshot in format 2; what format 2 hashes never changes, a change is a format 3."""


def test_a_sealed_snapshot_gives_the_same_root_again() -> None:
    facts, seal = _sealed()
    assert engine.snapshot_root(facts, seal) == _by_hand(facts, seal) == SEALED


@pytest.mark.parametrize("column", ["confirmed_at", "refused", "provenance"])
def test_a_sealed_root_covers_every_byte_beside_the_facts(column: str) -> None:
    facts, seal = _sealed()
    table = np.ascontiguousarray(getattr(seal, column)).view(np.uint8).reshape(len(facts), -1)
    for byte in range(table.shape[1] if column != "refused" else 1):
        table[7, byte] ^= 1
        assert engine.snapshot_root(facts, seal) != SEALED
        table[7, byte] ^= 1


def test_the_path_of_a_sealed_row_leads_to_the_root() -> None:
    facts, seal = _sealed()
    leaves = list(engine.digest.snapshot_leaves(facts, seal))
    for place in range(len(leaves)):
        current = leaves[place]
        for side, other in engine.digest.snapshot_path(leaves, place, seal):
            pair = other + current if side == "left" else current + other
            current = hashlib.sha256(b"\x01" + pair).digest()
        assert current.hex() == SEALED


def _sealed() -> tuple[engine.Facts, engine.Seal]:
    frozen = golden_runs.read("cq_htz_30")
    scheme = engine.load_scheme(frozen["scheme"])
    facts = engine.make_facts(scheme, ids=frozen["ids"], values=frozen["values"], states=frozen["states"])
    number = np.arange(len(facts), dtype=np.int64)
    texts = [hashlib.sha256(b"%d" % one).hexdigest() for one in number]
    return facts, engine.Seal(
        head='{"format":2,"park":"渝"}'.encode(), confirmed_at=number * 10**15, refused=number % 3 == 0,
        provenance=np.array(texts, dtype="S64"),
    )  # fmt: skip


def _by_hand(facts: engine.Facts, seal: engine.Seal) -> str:
    """The same root, written from the description alone."""

    def sha(data: bytes) -> bytes:
        return hashlib.sha256(data).digest()

    level, values = [], facts.table()
    for i in sorted(range(len(facts)), key=lambda i: facts.ids[i].encode()):
        name = facts.ids[i].encode()
        row = struct.pack("<H", len(name)) + name + struct.pack("<H", 0)
        row += b"".join(struct.pack("<q", int(value)) for value in values[i])
        row += bytes(int(state) for state in facts.states[i])
        row += struct.pack("<qB", int(seal.confirmed_at[i]), int(seal.refused[i])) + bytes(seal.provenance[i])
        level.append(sha(b"\x00" + row))
    while len(level) > 1:
        pairs = [sha(b"\x01" + b"".join(level[i : i + 2])) for i in range(0, len(level) & ~1, 2)]
        level = pairs + level[len(pairs) * 2 :]
    return sha(b"\x01" + sha(b"\x00" + seal.head) + level[0]).hex()
