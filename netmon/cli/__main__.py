"""`python -m netmon.cli` is the `netmon` command."""

from netmon.cli import main

if __name__ == "__main__":
    main()
