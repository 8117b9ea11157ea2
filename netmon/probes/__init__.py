"""What netmon asks the world: ICMP, SNMP, path trace, isolation sensors."""
