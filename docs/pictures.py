"""Make docs/pictures of what docs/ci.md shows as posted: its Markdown, by GitHub's own parser, in Chromium.

    python docs/pictures.py

needs Chromium and `pip install -e '.[test]'`. `made-from.json` beside the pictures holds the SHA-256 of the
Markdown that each was made from, by which a test finds one that is out of date.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
import shutil
import struct
import subprocess
import tempfile
import zlib
from collections import Counter
from pathlib import Path

import cmarkgfm
from cmarkgfm.cmark import Options

HERE = Path(__file__).parent
FOLDER = HERE / "pictures"
PAGE = HERE / "ci.md"
# The picture's name, and what it is on the host.
WANTED = {
    "plan-comment": "github-actions <small>bot</small> commented",
    "drift-issue": "<b>Drift in acme dev</b> · github-actions <small>bot</small> opened",
}
WIDTH = 900
_BLOCK = r"/{name}\.png\).*?^````markdown\n(.*?)^````$"
_STYLE = """
body { margin: 16px; background: #fff; color: #1f2328 }
body { font: 14px/1.5 "Liberation Sans", "DejaVu Sans", sans-serif }
article { border: 1px solid #d1d9e0; border-radius: 6px }
header { padding: 8px 16px; background: #f6f8fa; border-bottom: 1px solid #d1d9e0 }
header small { border: 1px solid #d1d9e0; border-radius: 9px; padding: 0 6px; color: #59636e }
main { padding: 0 16px 8px }
h1, h2 { border-bottom: 1px solid #d1d9e0; padding-bottom: 4px } h1 { font-size: 24px } h2 { font-size: 20px }
code, pre { font: 12px/1.5 "Liberation Mono", "DejaVu Sans Mono", monospace }
code, pre { background: #f0f2f5; border-radius: 6px }
code { padding: 2px 5px; overflow-wrap: anywhere }
pre { padding: 12px; overflow: hidden }
pre code { padding: 0 }
table { border-collapse: collapse }
th, td { border: 1px solid #d1d9e0; padding: 5px 12px }
del, ins { text-decoration: none; display: block }
del { background: #ffebe9; color: #82071e }
ins { background: #dafbe1; color: #116329 }
"""


def markdown(name: str) -> str:
    """What the page shows below that picture."""
    found = re.search(_BLOCK.format(name=name), PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert found, f"docs/ci.md has no Markdown below {name}.png"
    return found[1]


def digest(name: str) -> str:
    return hashlib.sha256(markdown(name).encode()).hexdigest()


def page(name: str) -> str:
    # In comments GitHub makes a break of every line's end.
    options = Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_GITHUB_PRE_LANG | Options.CMARK_OPT_HARDBREAKS
    body = cmarkgfm.github_flavored_markdown_to_html(markdown(name), options)
    body = body.replace("<details>", "<details open>")
    body = re.sub(r'(<pre lang="diff"><code>)(.*?)(</code>)', _coloured, body, flags=re.DOTALL)
    return (
        f"<!doctype html><meta charset=utf-8><title>{html.escape(name)}</title><style>{_STYLE}</style>"
        f"<article><header>{WANTED[name]}</header><main>{body}</main></article>"
    )


def _coloured(found: re.Match[str]) -> str:
    out = []
    for line in found[2].splitlines():
        tag = {"-": "del", "+": "ins"}.get(line[:1])
        out.append(f"<{tag}>{line}</{tag}>" if tag else f"{line}\n")
    return found[1] + "".join(out) + found[3]


def draw(name: str, chromium: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "page.html"

        def run(*arguments: str) -> str:
            command = [
                chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                f"--user-data-dir={folder}/profile", *arguments, file.as_uri(),
            ]  # fmt: skip
            done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
            return done.stdout

        measure = "<script>document.title = document.documentElement.getBoundingClientRect().height</script>"
        file.write_text(page(name) + measure, encoding="utf-8")
        told = re.search(r"<title>([\d.]+)</title>", run(f"--window-size={WIDTH},200", "--dump-dom"))
        assert told, "Chromium did not say how high the page is"
        file.write_text(page(name), encoding="utf-8")
        height = int(float(told[1])) + 33
        seen = FOLDER / f"{name}.png"
        run(f"--window-size={WIDTH},{height}", f"--screenshot={seen}")
        seen.write_bytes(smaller(seen.read_bytes()))


def smaller(png: bytes) -> bytes:
    """The same picture with a palette: its 256 most frequent colours, the nearest of them for the rest."""
    chunks, at = [], 8
    while at < len(png):
        (size,) = struct.unpack(">I", png[at : at + 4])
        chunks.append((png[at + 4 : at + 8], png[at + 8 : at + 8 + size]))
        at += 12 + size
    width, height, depth, kind = struct.unpack(">IIBB", chunks[0][1][:10])
    assert (depth, kind) == (8, 2), "Chromium writes eight bits for each of red, green and blue"
    raw = zlib.decompress(b"".join(data for name, data in chunks if name == b"IDAT"))
    rows = [[row[x : x + 3] for x in range(0, width * 3, 3)] for row in _rows(raw, width * 3)]
    counted = Counter(each for row in rows for each in row)
    palette = [colour for colour, _ in counted.most_common(256)]

    def nearest(colour: bytes) -> int:
        far = [sum((a - b) ** 2 for a, b in zip(colour, each, strict=True)) for each in palette]
        return far.index(min(far))

    index = {colour: nearest(colour) for colour in counted}
    lines = b"".join(b"\0" + bytes(index[each] for each in row) for row in rows)
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    made = [
        (b"IHDR", head),
        (b"PLTE", b"".join(palette)),
        (b"IDAT", zlib.compress(lines, 9)),
        (b"IEND", b""),
    ]
    return png[:8] + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in made
    )


def _rows(raw: bytes, size: int) -> list[bytes]:
    """The rows without PNG's filters, each of `size` bytes of three a pixel."""
    before, out = bytearray(size), []
    for at in range(0, len(raw), size + 1):
        how, row = raw[at], bytearray(raw[at + 1 : at + 1 + size])
        for x in range(size if how else 0):
            left, corner = (row[x - 3], before[x - 3]) if x >= 3 else (0, 0)
            near = min((left, before[x], corner), key=lambda each: abs(left + before[x] - corner - each))
            row[x] = row[x] + (0, left, before[x], (left + before[x]) // 2, near)[how] & 255
        out.append(bytes(row))
        before = row
    return out


def main() -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert chromium, "there is no Chromium on PATH"
    FOLDER.mkdir(exist_ok=True)
    for name in WANTED:
        draw(name, chromium)
    made = {name: digest(name) for name in WANTED}
    (FOLDER / "made-from.json").write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
