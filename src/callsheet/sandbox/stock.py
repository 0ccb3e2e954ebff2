"""Vapi's seven stock personalities: seen by every organisation, owned by none (facts §2)."""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from callsheet.sandbox.clock import iso, milliseconds

# What stands as the parent of an object that nobody may change.
STOCK = "stock"

# Seen as `a0000000-0000-4000-8000-00000000000n` with orgId null (gitops, 2026); the texts are our own.
_SINCE = "2025-11-03T00:00:00.000Z"
_PEOPLE = (
    ("Calm caller", "You speak calmly, answer what you are asked and give details readily."),
    ("Hurried caller", "You are short of time. You answer in a few words and press for a quick result."),
    ("Annoyed caller", "You have called before without success. You are irritated, yet not abusive."),
    ("Unsure caller", "You do not know exactly what you need. You hesitate and ask for explanations."),
    ("Talkative caller", "You wander off the subject and mention many details that do not matter."),
    ("Suspicious caller", "You doubt that the line is genuine and ask why each detail is needed."),
    ("Caller in a noisy place", "You often did not hear what was said and ask for it again."),
)


def stock_personalities() -> Iterator[tuple[str, str, int, bytes]]:
    """Id, name, time of creation and body of each."""
    since = milliseconds(_SINCE)
    for number, (name, prompt) in enumerate(_PEOPLE, start=1):
        id_ = f"a0000000-0000-4000-8000-{number:012d}"
        body = {
            "id": id_,
            "orgId": None,
            "name": name,
            "assistant": {
                "model": {
                    "provider": "openai",
                    "model": "gpt-4.1",
                    "messages": [{"role": "system", "content": prompt}],
                }
            },
            "createdAt": iso(since + number),
            "updatedAt": iso(since + number),
        }
        yield id_, name, since + number, orjson.dumps(body)
