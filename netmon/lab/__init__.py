"""A simulated country on a wire of its own, its scenarios, and the scoring of drills against its own ledger."""
