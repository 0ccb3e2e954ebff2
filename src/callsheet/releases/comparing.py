"""What two releases differ in: the files, and which of them is the newer one's."""

from __future__ import annotations

from dataclasses import dataclass

from callsheet.releases.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Difference:
    """Paths by what became of them on the way from the one to the other."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)

    @property
    def count(self) -> int:
        return len(self.added) + len(self.changed) + len(self.removed)


def differ(old: Manifest, new: Manifest) -> Difference:
    """What changes for somebody who goes from `old` to `new`."""
    both = old.files.keys() & new.files.keys()
    return Difference(
        tuple(sorted(new.files.keys() - both)),
        tuple(sorted(path for path in both if old.files[path].sha256 != new.files[path].sha256)),
        tuple(sorted(old.files.keys() - both)),
    )
