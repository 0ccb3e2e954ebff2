"""Canaries: values that must never be found anywhere, and the forms in which they might hide."""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

from callsheet.providers.redaction import visible

# Of a value, a beginning or an end as long as this is a find as well.
_PART = 14


@dataclass(frozen=True)
class Canary:
    name: str
    value: str

    def forms(self) -> dict[bytes, str]:
        """Every needle, with the name of its form."""
        return {needle: form for form, needle in reversed([*self._every()]) if len(needle) >= 8}

    def _every(self) -> Iterator[tuple[str, bytes]]:
        yield from self._whole()
        if len(self.value) > 2 * _PART:
            yield "its beginning", self.value[:_PART].encode()
            yield "its end", self.value[-_PART:].encode()

    def _whole(self) -> Iterator[tuple[str, bytes]]:
        value, data = self.value, self.value.encode()
        yield "plain", data
        quoted = json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]
        for each in quoted:
            yield "JSON", each.encode()
            yield "JSON in JSON", json.dumps(each, ensure_ascii=False)[1:-1].encode()
        yield "repr", repr(value)[1:-1].encode()
        yield "on one line", visible(value).encode()
        yield "HTML", html.escape(value).encode()
        yield "URL", quote(value, safe="").encode()
        yield "URL path", quote(value).encode()
        yield "form", quote_plus(value).encode()
        yield "hex", data.hex().encode()
        # What stands before it moves the bits: three alignments, without what neighbours take part in.
        for key in (b"", None):
            digest = hmac.new(key, data, hashlib.sha256) if key is not None else hashlib.sha256(data)
            yield "a digest that can be guessed", digest.hexdigest().encode()
        for shift in range(3):
            for encode in (base64.b64encode, base64.urlsafe_b64encode):
                yield "base64", encode(b"\0" * shift + data)[4 if shift else 0 : -4]


def _planted() -> dict[str, Canary]:
    values = {
        "provider key": "cnry-KEY-q7Zb2LxWv9TnRj4m",
        "secret of a server": "cnry-SRV-p3Hd8YkGs6VuXa1e",
        "header of a server": "cnry-HDR-w5Nf0QmBt2JyLc9o",
        "inline credential": "cnry-CRD-z8Rg4TiEu7KxMb3w",
        "header of a tool": "cnry-TLH-v1Sj6WoFy5PzNd2q",
        "environment of a tool": "cnry-ENV-u9Tk3XpHz0QaBf7r",
        "inside of a text": "cnry-TXT-t4Um8YrJa6RbCg1s",
        "from a file": "cnry-FIL-s2Vn5ZsKb9ScDh0t",
        "in a variable": "cnry-VAR-r6Wo1AtLc3TdEj8u",
        "in an override": "cnry-OVR-q0Xp7BuMd5UeFk4v",
        "short": "Kx7#qW2z",
        "awkward": 'cnry-AWK-"q\\u0ot\\e" \u00fc\u2603<&>%2F+/=?\nsecond-line-p4Yq9CvNe',
        "tool's auth": "cnry-AUT-o8Zr3DwPf1VgHm6x",
        "phone password": "cnry-PHN-n5As7ExQg4WhJn2y",
        "header in the dashboard": "cnry-LIV-m1Bt9FyRh6XiKp8z",
        "server secret in the dashboard": "cnry-LVS-l7Cu4GzSj0YkLq3a",
        "unmanaged header": "cnry-UNM-k3Dv8HaTk5ZmMr9b",
        "database password": "cnry-DBP-j9Ew2JbUm7AnNs4c",
        "password of a remote": "cnry-GIT-h4Fx6KcVn1BpPt0d",
        "AWS secret": "cnry-AWS-g0Gy1LdWp8CqQu5e",
        "AWS session": "cnry-STS-f6Hz7MeXq3DrRv2f",
    }
    return {name: Canary(name, value) for name, value in values.items()}


PLANTED = _planted()
_NEEDLES = tuple(
    (canary, form, needle) for canary in PLANTED.values() for needle, form in canary.forms().items()
)
_BLANK = re.compile(rb"\s+")
# Wrapped lines break needles; folded on both sides they are whole again.
_FOLDED = tuple((canary, form, _BLANK.sub(b"", needle)) for canary, form, needle in _NEEDLES)


def secret(name: str) -> str:
    return PLANTED[name].value


def found(data: bytes, *, wrapped: bool = False) -> Iterator[tuple[str, str, bytes]]:
    """Name, form and surroundings of every canary in the data; `wrapped`: lines may have been broken."""
    needles = _FOLDED if wrapped else _NEEDLES
    data = _BLANK.sub(b"", data) if wrapped else data
    for canary, form, needle in needles:
        at = data.find(needle)
        if at >= 0:
            yield canary.name, form, data[max(0, at - 80) : at + len(needle) + 20]
