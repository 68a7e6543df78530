"""The project's own tools for its notebooks, run from its folder: `python -m tools.series reset`."""

import sys

# jsonschema, which nbformat brings, compiles a grammar of addresses while it is imported: a second, in each process
# that reads a notebook, and no notebook has one to be held against it. So whatever begins here goes without.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
