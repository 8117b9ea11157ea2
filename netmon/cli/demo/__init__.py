"""`netmon demo`: a simulated country, the real daemon against it, and what comes of a scripted bad day."""
