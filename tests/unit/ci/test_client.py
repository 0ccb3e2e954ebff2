"""When the client waits, for how long, and where it never goes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from callsheet.ci.base import Deed, HostError, NotAllowed, Publisher
from callsheet.ci.client import Client
from support.clock import FakeClock
from support.github import GitHubDouble
from support.hosts import TOKEN, Trouble

Opened = Callable[[Any], Publisher]
RESET = str(int(FakeClock().now().timestamp()) + 90)


@pytest.mark.parametrize(
    ("status", "headers", "message", "least"),
    [
        (429, {"Retry-After": "7"}, "", 7),
        (403, {"Retry-After": "30"}, "", 30),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": RESET}, "", 90),
        (429, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": RESET}, "", 90),
        (403, {"X-RateLimit-Remaining": "4000"}, "You have exceeded a secondary rate limit.", 60),
        (429, {"RateLimit-Reset": RESET}, "Retry later", 90),
        (429, {}, "", 60),
        (429, {"Retry-After": "Fri, 20 Nov 2026 12:00:45 GMT"}, "", 45),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_rate_limits_are_waited_out(
    method: str,
    status: int,
    headers: dict[str, str],
    message: str,
    least: float,
    github: GitHubDouble,
    opened: Opened,
    clock: FakeClock,
) -> None:
    github.troubles = [Trouble(method, "/comments", status, headers, message)]
    assert opened(github).comment("prod", "plan").deed is Deed.CREATED
    assert len(github.comments) == 1
    [slept] = clock.slept
    assert least <= slept <= least + 1


def test_a_wait_that_is_too_long_is_not_waited(
    github: GitHubDouble, opened: Opened, clock: FakeClock
) -> None:
    reset = str(int(clock.now().timestamp()) + 3000)
    github.troubles = [
        Trouble("GET", "/comments", 403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset})
    ]
    with pytest.raises(HostError, match="asks to wait 3000 s, which is too long"):
        opened(github).comment("prod", "plan")
    assert clock.slept == []


def test_a_plain_403_is_no_rate_limit(github: GitHubDouble, opened: Opened, clock: FakeClock) -> None:
    github.troubles = [Trouble("POST", "/comments", 403, {"X-RateLimit-Remaining": "4999"}, "no")]
    with pytest.raises(NotAllowed):
        opened(github).comment("prod", "plan")
    assert clock.slept == []


def test_a_next_page_of_another_host_never_gets_the_token(github: GitHubDouble, opened: Opened) -> None:
    link = '<https://elsewhere.example/page2>; rel="next"'
    github._page = lambda *_: ([], {"Link": link})  # type: ignore[method-assign]
    with pytest.raises(HostError, match="the next page of a list is at another host"):
        opened(github).comment("prod", "plan")


def test_redirects_are_not_followed(github: GitHubDouble, opened: Opened) -> None:
    github.troubles = [Trouble("GET", "/comments", 302, {"Location": f"{github.url}/user"})]
    with pytest.raises(HostError, match="it answers 302"):
        opened(github).comment("prod", "plan")


def test_no_connection_is_tried_again_and_then_told(clock: FakeClock, github: GitHubDouble) -> None:
    client = Client("GitHub", "http://127.0.0.1:9", {"Authorization": f"Bearer {TOKEN}"}, TOKEN, clock)
    with pytest.raises(HostError, match=re.escape("no connection (ConnectError)")) as failed:
        client.get("/user")
    assert len(clock.slept) == 4
    assert TOKEN not in str(failed.value)
    client.close()


@pytest.mark.parametrize("url", ["http://api.github.com", "ftp://x", "https://u:p@x", "https://", "x"])
def test_addresses_that_get_no_token(url: str, clock: FakeClock) -> None:
    with pytest.raises(HostError, match="the address of GitHub's API"):
        Client("GitHub", url, {}, TOKEN, clock)


def test_a_token_with_a_line_break_is_told_without_it(clock: FakeClock) -> None:
    with pytest.raises(HostError, match="holds white space") as failed:
        Client("GitHub", "https://x", {}, f"{TOKEN}\nx", clock)
    assert TOKEN not in str(failed.value)


def test_words_of_the_host_are_short_and_on_one_line(github: GitHubDouble, opened: Opened) -> None:
    said = "\x1b[31mline\nbreak " + "x" * 500
    github.troubles = [Trouble("POST", "/comments", 422, message=said)]
    with pytest.raises(HostError) as failed:
        opened(github).comment("prod", "plan")
    [only] = failed.value.diagnostics
    assert only.summary.isprintable()
    assert len(only.summary) < 320
