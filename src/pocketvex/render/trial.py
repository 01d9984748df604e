"""A trial: one step, run by PocketBase's own `migrate up`, that tries a migration up, down and up again.

It puts rows into the tables first, writes down what is there after each part, and undoes all of it at
the end, so that the file itself can run after it as if nothing had been. Verified on 0.23.12 to 0.40.6: the
transaction of a batch takes savepoints, and what is written to a file outlives it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

_HEAD = "let tried; let calls = 0; (function (migrate) { "
"""On the line on which the text begins: the lines that errors name are then those of the file."""

_CALL = """
})((up, down) => {
  calls += 1;
  if (calls === 1) tried = { up: up, down: down };
});
"""

_DRIVER = """
migrate((app) => {
  const sql = (text, values) => app.db().newQuery(text).bind(values || {});
  const collections = () => {
    const all = JSON.parse(JSON.stringify(app.findAllCollections()));
    for (const c of all) {
      delete c.created;
      delete c.updated;
      if (c.type === "view") c.fields.forEach((field) => (field.id = ""));
    }
    return all;
  };
  const table = (c) => {
    const parts = [];
    for (let first = 0; first < c.fields.length; first += 80) {
      const fields = c.fields.slice(first, first + 80);
      const found = new DynamicModel({ rows: "" });
      const literals = fields.map((f) => "quote([[" + f.name + "]])").join(", ");
      const all = "COALESCE(json_group_array(json_array([[id]], " + literals + ")), '[]')";
      sql("SELECT " + all + " AS [[rows]] FROM {{" + c.name + "}}").one(found);
      parts.push([fields.map((f) => f.id), JSON.parse(found.rows)]);
    }
    return parts;
  };
  const state = () => {
    const all = collections();
    const tables = {};
    for (const c of all) if (c.type !== "view" && !c.system) tables[c.id] = table(c);
    return { collections: all, tables: tables };
  };
  const run = (part) => {
    const said = part(app);
    if (said === undefined || said === null) return;
    throw new Error("it returns a value, which PocketBase takes for an error: " + said);
  };
  const seen = { calls: calls, has_down: !!(tried && tried.down), step: "rows", error: "" };
  const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
  sql("SAVEPOINT pocketvex").execute();
  try {
    for (const [name, row] of rows) {
      const columns = Object.keys(row);
      const values = {};
      columns.forEach((column, n) => (values["v" + n] = row[column]));
      const [into, bound] = [columns.map((c) => "[[" + c + "]]"), columns.map((c, n) => "{:v" + n + "}")];
      sql("INSERT OR IGNORE INTO {{" + name + "}} (" + into + ") VALUES (" + bound + ")", values).execute();
    }
    seen.before = state();
    seen.step = "up";
    if (tried) run(tried.up);
    seen.after = state();
    if (seen.has_down) {
      seen.step = "down";
      run(tried.down);
      seen.down = state();
      if (same(seen.down, seen.before)) seen.down = null;
      seen.step = "again";
      run(tried.up);
      seen.again = state();
      if (same(seen.again, seen.after)) seen.again = null;
    }
    seen.step = "";
  } catch (error) {
    seen.error = String(error);
    seen.stack = String((error && error.stack) || "");
  }
  sql("ROLLBACK TO pocketvex").execute();
  sql("RELEASE pocketvex").execute();
  app.reloadCachedCollections();
  $os.writeFile(target, JSON.stringify(seen), 0o600);
}, null);
"""


def trial_step(text: str, rows: Sequence[tuple[str, dict[str, Any]]], target: str) -> str:
    """The step that tries the migration `text` on these rows (table, stored values by column).

    What it saw is JSON in the file `target`: the states `before`, `after`, `down` and `again` (null where
    it is that of before, or of after), and the `step` in which an `error` came, if any.
    """
    data = f"const rows = {json.dumps([list(row) for row in rows])};\nconst target = {json.dumps(target)};\n"
    return _HEAD + text + _CALL + data + _DRIVER
