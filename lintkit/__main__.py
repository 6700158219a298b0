"""``python -m lintkit``."""

from lintkit.boot import main

if __name__ == "__main__":
    main()
