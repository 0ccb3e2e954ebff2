"""What a case of bad input is, and the words that the tables of them are written in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from support.world import World

HEAD = "apiVersion: v1\nkind: Assistant\nmetadata: {name: a}\n"
GOOD = HEAD + "spec: {model: gpt-4.1, systemPrompt: Be kind.}\n"
TOOL = "apiVersion: v1\nkind: Tool\nmetadata: {name: t}\n"


@dataclass(frozen=True)
class Case:
    """`expected` must be in the error, `place` too: a file with line and column, an address or a request."""

    name: str
    make: Callable[[World], object]
    expected: str
    place: str = r"specs/assistants/a\.yaml:\d+:\d+"
    verb: tuple[str, ...] = ("apply", "--yes")


def file(text: str | bytes, path: str = "assistants/a.yaml") -> Callable[[World], object]:
    return lambda world: world.file(path, text)


def spec(text: str) -> Callable[[World], object]:
    return file(f"{HEAD}spec: {text}\n")


def both(*makers: Callable[[World], object]) -> Callable[[World], object]:
    return lambda world: [make(world) for make in makers]


def fault(*switches: str) -> Callable[[World], object]:
    return both(file(GOOD), lambda world: world.bad_day(*switches))


def section(extra: str) -> Callable[[World], object]:
    return both(file(GOOD), lambda world: world.environment(extra))


def bomb() -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    return HEAD + "spec:\n" + "\n".join(f"  {each}" for each in lines) + "\n"


def tool(text: str) -> Callable[[World], object]:
    return file(f"{TOOL}spec: {text}\n", "tools/t.yaml")


def metadata(text: str) -> Callable[[World], object]:
    return file(f"apiVersion: v1\nkind: Assistant\nmetadata: {text}\nspec: {{}}\n")


def header(value: str) -> Callable[[World], object]:
    """An assistant whose server gets a header."""
    return spec(
        f"{{model: gpt-4.1, native: {{server: {{url: 'https://x.io', headers: {{X-Key: '{value}'}}}}}}}}"
    )


def link_outside(world: World) -> None:
    secret = world.root.parent / "outside.md"
    secret.write_text("root:x:0:0")
    (world.root / "prompts").mkdir()
    (world.root / "prompts" / "p.md").symlink_to(secret)
    world.file("assistants/a.yaml", f"{HEAD}spec: {{model: gpt-4.1, systemPromptRef: prompts/p.md}}\n")


ENV = r"environments\.yaml"
REQUEST = r"(GET|POST|PATCH|DELETE) /"


def damage(world: World) -> None:
    assert world.apply().exit_code == 0
    world.file("assistants/b.yaml", GOOD.replace("name: a", "name: b"))
    for path in (world.root / ".callsheet" / "state").rglob("*snapshot*"):
        path.write_bytes(b"")
