"""Text from anywhere is text: nothing runs, nothing is asked for, no element comes of it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest

from browser.conftest import Open, Opened
from browser.pages import EVERYTHING_HOSTILE, MARKUP, hostile, normal, page, status
from callsheet.reports.html import status_html
from unit.reports.test_hostile import harmless

each_markup = pytest.mark.parametrize("text", MARKUP.values(), ids=MARKUP.keys())
# What stands in the page beyond its own elements, or does more than its own elements do.
FOREIGN = """() => {
  const found = [];
  for (const each of document.querySelectorAll("*")) {
    const name = each.localName;
    if (/^(img|iframe|base|form|link|object|embed|b|template)$/.test(name)) found.push(name);
    for (const { name: attribute, value } of each.attributes) {
      if (/^on|^style$|^src|^xlink/.test(attribute)) found.push(`${name} ${attribute}`);
      if (attribute === "href" && !/^#[a-z0-9-]+$/.test(value)) found.push(`${name} ${value}`);
    }
  }
  if (document.querySelectorAll("script").length !== 1) found.push("script");
  if (document.querySelectorAll("style").length !== 1) found.push("style");
  if (document.querySelectorAll("meta").length !== 5) found.push("meta");
  if (document.querySelector("title").childElementCount) found.push("title");
  return found;
}"""
COUNT = """() => {
  const counts = {};
  for (const each of document.querySelectorAll("*:not(ins, del, ins *, del *)")) {
    counts[each.localName] = (counts[each.localName] ?? 0) + 1;
  }
  return counts;
}"""


# Everything that a reader may do.
ACT = """() => {
  for (const each of document.querySelectorAll("details")) each.open = true;
  for (const each of document.querySelectorAll("a, button, summary, select, input, [tabindex]")) each.focus();
  for (const each of document.querySelectorAll(".node")) each.dispatchEvent(new Event("pointerenter"));
  for (const select of document.querySelectorAll("select")) {
    for (const option of select.options) {
      select.value = option.value;
      select.dispatchEvent(new Event("input"));
    }
  }
  for (const each of document.querySelectorAll("button")) each.click();
}"""


def untouched(found: Opened) -> bool:
    return bool(found.page.evaluate("window.hit === undefined")) and found.page.url.startswith("file:")


def check(found: Opened) -> None:
    found.page.evaluate(ACT)
    assert found.page.evaluate(FOREIGN) == []
    assert untouched(found)
    assert found.quiet


def test_plans_that_are_full_of_it_are_harmless(opened: Open) -> None:
    whole = page(*map(hostile, EVERYTHING_HOSTILE.values()))
    assert harmless(whole)
    check(opened(whole))


@each_markup
def test_a_plan_that_is_full_of_it_is_harmless_and_can_be_read(opened: Open, text: str) -> None:
    found = opened(page(hostile(text)))
    assert found.page.locator("details.change h3 code").first.inner_text() == f"Assistant/{text}"
    check(found)


@each_markup
def test_a_status_that_is_full_of_it_is_harmless(opened: Open, text: str) -> None:
    check(opened(status_html(status(text))))


def test_what_is_no_markup_is_written_out_in_a_status() -> None:
    for name, text in EVERYTHING_HOSTILE.items():
        assert harmless(status_html(status(text))), name


def test_no_element_comes_of_it(opened: Open) -> None:
    plain = ["".join(each if each.isspace() else "x" for each in text) for text in MARKUP.values()]
    plans = [opened(page(*map(hostile, texts))).page.evaluate(COUNT) for texts in (MARKUP.values(), plain)]
    assert plans[0] == plans[1]
    for text, like in zip(MARKUP.values(), plain, strict=True):
        counted = [opened(status_html(status(each))).page.evaluate(COUNT) for each in (text, like)]
        assert counted[0] == counted[1]


def test_what_got_in_nonetheless_would_do_nothing(opened: Open, stack: ExitStack) -> None:
    found = opened(page(normal()), locale="en-GB")  # a profile of its own, which is closed below
    listening = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    listening.setblocking(False)
    found.page.evaluate(
        """(site) => {
          window.refused = [];
          document.addEventListener("securitypolicyviolation", (each) => {
            window.refused.push(each.effectiveDirective);
          });
          document.body.insertAdjacentHTML("beforeend", `
            <img src="${site}/i" onerror="window.hit = 1">
            <style>body { display: none }</style>
            <p style="color: red">x</p>
            <link rel="stylesheet" href="${site}/s">
            <iframe src="${site}/f"></iframe>
            <form action="${site}/"><button id="sent" onclick="window.hit = 1">x</button></form>`);
          const script = document.createElement("script");
          script.textContent = "window.hit = 1";
          document.body.append(script);
          fetch(site).catch(() => {});
          document.getElementById("sent").click();
        }""",
        f"http://127.0.0.1:{listening.getsockname()[1]}",
    )
    wanted = {"img-src", "style-src-elem", "style-src-attr", "frame-src", "form-action",
              "script-src-elem", "script-src-attr", "connect-src"}  # fmt: skip
    found.page.wait_for_function("(count) => new Set(window.refused).size >= count", arg=len(wanted))
    assert set(found.page.evaluate("window.refused")) == wanted
    assert found.page.locator("main").is_visible()
    assert untouched(found)
    # A browser may open a connection before it asks the policy, and then sends nothing on it.
    found.page.context.close()
    assert [sent for sent in said(listening, stack) if sent] == []


def said(listening: socket.socket, stack: ExitStack) -> Iterator[bytes]:
    """What came on each connection until its end."""
    with suppress(BlockingIOError):
        while True:
            connection = stack.enter_context(listening.accept()[0])
            connection.settimeout(30)
            yield connection.recv(1000)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as made:
        yield made
