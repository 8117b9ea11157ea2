"""Assembly (one straight function), reload (prepare all, then swap) and lifecycle (signals, the loops, the end)."""

from netmon.daemon.lifecycle import run_daemon, run_until_stopped

__all__ = ["run_daemon", "run_until_stopped"]
