"""Run the command line of ingest."""

import gc
import sys

from ingest.nursery import start_ahead

if __name__ == "__main__":
    # Modules are no garbage: looking among them, now and at the end, is a tenth of a short run.
    gc.disable()

    # These parse nothing here.
    if sys.argv[1:2] == ["load"] and not any(
        option.startswith(("--help", "--dry-run", "--engine")) for option in sys.argv
    ):
        start_ahead()

    from ingest.cli import main

    gc.freeze()
    gc.enable()
    main()
