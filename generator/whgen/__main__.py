"""`python -m whgen` is `whgen`."""

from whgen.cli import main

if __name__ == "__main__":
    main()
