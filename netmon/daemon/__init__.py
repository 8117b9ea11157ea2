"""The running program: assembly (one straight function), reload (prepare all, then swap) and lifecycle."""
