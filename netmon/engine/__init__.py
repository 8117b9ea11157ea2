"""When it happens: sweeps, the judge (observation, rules, decisions), the courier (outbox) and supervision."""
