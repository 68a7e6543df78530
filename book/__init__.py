"""How the series becomes a web site: `python -m book.build`, run by `make book`."""

import tools  # noqa: F401 - before anything brings jsonschema; it says there why
