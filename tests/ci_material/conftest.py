from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.emulator import emulator
from support.voice_project import Project, project


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """One for all tests of a module: none of them applies anything."""
    folder = tmp_path_factory.mktemp("voice")
    with emulator(folder) as url, project(folder, url) as made:
        yield made


@pytest.fixture
def voice(running: Project) -> Iterator[Project]:
    """main is afterwards where it was."""
    main = running.git("rev-parse", "main")
    running.git("checkout", "--quiet", "-B", "work")
    yield running
    running.git("checkout", "--quiet", "--force", "-B", "main", main)
