"""Renderings of the fleet for other monitoring systems; each is found by the entry point group `netmon.exporters`."""
