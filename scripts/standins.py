"""Stand-ins for official base images, served on loopback under the official names. See docs/standins.md."""

import sys

from standins.commands import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
