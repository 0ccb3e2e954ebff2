from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from callsheet.ci.base import Publisher
from callsheet.ci.publishers import publisher
from callsheet.ci.surroundings import job_of
from support.clock import FakeClock
from support.github import GitHubDouble
from support.gitlab import GitLabDouble
from support.hosts import served


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def github() -> Iterator[GitHubDouble]:
    made = GitHubDouble()
    with served(made, ""):
        yield made


@pytest.fixture
def gitlab() -> Iterator[GitLabDouble]:
    made = GitLabDouble()
    with served(made, "/api/v4"):
        yield made


@pytest.fixture
def opened(clock: FakeClock) -> Iterator[Callable[[Any], Publisher]]:
    """A publisher for the job of a double, as a new run makes one."""
    made: list[Publisher] = []

    def run(host: Any) -> Publisher:
        made.append(publisher(job_of(host.variables), clock))
        return made[-1]

    yield run
    for each in made:
        each.close()
