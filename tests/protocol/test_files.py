"""Files as messages show them."""

from __future__ import annotations

from suhbat.protocol.files import File, kept, path_of, restored


def test_fields_without_a_value() -> None:
    """A client finds all fields of every file, null where it has none; only a waveform is left out. What a row stores of it
    has none of them, and gives the same file back."""
    file = File(id="f1", name="gap.txt", type="text/plain", size=13, kind="file", url=path_of("f1", "gap.txt"))
    wire = file.model_dump(mode="json")
    assert list(wire) == [name for name in File.model_fields if name != "waveform"]
    assert {name for name, value in wire.items() if value is None} == {"width", "height", "duration", "thumbhash"}
    row = kept(file)
    assert row == {"id": "f1", "name": "gap.txt", "type": "text/plain", "size": 13, "kind": "file"}
    assert restored(row) == file
