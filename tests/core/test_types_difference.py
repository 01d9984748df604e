"""What `types generate --check` says of a stale file."""

from __future__ import annotations

from pathlib import Path

from pocketvex.run.types import difference


def test_lines_have_their_numbers_and_the_hash_is_not_among_them(tmp_path: Path) -> None:
    file = tmp_path / "types.ts"
    file.write_bytes(b"// schema-hash: 1\r\nexport type A = {\r\n  title: string;\r\n}\r\n")
    now = "// schema-hash: 2\nexport type A = {\n  slug: string;\n  title?: string;\n}\n"
    assert difference(file, now) == [
        "3 -   title: string;", "3 +   slug: string;", "4 +   title?: string;",
    ]  # fmt: skip
    assert difference(file, file.read_text().rstrip()) == ["the end of the file, or the hash of its schema"]
    assert difference(tmp_path / "missing.ts", now) == []


def test_many_lines_are_counted(tmp_path: Path) -> None:
    file = tmp_path / "types.ts"
    file.write_text("a\n")
    said = difference(file, "".join(f"{n}\n" for n in range(10)), most=3)
    assert said == ["1 - a", "1 + 0", "2 + 1", "… 8 more lines"]
