"""``python -m lintkit``."""

import sys

if __name__ == "__main__" and len(sys.path) > 1 and not __file__.startswith(sys.path[0]):
    # -m puts the working directory first; were it a linted repository, its yaml.py would be run
    del sys.path[0]

from lintkit.boot import main

if __name__ == "__main__":
    main()
