"""Run the command line of ingest."""

import sys

from ingest.nursery import start_ahead

if __name__ == "__main__":
    # These parse nothing here.
    if sys.argv[1:2] == ["load"] and not any(
        option.startswith(("--help", "--dry-run", "--engine")) for option in sys.argv
    ):
        start_ahead()

    from ingest.cli import main

    main()
