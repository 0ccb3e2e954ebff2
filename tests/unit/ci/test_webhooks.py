"""What webhooks get, how it is signed, and what is said where they do not take it."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator

import pytest

from callsheet.ci.base import HostError
from callsheet.ci.webhooks import Message, Target, deliver, slack
from support.clock import FakeClock
from support.hooks import Hook, hook

KEY = b"canary-signing-key"
MESSAGE = Message("Drift found in acme prod", ["≠ Assistant/a: x"], {"event": "found", "n": 1})


@pytest.fixture
def received() -> Iterator[Hook]:
    with hook() as made:
        yield made


def target(received: Hook, kind: str = "webhook") -> Target:
    return Target("secrets://env/HOOK", kind, received.url, KEY)


def test_the_signature_is_over_the_time_and_the_very_bytes(received: Hook, clock: FakeClock) -> None:
    deliver(target(received), MESSAGE, clock)
    [(headers, content)] = received.got
    fields = dict(each.split("=", 1) for each in headers["Callsheet-Signature"].split(","))
    assert fields["t"] == str(int(clock.now().timestamp()))
    made = hmac.new(KEY, f"{fields['t']}.".encode() + content, hashlib.sha256).hexdigest()
    assert fields["v1"] == made
    assert json.loads(content) == {"event": "found", "n": 1}
    assert headers["Content-Type"] == "application/json"


def test_another_attempt_is_signed_anew(received: Hook, clock: FakeClock) -> None:
    received.answers = [(503, {"Retry-After": "20"}), (429, {"Retry-After": "40"})]
    deliver(target(received), MESSAGE, clock)
    times = [headers["Callsheet-Signature"].split(",")[0] for headers, _ in received.got]
    assert len(set(times)) == 3
    assert sum(clock.slept) >= 40


def test_slack_gets_text_and_blocks_and_no_signature(received: Hook, clock: FakeClock) -> None:
    deliver(target(received, "slack"), MESSAGE, clock)
    [(headers, content)] = received.got
    body = json.loads(content)
    assert body["text"] == MESSAGE.title
    assert [block["type"] for block in body["blocks"]] == ["section", "section"]
    assert "Callsheet-Signature" not in headers


def test_nothing_in_a_slack_message_is_a_mention_or_a_link() -> None:
    body = slack(Message("<!channel> & <@U1>", ["<https://x|y>", "a\nb\x1b"], {}))
    text = json.dumps(body)
    assert "<" not in text
    assert ">" not in text
    assert body["text"] == "&lt;!channel&gt; &amp; &lt;\\x40U1&gt;"
    assert all(block["text"]["verbatim"] for block in body["blocks"])
    assert "\\u001b" not in text


def test_no_name_in_a_message_is_a_mention_where_plain_text_makes_them() -> None:
    """Mattermost links every @mention, whatever the message says about it."""
    body = slack(Message("Drift in @all dev", ["≠ Assistant/a: metadata.@channel, x@y, @größe @ 5"], {}))
    assert body["text"] == "Drift in \\x40all dev"
    assert body["blocks"][1]["text"]["text"] == (
        "≠ Assistant/a: metadata.\\x40channel, x\\x40y, \\x40größe @ 5"
    )


def test_long_messages_are_cut_at_a_line() -> None:
    body = slack(Message("x", [f"line {number} {'y' * 60}" for number in range(200)], {}))
    [_, section] = body["blocks"]
    assert len(section["text"]["text"]) <= 3000
    assert section["text"]["text"].endswith("y\n…")


@pytest.mark.parametrize("status", [302, 400, 403, 404, 410])
def test_what_is_not_taken_is_told_without_the_address(status: int, received: Hook, clock: FakeClock) -> None:
    received.answers = [(status, {"Location": received.url})]
    with pytest.raises(HostError, match=f"secrets://env/HOOK was not told: it answers {status}") as failed:
        deliver(target(received), MESSAGE, clock)
    assert len(received.got) == 1
    assert received.secret not in str(failed.value)


def test_no_connection_is_told_without_the_address(clock: FakeClock) -> None:
    with pytest.raises(HostError, match="there is no connection") as failed:
        deliver(Target("HOOK", "slack", "http://127.0.0.1:9/canary-path"), MESSAGE, clock)
    assert "canary-path" not in str(failed.value)
    assert "canary" not in repr(Target("HOOK", "slack", "http://canary", b"canary"))


@pytest.mark.parametrize("url", ["http://hooks.example/canary", "canary", "https://u:canary@x"])
def test_addresses_that_are_not_asked(url: str, clock: FakeClock) -> None:
    with pytest.raises(HostError, match="its address") as failed:
        deliver(Target("HOOK", "slack", url), MESSAGE, clock)
    assert "canary" not in str(failed.value)
