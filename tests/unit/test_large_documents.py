"""Places in documents of more than a megabyte: the first are counted, then a table is made."""

from __future__ import annotations

import pytest

from configguard.source.document import BOM, Document


@pytest.mark.parametrize("bom", [b"", BOM])
@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
def test_places_are_the_same_however_they_are_found(bom: bytes, newline: bytes) -> None:
    data = bom + newline.join([b"first", *("\u00e9 line".encode() for _ in range(150_000)), b"end"])
    assert len(data) > 1_000_000
    offsets = [0, 3, 5, 7, 500_001, 1_000_002, len(data) - 1, len(data), len(data) + 9]
    counted = [Document("a.lock", data).position(offset) for offset in offsets]
    table = Document("a.lock", data)
    for _ in range(30):
        table.position(0)
    assert [table.position(offset) for offset in offsets] == counted
    assert counted[-1] == (150_002, 4)
    assert counted[0] == (1, 1)
