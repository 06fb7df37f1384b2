"""``python -m regulars`` is the same as ``regulars``."""

import sys

from regulars.cli import main

if __name__ == "__main__":
    sys.exit(main())
