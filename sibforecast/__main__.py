"""``python -m sibforecast``: the command line."""

import sys

if __name__ == "__main__":
    try:
        from sibforecast.cli.main import main
    except KeyboardInterrupt:  # stopped before anything began
        sys.exit(130)
    sys.exit(main())
