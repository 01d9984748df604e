/// <reference path="../pb_data/types.d.ts" />
// require kind
//
//
// manages: people posts

migrate((app) => {
  const change = begin(app, "1700000007");
  change.setField(
    "posts",
    { "id": "text1002749145", "name": "kind" },
    { "required": false },
    { "required": true },
    [
      {
        "option": "required",
        "says": "are empty, and it becomes required (PV203)",
        "broken": "[[value]] = ''",
      },
    ],
  );
  change.fill("posts", { "id": "text1002749145", "name": "kind" }, "post", "[[value]] = ''");
  change.finish();
}, (app) => {
  const change = begin(app, "1700000007");
  change.setField(
    "posts",
    { "id": "text1002749145", "name": "kind" },
    { "required": true },
    { "required": false },
  );
  change.empty("posts", { "id": "text1002749145", "name": "kind" }, "post");
  change.finish();
});

// What the steps mean. Each one does nothing where its change is there already, and throws where the
// collection is neither as it was before nor as it is to be. Collections are edited as plain objects, and
// `finish` writes them together: shapes first, then views, values, and at last rules and indexes.
function begin(app, migration) {
  const copy = (value) => JSON.parse(JSON.stringify(value));
  const models = app.findAllCollections();
  // JSON leaves secrets out (and up to 0.36.7 making it wipes them); a write without them loses them.
  const secrets = models.map((model) => Array.from((model.oauth2 || {}).providers || [], (provider) => provider.clientSecret));
  const all = copy(models);
  all.forEach((c, n) => secrets[n].forEach((secret, i) => (c.oauth2.providers[i].clientSecret = secret)));
  const start = new Map(all.map((c) => [c.id, copy(c)]));
  const pastName = (c) => (start.get(c.id) || c).name;
  const touched = new Set();
  const doomed = [];
  const late = [];
  const checks = [];

  const fail = (path, message) => {
    throw new Error(path + ": " + message);
  };
  const is = (one, other) => one.toLowerCase() === other.toLowerCase();
  const find = (name) => all.find((c) => is(c.name, name));
  const collection = (name) => find(name) || fail(name, "there is no such collection");
  const sql = (text, values) => app.db().newQuery(text).bind(values || {});
  const table = (name) => "{{" + name + "}}";
  const show = (value) => JSON.stringify(value === undefined ? null : value);
  const empty = (value) => [undefined, null, "", false].includes(value) || value.length === 0;
  const same = (a, b) => (empty(a) && empty(b)) || JSON.stringify(a) === JSON.stringify(b);
  const indexName = (index) => (/INDEX\s+(?:IF\s+NOT\s+EXISTS\s+)?[`"\[]?([^`"\]\s]+)/i.exec(index) || [])[1] || "";
  const isUnique = (index) => /^\s*CREATE\s+UNIQUE/i.test(index);
  const fieldOf = (c, field) =>
    c.fields.find((f) => f.id === field.id && is(f.name, field.name)) || c.fields.find((f) => is(f.name, field.name));
  const option = (field, key) => (key === "maxSelect" ? field[key] || 1 : field[key]);
  const targetOf = (field) => {
    const there = all.find((c) => c.id === field.collectionId);
    return field.target || (there && (doomed.includes(there) ? pastName(there) : there.name)) || field.collectionId || "";
  };
  const sameKind = (field, wanted) => field.type === wanted.type && (!wanted.target || is(targetOf(field), wanted.target));
  // Values that a step takes away are kept in a table of their own, under the names that they had, until
  // the opposite step takes them back.
  const keptTable = () =>
    sql("CREATE TABLE IF NOT EXISTS {{_pv_kept}} ([[migration]] TEXT NOT NULL, [[collection]] TEXT NOT NULL, " +
      "[[field]] TEXT NOT NULL, [[record]] TEXT NOT NULL, [[value]], " +
      "PRIMARY KEY ([[migration]], [[collection]], [[field]], [[record]]))").execute();
  const ofKey = "[[migration]] = {:m} AND [[collection]] = {:c} AND [[field]] = {:f}";
  const keyOf = (name, field) => ({ m: migration, c: name, f: field });
  const forget = (key) => app.hasTable("_pv_kept") && sql("DELETE FROM {{_pv_kept}} WHERE " + ofKey, key).execute();
  const pastColumn = (c, field) => start.get(c.id).fields.find((f) => f.id === field.id).name;
  const columnKey = (name, column, field, what) => keyOf(name, column + " (" + field.id + (what || "") + ")");
  const on = (expression, column) => expression.split("[[value]]").join("[[" + column + "]]");
  const zero = (field) =>
    field.type === "json" ? null : ({ number: 0, bool: false, geoPoint: '{"lon":0,"lat":0}' })[field.type] ?? (field.maxSelect > 1 ? "[]" : "");
  const keep = (c, there, field, which, what, values) => {
    keptTable();
    const column = pastColumn(c, there);
    const rows = on(which || "[[value]] IS NOT {:zero}", column);
    sql("INSERT OR REPLACE INTO {{_pv_kept}} SELECT {:m}, {:c}, {:f}, [[id]], [[" + column + "]] FROM " + table(pastName(c)) +
      " WHERE " + rows, { ...values, zero: zero(there), ...columnKey(pastName(c), column, field, what) }).execute();
  };
  // Set a column to `how`, an expression over what was kept, where something was and `only` is true.
  const putBack = (c, column, key, how, only, values) => {
    if (!app.hasTable("_pv_kept")) return;
    const kept = " FROM {{_pv_kept}} AS [[k]] WHERE " + ofKey + " AND [[k.record]] = " + table(c.name) + ".[[id]]";
    sql("UPDATE " + table(c.name) + " SET [[" + column + "]] = (SELECT " + how + kept + ") WHERE EXISTS (SELECT 1" +
      kept + (only || "") + ")", { ...values, ...key }).execute();
  };
  const takeBack = (c, field, only, what, values) => {
    const key = columnKey(c.name, field.name, field, what);
    putBack(c, field.name, key, "[[k.value]]", only, values);
    forget(key);
  };
  // A row that breaks a guard could never be updated again: then nothing of this file happens.
  const guard = (c, field, guards) =>
    (guards || []).forEach(({ says, broken, bound }) =>
      checks.push(() => {
        const found = new DynamicModel({ n: 0, id: "" });
        sql("SELECT COUNT(*) AS [[n]], COALESCE(MIN([[id]]), '') AS [[id]] FROM " + table(c.name) + " WHERE " +
          on(broken, field.name), bound).one(found);
        if (found.n) fail(c.name + "." + field.name, found.n + " values " + says + ", as in record " + found.id);
      }));
  return {
    setField(name, field, before, after, guards) {
      const c = collection(name);
      const there = fieldOf(c, field) || fail(name + "." + field.name, "there is no such field");
      for (const key of Object.keys(after)) {
        const [now, will] = [option(there, key), option(after, key)];
        if (same(now, will)) continue;
        if (!same(now, option(before, key)))
          fail(name + "." + field.name, key + " is " + show(now) + ", neither " + show(before[key]) + " nor " + show(will));
        there[key] = after[key];
        touched.add(c);
        guard(c, field, (guards || []).filter((one) => one.option === key));
      }
    },
    // `none` is the condition that a value is the empty one; which were is noted for `empty`, its opposite.
    fill(name, field, value, none) {
      const c = collection(name);
      const there = fieldOf(c, field);
      const past = start.has(c.id) && start.get(c.id).fields.find((f) => f.id === there.id);
      if (past && past.required === there.required) return;
      if (past) keep(c, there, field, none, ", empty");
      late.push(() =>
        sql("UPDATE " + table(c.name) + " SET [[" + field.name + "]] = {:value} WHERE " + on(none, field.name), { value }).execute());
    },
    empty(name, field, value) {
      const c = collection(name);
      const unchanged = " AND " + table(c.name) + ".[[" + field.name + "]] IS {:value}";
      late.push(() => takeBack(c, field, unchanged, ", empty", { value }));
    },
    finish() {
      const locked = { listRule: null, viewRule: null, createRule: null, updateRule: null, deleteRule: null };
      const model = (c) => app.findCollectionByNameOrId(c.id);
      for (const c of touched)
        for (const field of (c.fields || []).filter((f) => f.target)) {
          field.collectionId = collection(field.target).id;
          delete field.target;
        }

      // Views that read what changes its shape, or that are saved, read something harmless until the new shape
      // is there; so do the views that read them.
      const views = all.filter((c) => c.type === "view");
      const reads = (view, name) => new RegExp("\\b" + name + "\\b", "i").test(view.viewQuery);
      const reshaped = (c) => c.type === "view" || !start.has(c.id) || ["name", "fields"].some((key) => !same(c[key], start.get(c.id)[key]));
      const shaken = new Set([...touched].filter(reshaped).concat(doomed).flatMap((c) => [pastName(c), c.name]));
      for (let before = -1; before !== shaken.size; ) {
        before = shaken.size;
        for (const view of views)
          if ([...shaken].some((name) => reads(view, name))) shaken.add(pastName(view)).add(view.name);
      }
      const shown = views.filter((view) => touched.has(view) || shaken.has(view.name));
      const inOrder = (list, placed = []) => {
        const place = (view) => {
          if (placed.includes(view)) return;
          list.filter((other) => other !== view && reads(view, other.name) && !reads(other, view.name)).forEach(place);
          placed.push(view);
        };
        list.forEach(place);
        return placed;
      };
      const aside = (c) => (all.includes(c) && c.name === pastName(c) ? {} : { name: "_pv_moving_" + c.id });
      const stale = [...inOrder(shown.filter((view) => start.has(view.id))), ...doomed.filter((c) => c.type === "view")];
      for (const view of stale.reverse()) {
        const plain = model(view);
        unmarshal({ ...locked, ...aside(view), viewQuery: "SELECT id FROM _superusers" }, plain);
        app.saveNoValidate(plain);
      }

      // A new index waits for the values that come back, and for its name to be free. Names are handed on.
      const tables = [...touched].filter((c) => c.type !== "view");
      const early = (c) => (c.indexes || []).filter((i) => (start.has(c.id) ? (start.get(c.id).indexes || []).includes(i) : c.type === "auth"));
      const old = tables.filter((c) => start.has(c.id));
      for (const c of [...old, ...doomed].filter((c) => c.type !== "view" && aside(c).name)) {
        const moving = model(c);
        unmarshal({ ...aside(c), indexes: all.includes(c) ? early(c) : [] }, moving);
        app.saveNoValidate(moving);
      }
      for (const c of old) {
        const shape = model(c);
        unmarshal({ name: c.name, fields: c.fields, indexes: early(c) }, shape);
        app.saveNoValidate(shape);
      }
      const write = (list) => list.length && app.importCollections(list, false);
      if (shown.length || late.length || checks.length)
        for (const c of tables.filter((c) => !start.has(c.id))) app.saveNoValidate(new Collection({ ...c, ...locked, indexes: early(c) }));
      for (const view of inOrder(shown))
        try {
          write([{ ...view, ...locked }]);
        } catch (error) {
          fail(view.name, "cannot be made of what is left: " + error + " (its query: " + view.viewQuery + ")");
        }
      [...late, ...checks].forEach((step) => step());
      write([...tables, ...shown]);
      if (app.hasTable("_pv_kept")) {
        const left = new DynamicModel({ n: 0 });
        sql("SELECT COUNT(*) AS [[n]] FROM {{_pv_kept}}").one(left);
        if (!left.n) sql("DROP TABLE {{_pv_kept}}").execute();
      }
    },
  };
}
