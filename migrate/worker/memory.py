"""How much memory a worker's process may take."""

from __future__ import annotations

import resource


def free_memory() -> int | None:
    """Bytes that are free now; None where the system does not say."""
    try:
        return 1024 * _kilobytes("/proc/meminfo", "MemAvailable")
    except (OSError, ValueError):
        return None  # not Linux


def leave_memory_to_others(pid: int, processes: int = 1) -> None:
    """Limits what a process may still take to nine tenths of what is free now.

    Without a limit a graph that eats memory takes other processes with it. Data counts, not
    address space, of which TensorFlow reserves much more than it uses (prlimit(2), proc(5)).

    Args:
        pid: of this process, or of one that it started.
        processes: that share what is free.
    """
    free = free_memory()
    if free is None:
        return
    limit = 1024 * _kilobytes(f"/proc/{pid}/status", "VmData") + free * 9 // 10 // processes
    _, hard = resource.prlimit(pid, resource.RLIMIT_DATA)
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    resource.prlimit(pid, resource.RLIMIT_DATA, (limit, hard))


def _kilobytes(path: str, key: str) -> int:
    with open(path, encoding="ascii", errors="replace") as lines:
        found = next((line for line in lines if line.startswith(f"{key}:")), "")
    return int(found.split()[1]) if found else int("")
