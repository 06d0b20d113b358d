"""`python -m hack.localcluster`."""

import sys

from hack.localcluster.cli import main

if __name__ == "__main__":
    sys.exit(main())
