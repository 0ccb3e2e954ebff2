"""Who may write a folder and what is in it, by owners and permission bits. Access lists are not looked at."""

from __future__ import annotations

import grp
import os
import pwd
import stat
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from callsheet.state.store import Writers


def writers(folder: Path) -> Writers:
    """Those who own the folder, what is in it or what it lies in; alarms where others may write there."""
    folder = folder.resolve()
    owners = {0} if folder.exists() else {0, os.getuid()}
    open_to: Counter[str] = Counter()
    alarms: list[str] = []
    advice: list[str] = []
    for _, about in _within(folder):
        owners.add(about.st_uid)
        if others := _others(about):
            open_to[others] += 1
    for others, count in sorted(open_to.items()):
        alarms.append(f"{count} of its files and folders can be written by {others}")
        advice = [f"chmod -R go-w {folder}"]
    for path, about in _above(folder):
        owners.add(about.st_uid)
        # In a sticky folder nobody replaces what is another's.
        if (others := _others(about)) and not about.st_mode & stat.S_ISVTX:
            alarms.append(f"{path}, in which it lies, can be written by {others}")
            advice.append(f"chmod go-w {path}")
    names = ", ".join(_user(owner) for owner in sorted(owners, reverse=True))
    who = f"those who own {folder} or a folder in which it lies, on this machine: {names}"
    return Writers(who, tuple(alarms), advice="; ".join(advice))


def _within(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    yield from _existing(folder)
    for path in folder.rglob("*"):
        yield from _existing(path)


def _above(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    for path in folder.parents:
        yield from _existing(path)


def _existing(path: Path) -> Iterator[tuple[Path, os.stat_result]]:
    try:
        yield path, path.stat()
    except FileNotFoundError:
        return


def _others(about: os.stat_result) -> str | None:
    """Who may write beside the owner."""
    if about.st_mode & stat.S_IWOTH:
        return "everybody"
    if about.st_mode & stat.S_IWGRP and not _own_group(about):
        return f"the group {_group(about.st_gid)}"
    return None


def _own_group(about: os.stat_result) -> bool:
    """Whether the group is the owner's own, as most Linux systems make one for every user."""
    if about.st_gid == 0:
        return True
    try:
        group = grp.getgrgid(about.st_gid)
    except KeyError:
        return False
    owner = _user(about.st_uid)
    return group.gr_name == owner and set(group.gr_mem) <= {owner}


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"number {number}"


def _group(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return f"number {number}"
