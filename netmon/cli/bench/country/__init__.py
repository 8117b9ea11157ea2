"""`netmon bench country`: the whole daemon watching a whole simulated country, measured from outside."""
