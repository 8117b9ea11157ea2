"""A simulated country on a wire of its own, and scripts that break it (DESIGN section 9).

Floors inside the room: places and words -> country -> files; scenario -> events; daily -> conditions -> box ->
agent -> models -> agents (SNMP); packets and agents -> responder -> wire; conductor and ledger over both; process puts
one lab together. The lab knows what is true and never asks netmon; netmon knows nothing of the lab.
"""
