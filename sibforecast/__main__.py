"""``python -m sibforecast``: the command line."""

import sys

from sibforecast.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
