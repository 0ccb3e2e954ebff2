"""Protections: who may change an environment, when, and what must have been signed or tested before."""
