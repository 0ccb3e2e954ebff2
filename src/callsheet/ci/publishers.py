"""Which class speaks to which code host."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from callsheet.ci.base import Clock, Publisher
from callsheet.ci.github import GitHub
from callsheet.ci.gitlab import GitLab
from callsheet.ci.surroundings import GITHUB, GITLAB, Job

HOSTS: Mapping[str, Callable[[Job, Clock], Publisher]] = {GITHUB: GitHub, GITLAB: GitLab}


def publisher(job: Job, clock: Clock) -> Publisher:
    """The host that the job runs for. HostError where its address or its token cannot be used."""
    return HOSTS[job.host](job, clock)
