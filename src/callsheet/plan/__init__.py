"""Turns comparisons into one complete, serialisable plan. Pure."""
