"""`python -m monitor` is the command `slipway`."""

from monitor.cli import main

if __name__ == "__main__":
    main()
