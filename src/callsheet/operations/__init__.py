"""One verb each: wires the stages together."""
