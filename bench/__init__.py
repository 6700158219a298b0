"""Speed as ratios: lintkit against doing nothing but parsing, in one run."""
