"""`python -m configguard` is the `configguard` command."""

from configguard.cli.main import main

if __name__ == "__main__":
    main()
