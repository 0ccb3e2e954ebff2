"""The words every stage shares: addresses, values, kinds, resources, diagnostics, errors.

Nothing here performs I/O, and nothing here imports another package of Callsheet.
"""
