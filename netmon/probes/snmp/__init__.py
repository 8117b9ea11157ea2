"""SNMPv1 and v2c, netmon's own: the sweep's codec and client, and what device profiles make of answers.

Traps and SNMPv3 are pysnmp's. Reading a device: `discover` (identify, walk, prove) -> `plan` (what to GET, what it
means) -> `reading` (values to numbers), with `uptime`, `counters` and `rediscovery` for what lies between two polls.
"""
