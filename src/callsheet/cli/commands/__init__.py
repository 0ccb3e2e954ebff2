"""One module per verb, imported when the verb is called. Each has a click command called `command`."""
