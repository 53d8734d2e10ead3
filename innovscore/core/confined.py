"""Work on what strangers sent, in a process of its own with little memory, little time, no secrets and no way to write.

Each process that asks keeps one helper (`serve`), which forks a child for every file: a
millisecond instead of a new interpreter's hundred. The child reads the file by its descriptor, and answers in frames
of JSON or bytes; the kernel ends it when it takes more than its limits. The helper goes when its owner does, or when idle.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import resource
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

ROOT = Path(__file__).resolve().parent.parent.parent
IDLE = 300.0
"""Seconds after which a helper without work ends."""
LARGEST_FRAME = 64 << 20
LARGEST_WRITTEN = 300 << 20
FRAME = struct.Struct("<cI")
START, VALUE, DATA, UNFIT, FAULT, END = b"S", b"V", b"D", b"U", b"F", b"E"
WAIT = 5
"""Real seconds for one CPU second that the next frame may take: the machine may have other work."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child may take: bytes of memory of its own, seconds of CPU."""

    memory: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Spent:
    """What a finished run took."""

    function: str
    peak: int
    seconds: float


class Unfit(Exception):
    """The file is refused; `code` says why, `most` the limit that it exceeds."""

    def __init__(self, code: str, most: int = 0) -> None:
        super().__init__(code)
        self.code, self.most = code, most


class Excess(Exception):
    """The child took more memory or time than it may, and was ended."""


LAST: deque[Spent] = deque(maxlen=16)
"""What the last finished runs of this process took: for benches and tests."""


def run(function: str, source: bytes | Path, limits: Limits, **arguments: Any) -> Generator[Any, None, None]:
    """What `function` ("module:name") yields for a file, one value after the other, computed in a confined child.

    The function is called with the open file and the arguments (JSON). Raises Unfit as the function does, Excess when
    it took too much. Stopping early ends the child.
    """
    with _opened(source) as file, tempfile.TemporaryFile() as told:
        told.write(json.dumps([function, limits.memory, limits.seconds, arguments]).encode())
        told.seek(0)
        answers, pid = _started(file.fileno(), told.fileno())
    try:
        yield from _answers(function, answers, limits)
        pid = 0
    finally:
        os.close(answers)
        if pid:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@contextmanager
def _opened(source: bytes | Path) -> Iterator[BinaryIO]:
    if isinstance(source, Path):
        with source.open("rb") as file:
            yield file
        return
    with tempfile.TemporaryFile() as kept:
        kept.write(source)
        kept.seek(0)
        yield kept


def _started(source: int, told: int) -> tuple[int, int]:
    """The descriptor to read from and the child's process id; a helper that is gone is started again, once."""
    for _attempt in range(2):
        answers, theirs = os.pipe()
        with suppress(OSError):
            socket.send_fds(_helper(), [b"."], [source, told, theirs])
        os.close(theirs)
        kind, body = _frame(answers, 60.0)
        if kind == START:
            return answers, int(body)
        os.close(answers)
        _forget()
    raise RuntimeError("the helper for confined work cannot be started")


def _answers(function: str, answers: int, limits: Limits) -> Iterator[Any]:
    while True:
        kind, body = _frame(answers, limits.seconds * WAIT)
        if kind == VALUE:
            yield json.loads(body, object_hook=_restored)
        elif kind == DATA:
            yield body
        elif kind == END:
            LAST.append(Spent(function, *json.loads(body)))
            return
        elif kind == UNFIT:
            raise Unfit(*json.loads(body))
        elif kind == FAULT:
            raise RuntimeError(f"{function} failed: {body.decode(errors='replace')}")
        else:
            raise Excess(function)


def _frame(answers: int, seconds: float) -> tuple[bytes, bytes]:
    """The next frame; nothing when the child is gone, says nonsense, or says nothing in time."""
    head = _bytes(answers, FRAME.size, seconds)
    if len(head) < FRAME.size:
        return b"", b""
    kind, size = FRAME.unpack(head)
    body = _bytes(answers, size, seconds) if size <= LARGEST_FRAME else b""
    return (kind, body) if len(body) == size else (b"", b"")


def _bytes(answers: int, size: int, seconds: float) -> bytes:
    found = bytearray()
    waiting = select.poll()
    waiting.register(answers, select.POLLIN)
    while len(found) < size:
        if not waiting.poll(seconds * 1000):
            break
        part = os.read(answers, min(size - len(found), 1 << 20))
        if not part:
            break
        found += part
    return bytes(found)


# Values on the way: JSON, and what spreadsheets know beyond it


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime | dt.date):
        return {"date": value.isoformat()}
    if isinstance(value, dt.timedelta):
        return {"seconds": value.total_seconds()}
    if isinstance(value, dt.time):
        return {"time": value.isoformat()}
    return str(value)


def _restored(data: dict[str, Any]) -> Any:
    match data:
        case {"date": str(text)}:
            return dt.datetime.fromisoformat(text) if "T" in text else dt.date.fromisoformat(text)
        case {"seconds": int() | float() as seconds}:
            return dt.timedelta(seconds=seconds)
        case {"time": str(text)}:
            return dt.time.fromisoformat(text)
    return data


# The helper, seen from its owner

HELPER = "import sys; from innovscore.core.confined import serve; serve(int(sys.argv[1]))"
_lock = threading.Lock()
_kept: dict[int, tuple[socket.socket, subprocess.Popen[bytes]]] = {}


def _helper() -> socket.socket:
    """The helper of this process; a forked process starts one of its own."""
    with _lock:
        if os.getpid() not in _kept:
            _kept.clear()
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            command = [sys.executable, "-c", HELPER, str(theirs.fileno())]
            env = {
                "PATH": os.defpath,
                "PYTHONPATH": str(ROOT),
                "LANG": "C.UTF-8",
                "OPENBLAS_NUM_THREADS": "1",
            }
            process = subprocess.Popen(
                command, cwd=ROOT, env=env, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
            theirs.close()
            _kept[os.getpid()] = (ours, process)
        return _kept[os.getpid()][0]


def _forget() -> None:
    with _lock:
        known = _kept.pop(os.getpid(), None)
    if known is not None:
        door, process = known
        door.close()
        process.wait(timeout=60)


# The helper, seen from inside


def serve(descriptor: int) -> None:
    """Fork a child for each order until the owner is gone, or nothing comes for a while."""
    door = socket.socket(fileno=descriptor)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    door.settimeout(IDLE)
    while True:
        try:
            message, received, _flags, _address = socket.recv_fds(door, 16, 3)
        except TimeoutError:
            return
        if not message:
            return
        source, told, answers = received
        with os.fdopen(told, "rb") as orders:
            name, memory, seconds, arguments = json.load(orders)
        function = _named(name)
        if os.fork() == 0:
            door.close()
            _child(function, source, answers, Limits(memory, seconds), arguments)
        os.close(source)
        os.close(answers)


def _named(name: str) -> Callable[..., Iterator[Any]]:
    module, _sep, attribute = name.partition(":")
    found: Callable[..., Iterator[Any]] = getattr(import_module(module), attribute)
    return found


def _child(
    function: Callable[..., Iterator[Any]],
    source: int,
    answers: int,
    limits: Limits,
    arguments: dict[str, Any],
) -> None:
    """Run the function within its limits; never returns."""
    try:
        _send(answers, START, str(os.getpid()).encode())
        _limit(limits)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        _work(function, os.fdopen(source, "rb"), answers, arguments)
    finally:
        os._exit(0)


def _work(
    function: Callable[..., Iterator[Any]], file: BinaryIO, answers: int, arguments: dict[str, Any]
) -> None:
    try:
        for value in function(file, **arguments):
            if isinstance(value, bytes):
                _send(answers, DATA, value)
            else:
                _send(answers, VALUE, json.dumps(value, default=_plain, separators=(",", ":")).encode())
    except Unfit as refused:
        _send(answers, UNFIT, json.dumps([refused.code, refused.most]).encode())
    except (BrokenPipeError, MemoryError):
        return
    except Exception:
        _send(answers, FAULT, traceback.format_exc().encode()[-4000:])
    else:
        used = resource.getrusage(resource.RUSAGE_SELF)
        _send(answers, END, json.dumps([used.ru_maxrss * 1024, used.ru_utime + used.ru_stime]).encode())


def _limit(limits: Limits) -> None:
    for kind, most in (
        (resource.RLIMIT_DATA, limits.memory),
        (resource.RLIMIT_CPU, limits.seconds),
        (resource.RLIMIT_FSIZE, LARGEST_WRITTEN),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))


def _send(answers: int, kind: bytes, body: bytes) -> None:
    if len(body) > LARGEST_FRAME:
        raise MemoryError
    for data in (FRAME.pack(kind, len(body)), body):
        view = memoryview(data)
        while view:
            view = view[os.write(answers, view) :]
