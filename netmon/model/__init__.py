"""What things are: frozen dataclasses, enums, ids and the Fleet table. Floor 0: imports nothing of netmon."""
