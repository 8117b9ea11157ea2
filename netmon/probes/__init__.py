"""How devices are asked: ICMP, SNMP (codec, client, profiles, traps), path trace, and the isolation sensors."""
