"""Build hook: writes all tables and rules into the wheel in one prepared form.

Reading YAML at every start would cost more than the linting itself. An editable install gets
none of it: there the YAML is read, so that an edit counts at once.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PreparedTables(BuildHookInterface):  # type: ignore[type-arg]
    """Adds `configguard/prepared.json` to a standard wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version != "standard":
            return
        sys.path.insert(0, str(Path(self.root) / "linter"))
        try:
            from configguard.resources import prepare
        finally:
            sys.path.pop(0)
        folder = Path(tempfile.mkdtemp(prefix="configguard-build-"))
        prepared = folder / "prepared.json"
        prepared.write_text(json.dumps(prepare(), separators=(",", ":")), encoding="utf-8")
        build_data["force_include"][str(prepared)] = "configguard/prepared.json"
