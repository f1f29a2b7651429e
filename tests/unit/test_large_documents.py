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
    for number in range(30):
        table.position(7 * number)
    assert [table.position(offset) for offset in offsets] == counted
    assert counted[-1] == (150_002, 4)
    assert counted[0] == (1, 1)


def test_the_text_of_a_line_is_the_same_however_it_is_found() -> None:
    data = BOM + b"first\r\n" + b"line\r\n" * 200_000 + b"end"
    counted, table = Document("a.lock", data), Document("a.lock", data)
    assert len(table.line_starts) == 200_002
    for offset in (0, 12, 600_000, len(data)):
        line = counted.position(offset).line - 1
        assert counted.line_text(line) == table.line_text(line)
        assert counted.line_text(line) in ("first", "line", "end")
