"""What renderers make of Markdown: GitHub's own parser and another one, asked for what would act."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import cmarkgfm
from cmarkgfm.cmark import Options
from markdown_it import MarkdownIt
from markdown_it.token import Token

# What reports are written with, and the attributes that these may have.
TAGS = {"h1", "h2", "h3", "p", "strong", "b", "details", "summary", "code", "pre", "hr", "br", "em"}
TAGS |= {"table", "thead", "tbody", "tr", "th", "td", "ul", "ol", "li"}
ATTRIBUTES = {("pre", "lang"), ("code", "class"), ("ol", "start")}
ACTING = re.compile(
    r"@\w|[#!&%~$^]\w|https?:/|www\.|mailto:|\bGH-\d|\b[0-9a-f]{7,40}\b|:\w+:|\$\$|\$`|\[!|^\s*/\w", re.I
)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.inside: list[str] = []
        self.codes: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            self.found.append(f"<{tag} {attrs}>")
        self.found += [f"<{tag} {name}>" for name, _ in attrs if (tag, name) not in ATTRIBUTES]
        if tag not in ("hr", "br"):
            self.inside.append(tag)
        if tag == "code":
            self.codes.append("")

    def handle_endtag(self, tag: str) -> None:
        if not self.inside or self.inside.pop() != tag:
            self.found.append(f"</{tag}> that ends nothing")

    def handle_data(self, data: str) -> None:
        if "code" in self.inside:
            self.codes[-1] += data
        else:
            self.found += ACTING.findall(data)

    def handle_comment(self, data: str) -> None:
        self.found.append(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self.found.append(f"<!{decl}>")

    def handle_pi(self, data: str) -> None:
        self.found.append(f"<?{data}>")

    def unknown_decl(self, data: str) -> None:
        self.found.append(f"<![{data}")


def _page(markdown: str) -> _Page:
    options = Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_FOOTNOTES
    page = _Page()
    page.feed(cmarkgfm.github_flavored_markdown_to_html(markdown, options=options))
    page.close()
    if page.inside:
        page.found.append(f"never ended: {page.inside}")
    return page


def acts(markdown: str) -> list[str]:
    """What is in the text beyond words, code and our own markup; nothing, where all is well."""
    return [*_page(markdown).found, *_second(markdown), *_commands(markdown)]


def codes(markdown: str) -> list[str]:
    """What stands in code, as a reader sees it."""
    return _page(markdown).codes


def _second(markdown: str) -> list[str]:
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    found: list[str] = []
    for token in _tokens(parser.parse(markdown)):
        if token.type in ("link_open", "image", "html_inline", "s_open"):
            found.append(f"{token.type} {token.content}")
        elif token.type == "html_block":
            page = _Page()
            page.feed(token.content)
            found += [each for each in page.found if not each.startswith("</details>")]
        elif token.type == "text":
            found += ACTING.findall(token.content)
    return found


def _tokens(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _tokens(token.children or [])


def _commands(markdown: str) -> list[str]:
    found = [line for line in markdown.split("\n") if line.strip().startswith("::") or "${{" in line]
    return found + re.findall(r"##\w*\[", markdown)
