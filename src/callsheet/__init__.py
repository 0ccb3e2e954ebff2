"""Callsheet: plan and apply for the assistants, squads, tools and knowledge bases of a voice-AI estate.

The package is laid out as the stages of one direction of travel: documents (`spec`) are rendered
to resources, compared with what is live (`diff`), ordered (`graph`), planned (`plan`) and carried
out (`apply`). `docs/architecture.md` walks through it.
"""

__version__ = "0.1.0"
