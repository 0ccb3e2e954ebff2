"""State and its store: what was applied and seen per address. The only package that writes working data."""
