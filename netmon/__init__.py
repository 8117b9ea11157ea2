"""netmon watches the free Wi-Fi points of Thailand's village network."""
