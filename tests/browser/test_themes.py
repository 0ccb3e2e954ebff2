"""Light and dark: what the system wants, until the button says otherwise."""

from __future__ import annotations

import base64

import pytest

from browser.conftest import Open, Opened
from browser.pages import PAGES

# The mean of all pixels of a picture, 0 (black) to 255, asked of a page without a policy of its own.
BRIGHTNESS = """async (data) => {
  const image = new Image();
  image.src = `data:image/png;base64,${data}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.width, image.height];
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const bytes = context.getImageData(0, 0, image.width, image.height).data;
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 4) sum += bytes[at] + bytes[at + 1] + bytes[at + 2];
  return sum / (bytes.length / 4) / 3;
}"""


def brightness(found: Opened) -> float:
    picture = base64.b64encode(found.page.screenshot()).decode()
    other = found.page.context.new_page()
    mean = float(other.evaluate(BRIGHTNESS, picture))
    other.close()
    return mean


@pytest.mark.parametrize("name", ["normal", "status"])
def test_both_themes_are_drawn(opened: Open, name: str) -> None:
    light = brightness(opened(PAGES[name](), color_scheme="light"))
    dark = brightness(opened(PAGES[name](), color_scheme="dark"))
    assert light > 220
    assert dark < 60


@pytest.mark.parametrize(("system", "offered", "then"), [("light", "Dark theme", "Light theme"),
                                                         ("dark", "Light theme", "Dark theme")])  # fmt: skip
def test_the_button_sets_the_other_theme(opened: Open, system: str, offered: str, then: str) -> None:
    found = opened(PAGES["normal"](), color_scheme=system)
    before = brightness(found)
    button = found.page.locator("button.theme")
    assert button.inner_text() == offered
    button.click()
    assert button.inner_text() == then
    assert abs(brightness(found) - before) > 150
    button.click()
    assert abs(brightness(found) - before) < 5
    assert found.quiet


def test_the_page_follows_the_system_while_nobody_chose(opened: Open) -> None:
    found = opened(PAGES["normal"](), color_scheme="light")
    found.page.emulate_media(color_scheme="dark")
    found.page.get_by_role("button", name="Light theme").wait_for()
    assert brightness(found) < 60
