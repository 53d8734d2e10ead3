"""How root starts a PostgreSQL that refuses to run as root, without adding a user to the system.

Two ways, tried in this order by really running a program that way:

- `nobody`: the process becomes the user nobody and keeps one capability, to pass directories that only root may
  enter (a checkout under /root). Works in containers and virtual machines.
- `namespace`: a user namespace in which root looks like nobody. Works where root may not change its user id.

Linux only; anybody but root needs neither.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

PR_SET_SECUREBITS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 28, 47, 2
SECBIT_KEEP_CAPABILITIES = 1 << 2  # SECBIT_NO_SETUID_FIXUP: access() counts them too
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1, 2
CAPABILITY_VERSION = 0x20080522
CLONE_NEWUSER = 0x10000000


class Disguise(NamedTuple):
    """`enter` runs in the child before the program starts; files of the program belong to `uid`."""

    name: str
    enter: Callable[[], None] | None
    uid: int
    gid: int


def choose(program: Path, directory: Path) -> Disguise:
    """The first way in which `program --version` runs and `directory` can be written to.

    Raises PermissionError when root has none.
    """
    if os.geteuid() != 0:
        return Disguise("as you are", None, os.geteuid(), os.getegid())
    tried: list[str] = []
    for disguise in candidates():
        os.chown(directory, disguise.uid, disguise.gid)
        problem = _try(disguise, program, directory)
        if problem is None:
            return disguise
        tried.append(f"{disguise.name}: {problem}")
    raise PermissionError("; ".join(tried))


def candidates() -> list[Disguise]:
    """All ways of root, the best first."""
    nobody = pwd.getpwnam("nobody")
    uid, gid = nobody.pw_uid, nobody.pw_gid
    libc = ctypes.CDLL(None, use_errno=True)
    ways = [
        Disguise("nobody", lambda capability=capability: _become(libc, uid, gid, capability), uid, gid)  # type: ignore[misc]  # mypy cannot type a lambda's default
        for capability in (CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE)
    ]
    return [*ways, Disguise("namespace", lambda: _enter_namespace(libc, uid, gid), 0, 0)]


def _try(disguise: Disguise, program: Path, directory: Path) -> str | None:
    probe = directory / ".probe"
    script = '"$1" --version >/dev/null && : > "$2" && rm "$2"'
    try:
        subprocess.run(
            ["/bin/sh", "-c", script, "sh", str(program), str(probe)],
            preexec_fn=disguise.enter,
            check=True,
            capture_output=True,
            cwd="/",
            timeout=20,
        )
    except (OSError, subprocess.SubprocessError) as error:
        return str(getattr(error, "stderr", b"") or error)
    return None


def _call(libc: ctypes.CDLL, name: str, *arguments: object) -> None:
    if getattr(libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def _become(libc: ctypes.CDLL, uid: int, gid: int, capability: int) -> None:
    _call(libc, "prctl", PR_SET_SECUREBITS, SECBIT_KEEP_CAPABILITIES, 0, 0, 0)
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    bits = 1 << capability
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    data = (ctypes.c_uint32 * 6)(
        bits, bits, bits, 0, 0, 0
    )  # effective, permitted, inheritable; then the upper 32
    _call(libc, "capset", header, data)
    _call(libc, "prctl", PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0)


def _enter_namespace(libc: ctypes.CDLL, uid: int, gid: int) -> None:
    _call(libc, "unshare", CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/gid_map").write_text(f"{gid} 0 1")
    Path("/proc/self/uid_map").write_text(f"{uid} 0 1")
