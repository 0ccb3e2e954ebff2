"""Renders plans, drift and outcomes. Every string that comes from outside is escaped here."""
