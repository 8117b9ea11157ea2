"""SNMPv1 and v2c, netmon's own: the sweep's codec and client. Traps and SNMPv3 are pysnmp's."""
