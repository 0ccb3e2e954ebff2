"""Files and knowledge bases (v2), the documents that assistants search."""

from __future__ import annotations

from callsheet.model.kinds import Kind
from callsheet.model.paths import patterns
from callsheet.providers.vapi.kinds.common import SERVER_OWNED, SOURCE, refers

FILE = Kind(
    name="File",
    source=SOURCE,
    # Create only: PATCH takes nothing but the name.
    label_path=("metadata", "callsheet"),
    server_owned=SERVER_OWNED
    + patterns(
        "object",
        "status",
        "url",
        "bucket",
        "key",
        "path",
        "bytes",
        "mimetype",
        "originalName",
        "originalFileName",
        "parsedTextUrl",
        "parsedTextBytes",
        "parsedTextPath",
        "parsedTextBucket",
    ),
    write_only=patterns("content"),
    immutable=patterns("content", "purpose", "metadata"),
)

KNOWLEDGE_BASE = Kind(
    name="KnowledgeBase",
    source=SOURCE,
    server_owned=SERVER_OWNED + patterns("toolId", "files"),
    references=(refers("fileIds[*]", "File"),),
    id_sets=patterns("fileIds"),
    # Attaching is a call of its own on a knowledge base that exists.
    after_create=patterns("fileIds"),
    irreversible=True,
    exports=("toolId",),
)
