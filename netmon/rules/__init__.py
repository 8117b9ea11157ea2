"""What netmon concludes: pure functions of what was observed. No clock, no I/O, no logging; floor 1."""
