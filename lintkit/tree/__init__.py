"""Which files there are: work tree, index, revision, stdin."""
