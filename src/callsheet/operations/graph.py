"""`graph`: who uses whom, in an environment as the files have it. Asks nobody."""

from __future__ import annotations

from callsheet.model.diagnostics import nearest
from callsheet.model.errors import CallsheetError
from callsheet.model.value import After, External, Ref, symbols
from callsheet.operations.session import Session
from callsheet.reports.graph_view import Graph, Node, graph_of
from callsheet.spec.render import render


def estate_graph(session: Session) -> Graph:
    """The resources of the environment, or of the release that it runs. SpecError where files are wrong."""
    # Without a download of what documents name by URL: no reference hangs on its bytes.
    estate = render(session.source.project, session.environment, session.catalogue)
    nodes: dict[str, Node] = {str(address): Node(str(address)) for address in estate.resources}
    uses: dict[str, list[str]] = {}
    for address, resource in estate.resources.items():
        found = uses[str(address)] = []
        for _, symbol in symbols(resource.payload):
            if isinstance(symbol, Ref | After):
                found.append(symbol.address)
            elif isinstance(symbol, External):
                name = f"{symbol.kind}/{symbol.name}"
                nodes.setdefault(name, Node(name, external=True))
                found.append(name)
    return graph_of(nodes.values(), uses)


def around(graph: Graph, address: str, depth: int) -> Graph:
    """The surroundings of a resource and all of its parts. CallsheetError where the graph has none of it."""
    if not graph.called(address):
        raise CallsheetError(
            f"there is no {address} in this graph",
            hint=nearest(address, graph.nodes) or "`callsheet graph` without --around shows what there is",
            code="graph.unknown",
        )
    return graph.around(address, depth)
