"""Golden runs: a frozen snapshot and a scheme with the hashes that this engine version gave; old editions stand on them.

    python -m tests.engine.golden_runs "why the engine changed"

writes the runs of the present engine version, once: what is written is never overwritten. A change of the engine that moves a
hash needs a new ENGINE_VERSION and a reason, and the editions of the version before are proved with its code.
"""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from rankings import rules
from scoring import engine

FOLDER = Path(__file__).parent
SCHEMES = ("cq_htz_30", "national_18", "rd_companies_8")
UNITS = 48
BOARD_SCALE = Decimal(10) ** 4


def path_of(scheme: str) -> Path:
    return FOLDER / f"{engine.ENGINE_VERSION}-{scheme}.json.gz"


def read(scheme: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(gzip.decompress(path_of(scheme).read_bytes()))
    return found


def hashes(frozen: dict[str, Any]) -> dict[str, Any]:
    """What the present engine makes of a frozen snapshot: roots, run hash, the root of each board and a certificate's text."""
    scheme = engine.load_scheme(frozen["scheme"])
    facts = engine.make_facts(scheme, ids=frozen["ids"], values=frozen["values"], states=frozen["states"])
    scores = engine.score(facts, scheme)
    ranking = engine.rank(scores, facts, scheme)
    snapshot, result = engine.snapshot_root(facts), engine.result_root(scores)
    boards = {code: lines(board, facts, scores) for code, board in ranking.boards.items()}
    return {
        "snapshot_root": snapshot,
        "scheme_digest": scheme.digest,
        "result_root": result,
        "run_hash": engine.run_hash(snapshot, scheme.digest, engine.ENGINE_VERSION, result),
        "places": [int(place) for place in ranking.overall],
        "boards": {code: rules.root_of(found) for code, found in boards.items() if found},
        "certificates": {
            code: rules.tag_of(certificate(code, found)) for code, found in boards.items() if found
        },
    }


def lines(board: Any, facts: engine.Facts, scores: engine.Scores) -> list[rules.Line]:
    """The board's lines as an edition copies them from a run."""
    shown = board.place[list(board.winners)].tolist()
    return [
        rules.Line(
            position=position, place=int(board.place[row]), tied=shown.count(int(board.place[row])) > 1, uscc=facts.ids[row],
            name=f"企业{facts.ids[row]}", stage=scores.group_labels[int(scores.group[row])],
            score=Decimal(int(board.score[row])) / BOARD_SCALE,
        )
        for position, row in enumerate(board.winners, start=1)
    ]  # fmt: skip


def certificate(code: str, found: list[rules.Line]) -> str:
    """The text that is signed for the first place."""
    head = {"park": "cq", "board": code, "year": 2022, "entries_root": rules.root_of(found)}
    return rules.certificate_payload(head, found[0], [rules.leaf_of(line) for line in found])


def frozen_now(name: str) -> dict[str, Any]:
    """A snapshot of invented firms under a scheme of the house."""
    from bench.engine import zone

    scheme = engine.load_scheme(f"indicators/schemes/{name}.yaml")
    facts = zone(scheme, UNITS)
    values, states = facts.table(), facts.states.copy()
    values[5], states[5] = values[4], states[4]  # two equal firms
    return {
        "scheme": json.loads(json.dumps(scheme.body, default=str)),
        "ids": list(facts.ids), "values": np.asarray(values).tolist(), "states": np.asarray(states).tolist(),
    }  # fmt: skip


def write(reason: str) -> None:
    for name in SCHEMES:
        if path_of(name).exists():
            raise SystemExit(f"{path_of(name).name} is written already; raise ENGINE_VERSION and say why")
        frozen = frozen_now(name)
        body = frozen | {"reason": reason, "expected": hashes(frozen)}
        text = json.dumps(body, ensure_ascii=False, sort_keys=True).encode()
        path_of(name).write_bytes(gzip.compress(text, mtime=0))
