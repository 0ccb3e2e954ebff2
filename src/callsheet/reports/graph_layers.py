"""A layered drawing: which column and row each node of a graph stands in. Pure arithmetic, no library."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

_SWEEPS = 4


def layers(uses: Mapping[str, Collection[str]]) -> list[list[str]]:
    """Columns from users (left) to used (right), each in an order that keeps lines short. Deterministic."""
    forward = _without_back_edges(uses)
    users: dict[str, list[str]] = {node: [] for node in uses}
    for node, ends in forward.items():
        for end in ends:
            users[end].append(node)
    columns: list[list[str]] = []
    for node, depth in _depths(forward, users).items():
        while len(columns) <= depth:
            columns.append([])
        columns[depth].append(node)
    for sweep in range(_SWEEPS):
        if sweep % 2 == 0:
            for index in range(1, len(columns)):
                columns[index] = _by_middle(columns[index], columns[:index], users)
        else:
            for index in range(len(columns) - 2, -1, -1):
                columns[index] = _by_middle(columns[index], columns[index + 1 :], forward)
    return columns


def _without_back_edges(uses: Mapping[str, Collection[str]]) -> dict[str, list[str]]:
    """The graph without the edges that close a cycle on a walk in the order of its nodes."""
    kept: dict[str, list[str]] = {node: [] for node in uses}
    done: set[str] = set()
    for root in uses:
        if root in done:
            continue
        on_path = {root}
        work = [(root, iter(uses[root]))]
        while work:
            node, ends = work[-1]
            for end in ends:
                if end not in uses or end in on_path:
                    continue
                kept[node].append(end)
                if end not in done:
                    on_path.add(end)
                    work.append((end, iter(uses[end])))
                    break
            else:
                work.pop()
                on_path.discard(node)
                done.add(node)
    return kept


def _depths(forward: Mapping[str, Sequence[str]], users: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """The longest way from a node that nobody uses, in the order of the nodes."""
    waiting = {node: len(users[node]) for node in forward}
    depth = dict.fromkeys(forward, 0)
    ready = [node for node, count in waiting.items() if not count]
    while ready:
        node = ready.pop()
        for end in forward[node]:
            depth[end] = max(depth[end], depth[node] + 1)
            waiting[end] -= 1
            if not waiting[end]:
                ready.append(end)
    return depth


def _by_middle(
    column: Sequence[str], others: Sequence[Sequence[str]], linked: Mapping[str, Sequence[str]]
) -> list[str]:
    """The column in the order of the middles of what each node is linked to, else as it was."""
    rows = {node: row for each in others for row, node in enumerate(each)}

    def middle(pair: tuple[int, str]) -> tuple[float, int]:
        at, node = pair
        found = [rows[each] for each in linked[node] if each in rows]
        return (sum(found) / len(found) if found else float(at)), at

    return [node for _, node in sorted(enumerate(column), key=middle)]
