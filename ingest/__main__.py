"""Run the command line of ingest."""

from ingest.cli import main

if __name__ == "__main__":  # Parser processes import this module again.
    main()
