"""The command line: parses, calls an operation, has the result rendered. No logic of its own."""
