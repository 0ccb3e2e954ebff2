"""The adapter for Vapi (https://api.vapi.ai)."""
