"""`python -m netmon.lab ARGUMENTS.json`: see `netmon.lab.process`."""

import sys

from netmon.lab.process import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
