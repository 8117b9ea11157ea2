"""What we conclude: pure functions from what is known at one `now` to decisions. No await, clock, I/O or logging."""
