"""Releases: immutable snapshots of the source that an environment ran, and which of them it is pinned to.

No network, no provider: bytes of files, a store, and the line in environments.yaml that wants a release.
"""
