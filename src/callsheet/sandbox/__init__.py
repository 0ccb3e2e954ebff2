"""An emulation of Vapi's HTTP API on a SQLite file. Imports nothing of the engine but `model`."""
