"""What the pages say of trained and of random networks, tried from other starts: `make seeds`, apart from the tests.

Each page is run as it stands, once for each seed, with other random numbers throughout: its assertions are its claims.
The module here that is named as the page, without its number, may try more of what the page says:

- `further(trial)`, after each run, with the page's own functions in `trial.names`;
- `together(trials)`, over all seeds, for what is said of "most starts" or of a range: it yields sentences that are
  claimed, each with whether it holds.
"""
