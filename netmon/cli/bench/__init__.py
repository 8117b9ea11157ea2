"""Benches: netmon's own engine against its peers, counted as DESIGN section 12 says."""
