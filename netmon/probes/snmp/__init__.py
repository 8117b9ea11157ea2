"""SNMP, netmon's own: the sweep's codec and client, SNMPv3's security, and what device profiles make of answers.

The command line's walks are pysnmp's, and the tests hold both against each other. Reading a device: `discover`
(identify, walk, prove) -> `plan` (what to GET, what it means) -> `reading` (values to numbers), with `uptime`,
`counters` and `rediscovery` for what lies between two polls.
"""
