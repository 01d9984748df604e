"""A name that goes and that a hook still says is pointed out wherever the plan is seen."""

from __future__ import annotations

from pathlib import Path

from published import check
from terminal import Project, posts, until

HOOK = """onRecordCreate((e) => {
  // the slug of a post
  e.record.set("slug", e.record.get("title").toLowerCase());
  e.next();
}, "posts");
"""
TOLD = 'pb_hooks/main.pb.js:3: may mean posts.slug: e.record.set("slug"'


def test_in_every_command_that_shows_what_goes(tmp_path: Path) -> None:
    project = Project(tmp_path / "app")
    project.write("pocketvex.toml", "")
    project.write("schema/posts.py", posts("slug = field.text()"))
    project.write("pb_hooks/main.pb.js", HOOK)
    project.write("pb_hooks/node_modules/x/index.js", HOOK)
    project.write("pb_hooks/types.d.ts", HOOK)
    project.ok("migrate", "generate", "first")
    assert "may mean" not in project.ok("dev", "--once").err

    project.write("schema/posts.py", posts("summary = field.text()", "slugs = field.bool()"))
    found = project.ok("schema", "diff", "--format", "json").json
    check(found, "plan")
    (mention,) = found["mentions"]
    assert (mention["path"], mention["file"], mention["line"]) == ("posts.slug", "pb_hooks/main.pb.js", 3)
    assert TOLD in project.ok("schema", "diff").out.replace("\n    ", " ")

    found = project("schema", "apply", "--format", "json")
    check(found.json, "applied")
    assert (found.code, [change["path"] for change in found.json["applied"]]) == (5, ["posts.slugs"])
    assert found.json["left"]["mentions"] == [mention]

    project.write("schema/posts.py", posts('summary = field.text(renamed_from="slug")'))
    with project.dev() as dev:
        dev.says("may mean posts.summary: e.record.set")
        mark = dev.now
        project.write("schema/posts.py", posts('summary = field.text(renamed_from="slug", max=99)'))
        dev.says("max", mark)
        project.write("pb_hooks/main.pb.js", HOOK.replace('"slug"', '"summary"'))
        project.write("schema/posts.py", posts('summary = field.text(renamed_from="slug", max=100)'))
        until(lambda: "→ 100" in dev.since(mark), "it sees the next save")
        assert "may mean" not in dev.since(mark)

    project.write("pb_hooks/main.pb.js", HOOK)
    assert "may mean posts.summary" in project.ok("migrate", "generate").err
