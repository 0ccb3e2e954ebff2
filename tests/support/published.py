"""What the published schemas find wrong with a document."""

from __future__ import annotations

from typing import Any

import jsonschema_rs

from callsheet.reports.published import published


def findings(name: str, value: Any) -> list[str]:
    validator = jsonschema_rs.Draft202012Validator(published(name), validate_formats=True)
    return [f"{list(each.instance_path)}: {each.message}" for each in validator.iter_errors(value)]
