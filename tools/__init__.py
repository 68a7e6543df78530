"""The project's own tools for its notebooks, run from its folder: `python -m tools.series reset`."""
