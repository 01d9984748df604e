"""A trial: one step, run by PocketBase's own `migrate up`, that tries a migration up, down and up again.

It puts rows into the tables first, writes down what is there after each part, and undoes all of it at
the end, so that the file itself can run after it as if nothing had been. Verified on 0.23.12 to 0.40.6: the
transaction of a batch takes savepoints, and what is written to a file outlives it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

_HEAD = "const pocketvex = { calls: 0 }; (function (migrate) { "
"""On the line on which the text begins: the lines that errors name are then those of the file."""

_CALL = """
})((up, down) => {
  pocketvex.calls += 1;
  if (pocketvex.calls === 1) Object.assign(pocketvex, { up: up, down: down });
});
"""

_DRIVER = """
migrate((app) => {
  const sql = (text, values) => app.db().newQuery(text).bind(values || {});
  // The columns of views have other ids after each save.
  const shape = () => {
    const found = new DynamicModel({ text: "" });
    sql("SELECT COALESCE(json_group_array(json_array([[id]], [[system]], [[type]], [[name]], " +
      "CASE WHEN [[type]] = 'view' THEN '[]' ELSE [[fields]] END, [[indexes]], [[listRule]], [[viewRule]], " +
      "[[createRule]], [[updateRule]], [[deleteRule]], [[options]])), '[]') AS [[text]] " +
      "FROM (SELECT * FROM {{_collections}} ORDER BY [[id]])").one(found);
    return found.text;
  };
  // Some columns of a table: their fields, and what reads all their rows as one text.
  const parts = (name, all) => {
    const found = [];
    for (let first = 0; first < all.length; first += 80) {
      const fields = all.slice(first, first + 80);
      const literals = fields.map((f) => "quote([[" + f.name + "]])").join(", ");
      const rows = "COALESCE(json_group_array(json_array([[id]], " + literals + ")), '[]') AS [[text]]";
      found.push([fields.map((f) => f.id), "SELECT " + rows + " FROM {{" + name + "}}"]);
    }
    return found;
  };
  // Few queries for many tables: each costs more than what it reads.
  const state = () => {
    const seen = { shape: shape(), tables: {} };
    const wanted = [];
    for (const [id, system, type, name, fields] of JSON.parse(seen.shape))
      if (type !== "view" && !system)
        for (const [ids, query] of parts(name, JSON.parse(fields))) wanted.push([id, ids, query]);
    for (let first = 0; first < wanted.length; first += 50) {
      const some = wanted.slice(first, first + 50);
      const found = arrayOf(new DynamicModel({ text: "" }));
      sql(some.map(([_, __, query]) => query).join(" UNION ALL ")).all(found);
      some.forEach(([id, ids], n) => {
        seen.tables[id] = seen.tables[id] || [];
        seen.tables[id].push([ids, found[n].text]);
      });
    }
    return seen;
  };
  // Of the tables only those that are not as they were before.
  const whole = (seen, before) => {
    const tables = {};
    const kept = [];
    for (const id in seen.tables)
      if (before.tables[id] && same(seen.tables[id], before.tables[id])) kept.push(id);
      else tables[id] = seen.tables[id];
    return { collections: JSON.stringify(app.findAllCollections()), tables: tables, kept: kept };
  };
  const run = (part) => {
    const said = part(app);
    if (said === undefined || said === null) return;
    throw new Error("it returns a value, which PocketBase takes for an error: " + said);
  };
  const { calls, up, down, rows, target } = pocketvex;
  const seen = { calls: calls, has_down: !!down, step: "rows", error: "" };
  const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
  sql("SAVEPOINT pocketvex").execute();
  try {
    for (const [name, row] of rows) {
      const columns = Object.keys(row);
      const values = {};
      columns.forEach((column, n) => (values["v" + n] = row[column]));
      const [into, bound] = [columns.map((c) => "[[" + c + "]]"), columns.map((c, n) => "{:v" + n + "}")];
      try {
        sql("INSERT OR IGNORE INTO {{" + name + "}} (" + into + ") VALUES (" + bound + ")", values).execute();
      } catch (error) {
        continue; // a trigger that somebody wrote does not want it
      }
    }
    const before = state();
    seen.before = { collections: "[]", tables: before.tables, kept: [] };
    seen.step = "up";
    if (up) run(up);
    const after = state();
    seen.after = whole(after, before);
    if (seen.has_down) {
      seen.step = "down";
      run(down);
      const undone = state();
      seen.down = same(undone, before) ? null : whole(undone, before);
      seen.step = "again";
      run(up);
      const again = state();
      seen.again = same(again, after) ? null : whole(again, before);
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

    What it saw is JSON in the file `target`: the states `before` (without its collections, which the caller
    knows), `after`, `down` and `again` (null where it is that of before, or of after), and the `step` in
    which an `error` came, if any. Collections and the rows of a table are texts of JSON of their own; tables
    that are as they were before are only named (`kept`).
    """
    data = json.dumps({"rows": [list(row) for row in rows], "target": target})
    return f"{_HEAD}{text}{_CALL}Object.assign(pocketvex, {data});\n{_DRIVER}"
