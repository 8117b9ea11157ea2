"""The command line: each command reads its arguments, calls a room and prints the answer."""
