"""What each kind of equipment in the country says over SNMP. Floors: parts -> one module a family -> catalogue."""
