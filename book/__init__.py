"""How the series becomes a web site: `python -m book.build`, run by `make book`."""
