"""Parses, calls, renders. No logic."""
