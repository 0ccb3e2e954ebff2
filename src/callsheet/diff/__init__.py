"""Compares desired, applied, seen and live, path by path. Pure."""
