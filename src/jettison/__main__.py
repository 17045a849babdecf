"""`python -m jettison`."""

from jettison.cli.main import console

if __name__ == "__main__":
    console()
