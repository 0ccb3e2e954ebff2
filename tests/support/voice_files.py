"""The files of a small estate, one assistant and one tool, that the example workflows are run with."""

from __future__ import annotations

ENVIRONMENT = """\
  {name}:
    {kind}
    provider: {{type: vapi, baseUrl: "{url}", apiKey: "secrets://env/VAPI_{upper}_KEY"}}
    state: {{backend: file, path: "{state}"}}
"""
PROTECTION = """\
    protection:
      signOffs: {{required: 1, from: ["* by ana", ana], fourEyes: true}}
      denyVariables: [DEBUG]
      oidc: [{{issuer: "{issuer}", claims: {{repository: acme/voice}}}}]
"""
FILES = {
    ".gitignore": ".callsheet/\n",
    "specs/assistants/front-desk.yaml": """\
apiVersion: v1
kind: Assistant
metadata: {name: front-desk}
spec:
  model: {provider: openai, model: gpt-4.1}
  systemPromptRef: prompts/front-desk.md
  firstMessage: "Acme, good morning. What can I do for you?"
  tools: [{ref: find-order}]
""",
    "specs/prompts/front-desk.md": """\
You answer the telephone of Acme, a shop for tools.

Find out what the caller needs.
Ask for the order number before you look anything up.
Never promise a delivery date.
""",
    "specs/tools/find-order.yaml": """\
apiVersion: v1
kind: Tool
metadata: {name: find-order}
spec:
  type: function
  name: find_order
  description: Find an order by its number.
  native:
    server:
      url: https://orders.acme.example/hooks
      headers: {X-Acme-Key: "secrets://vault/kv/voice/orders#key"}
""",
}
