"""A new rule's folder: a small rule that works, with a page whose examples pass."""

from __future__ import annotations

import re
from pathlib import Path

ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")

_RULE = """\
# configguard explain too-many-retries shows a whole one. schema/rule.schema.json has all words.
id: {id}
summary: Every test is run several times
over: [suite]
since: "0.1"
applies: {{kind: {{enum: [unit, component]}}}}
require: {{repeats: {{maximum: 0}}}}
severity:
  - {{is: warning}}
message: "{{suite}} runs every test {{repeats}} more times"
label: "{{repeats}} repeats of each test"
consequence: >-
  Say here what goes wrong then, with a number that somebody measured.
remedy: "Say here what to do."
"""

_PAGE = """\
# {id}

Every test is run several times.

## What goes wrong

Say what happens in a project that breaks the rule, and how you know.

## When to ignore it

Say where breaking the rule is right.

## Bad: two repeats

```ts vitest.config.ts vitest=5.1.0 finding={id}@1
export default {{ test: {{ repeats: 2 }} }};
```

## Good: none

```ts vitest.config.ts vitest=5.1.0
export default {{ test: {{}} }};
```
"""


class Refused(ValueError):
    """The folder cannot be made; the message says why."""


def new_rule(folder: Path, rule_id: str) -> list[Path]:
    """Make the folder of a new rule, and give its files. Raises Refused, OSError."""
    if not ID.fullmatch(rule_id):
        raise Refused(f"{rule_id!r} is no id: lower case words with hyphens, such as no-retries")
    target = folder / rule_id
    if target.exists() or target.is_symlink():
        raise Refused(f"{target} is there already")
    target.mkdir(parents=True)
    written: list[Path] = []
    for name, text in (("rule.yaml", _RULE), ("README.md", _PAGE)):
        (target / name).write_text(text.format(id=rule_id), "utf-8", newline="\n")
        written.append(target / name)
    return written
