"""References as edges, order, cycles. Pure."""
