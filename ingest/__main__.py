"""Run the command line of ingest."""

import sys

from ingest.nursery import start_ahead

if __name__ == "__main__":
    if sys.argv[1:2] == ["load"] and not {"--help", "--dry-run", "--engine"} & set(sys.argv):
        start_ahead()

    from ingest.cli import main

    main()
