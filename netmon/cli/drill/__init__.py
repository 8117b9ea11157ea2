"""`netmon drill`: a scenario played to the real daemon, and a report of how well it did."""
