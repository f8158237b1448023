"""Which process of this machine holds a row, so that what one left behind when it was killed need
not be waited for.

A name is exact on Linux: it holds the machine's boot, the namespace of process ids (a container's
own), the process id, and when the process began. Elsewhere it is "", which never counts as dead.
"""

import os
from pathlib import Path

PROC = Path("/proc")
BEGAN = 19  # of what stands behind the name in /proc/PID/stat: when it began, since the boot


def this_process() -> str:
    """The name of the process that asks."""
    began = _began("self")
    return f"{_place()} {os.getpid()} {began}" if began and _place() else ""


def has_died(name: str) -> bool:
    """Whether the process ran here and runs no more. False where that cannot be known."""
    place, _, process = name.partition(" ")
    pid, _, began = process.partition(" ")
    return bool(place) and place == _place() and _began(pid) != began


def _place() -> str:
    try:
        boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{os.readlink(PROC / 'self/ns/pid')}"
    except OSError:
        return ""


def _began(pid: str) -> str:
    """When the process began; "" where there is none of that id, or it is dead and not buried."""
    try:
        stat = (PROC / pid / "stat").read_text()
    except (OSError, ValueError):
        return ""
    state, *rest = stat.rpartition(")")[2].split()  # the name before may hold anything
    return "" if state in "ZX" else rest[BEGAN - 1]
