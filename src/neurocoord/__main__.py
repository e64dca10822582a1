"""`python -m neurocoord`: the command line."""

import sys

from neurocoord.cli import main

if __name__ == "__main__":
    sys.exit(main())
