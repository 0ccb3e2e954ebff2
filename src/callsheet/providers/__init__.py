"""Providers: one folder each, behind one small protocol and one HTTP transport."""
