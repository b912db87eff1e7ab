"""`python -m datacc` is the command `datacc`."""

from datacc.cli.app import main

if __name__ == "__main__":
    main()
