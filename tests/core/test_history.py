"""The folder of migrations, without a server: order, hashes, stamps, drafts."""

from __future__ import annotations

from pathlib import Path

import pytest

from pocketvex.errors import HistoryError
from pocketvex.history.folder import (
    MigrationFile,
    enlist,
    is_untouched,
    next_stamp,
    read_draft,
    read_history,
    seal,
    signed,
    unseal,
    unsigned,
    write_draft,
)
from pocketvex.steps.header import render_empty
from pocketvex.store.files import slug

NOW = 1_795_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "pb_migrations"
    made.mkdir()
    return made


def put(folder: Path, *names: str, text: str = "migrate((app) => {}, (app) => {});\n") -> None:
    for name in names:
        (folder / name).write_text(text, newline="")


def test_a_folder_that_is_not_there_is_an_empty_history(tmp_path: Path) -> None:
    history = read_history(tmp_path / "none")
    assert (history.files, history.edited, history.missing) == ((), (), ())


def test_files_stand_in_the_order_of_their_bytes_and_only_those_that_pocketbase_runs(folder: Path) -> None:
    put(folder, "b.js", "10_a.js", "9_c.js", "A.js", "é.js", "x.ts", "y.mjs", "z.txt", "pocketvex.sum.js.bak")
    (folder / "drafts").mkdir()
    put(folder / "drafts", "next.js")
    assert read_history(folder).names == ("10_a.js", "9_c.js", "A.js", "b.js", "x.ts", "é.js")


@pytest.mark.parametrize(
    ("there", "stamp"),
    [
        ([], NOW),
        ([f"{NOW - 5}_a.js"], NOW),
        ([f"{NOW}_a.js"], NOW + 1),
        ([f"{NOW + 99}_a.js", f"{NOW}_b.js"], NOW + 100),
        (["0001_init.js"], NOW),
        (["20260101120000_long.js"], 20260101120001),
        ([f"{NOW}_a.js", "20260101120000_long.js"], 20260101120001),
        (["1_init.js"], 2_000_000_000),
        (["1_init.js", "2_posts.js"], 3_000_000_000),
        (["10_init.js"], NOW),
        (["1_init.js", "2000000000_a.js"], 2_000_000_001),
        (["2026-03-06_init.js"], 2_026_000_000),
        (["2026-03-06_init.js", "2026000000_a.js"], 2_026_000_001),
        (["20260306_init.js"], 2_026_030_700),
        (["2026.03.js"], 2_026_000_000),
        (["20260306120000.js"], 20260306120001),
    ],
)
def test_a_stamp_comes_behind_every_file(folder: Path, there: list[str], stamp: int) -> None:
    put(folder, *there)
    history = read_history(folder)
    assert next_stamp(history, NOW) == stamp
    assert all(f"{stamp}_new.js".encode() > name.encode() for name in history.names)


@pytest.mark.parametrize("name", ["init.js", "999_old.js", "9999999999_end.js"])
def test_a_file_that_nothing_can_come_behind_is_named(folder: Path, name: str) -> None:
    put(folder, name)
    with pytest.raises(HistoryError) as failure:
        next_stamp(read_history(folder), NOW)
    assert name in failure.value.what


def test_what_was_sealed_is_listed_and_an_edit_of_it_shows(folder: Path) -> None:
    put(folder, "1_by_hand.js")
    one, two = MigrationFile("2_a.js", "// a\n"), MigrationFile("3_b.js", "// b\n")
    seal(read_history(folder), [one, two])
    (folder / "2_a.js").write_text("// changed\n")
    (folder / "3_b.js").unlink()
    history = read_history(folder)
    assert (history.edited, history.missing) == (("2_a.js",), ("3_b.js",))
    # Sealing another does not accept the edit.
    seal(history, [MigrationFile("4_c.js", "// c\n")])
    assert read_history(folder).edited == ("2_a.js",)
    # Nor is a file listed that somebody still works on.
    assert "1_by_hand.js" not in (folder / "pocketvex.sum").read_text()
    enlist(folder, [read_history(folder).files[0]])
    put(folder, "1_by_hand.js", text="// edited\n")
    assert read_history(folder).edited == ("1_by_hand.js", "2_a.js")


def test_newlines_and_comments_of_the_sum_file_are_no_edits(folder: Path) -> None:
    seal(read_history(folder), [MigrationFile("1_a.js", "// a\n// b\n")])
    for path in folder.iterdir():
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    history = read_history(folder)
    assert (history.edited, history.missing) == ((), ())
    assert history.files[0].text == "// a\n// b\n"


def test_an_existing_file_is_never_written_over(folder: Path) -> None:
    put(folder, "1_a.js", text="// mine\n")
    with pytest.raises(HistoryError):
        seal(read_history(folder), [MigrationFile("0_z.js", ""), MigrationFile("1_a.js", "// yours\n")])
    assert (folder / "1_a.js").read_text() == "// mine\n"
    assert not (folder / "0_z.js").exists()


def test_what_was_unsealed_was_never_there(folder: Path) -> None:
    seal(read_history(folder), [MigrationFile("1_a.js", "// a\n")])
    before = (folder / "pocketvex.sum").read_text()
    file = MigrationFile("2_b.js", "// b\n")
    seal(read_history(folder), [file])
    unseal(read_history(folder), [file])
    assert (folder / "pocketvex.sum").read_text() == before
    assert read_history(folder).names == ("1_a.js",)


def test_a_draft_knows_whether_a_person_edited_it(folder: Path) -> None:
    text = "/// <reference />\n// a draft\nmigrate();\n"
    assert write_draft(folder, signed(text))
    assert not write_draft(folder, signed(text))
    draft = read_draft(folder) or ""
    assert is_untouched(draft)
    assert is_untouched(draft.replace("\n", "\r\n"))
    assert unsigned(draft) == text
    assert not is_untouched(draft.replace("a draft", "my draft"))
    assert not is_untouched(text)
    assert write_draft(folder, None)
    assert not write_draft(folder, None)
    assert not (folder / "drafts").exists()


def test_a_hand_written_step_waits_until_somebody_writes_it() -> None:
    text = render_empty(comment=["Fix titles"])
    assert MigrationFile("1_a.js", text).unwritten
    assert MigrationFile("1_a.js", text.replace("\n", "\r\n")).unwritten
    assert not MigrationFile("1_a.js", text.replace("// what is to be done", "app.save(x);")).unwritten


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Add posts.title!", "add_posts_title"), ("", "migration"), ("日本", "migration"), ("x" * 99, "x" * 60)],
)
def test_a_slug_is_a_file_name_everywhere(name: str, expected: str) -> None:
    assert slug(name) == expected
