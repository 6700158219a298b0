"""``--format html``: one page that needs no network, for people who review a repository together."""
