"""Exports: everything live in an organisation at one moment, kept before the first write of a run."""
