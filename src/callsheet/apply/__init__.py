"""The one package that may write remotely."""
