/// <reference path="../pb_data/types.d.ts" />
// create transcripts
//
// users:listRule: `id = @request.auth.id` → `@request.auth.id != '' && id = @request.auth.id`; closes access (PV402, safe)
// users:viewRule: `id = @request.auth.id` → `@request.auth.id != '' && id = @request.auth.id`; closes access (PV402, safe)
// users:updateRule: `id = @request.auth.id` → `@request.auth.id != '' && id = @request.auth.id`; closes access (PV402, safe)
// users:deleteRule: `id = @request.auth.id` → `@request.auth.id != '' && id = @request.auth.id`; closes access (PV402, safe)
// api_keys: new base collection (PV101, safe)
// logs: new base collection (PV101, safe)
// queue: new base collection (PV101, safe)
// user_meta: new base collection (PV101, safe)
//
// Proven up, down and up again on PocketBase 0.40.6 with 5 rows: 5 kept their values.
// manages: api_keys logs queue user_meta users[passwordAuth]

const migration = {
  "id": "7b9ef94965ed",
  "collections": {
    "api_keys": "pbc_3577178630",
    "logs": "pbc_3615662572",
    "queue": "pbc_3032203656",
    "user_meta": "pbc_3378036324",
    "users": "_pb_users_auth_"
  },
  "up": [
    ["create", {
      "name": "api_keys",
      "type": "base",
      "id": "pbc_3577178630",
      "listRule": "@request.auth.id != '' && user = @request.auth.id",
      "viewRule": "@request.auth.id != '' && user = @request.auth.id",
      "createRule": "@request.auth.id != '' && user = @request.auth.id",
      "updateRule": "(@request.auth.id != '' && user = @request.auth.id) && (@request.body.user:isset = false || @request.body.user = @request.auth.id)",
      "deleteRule": "@request.auth.id != '' && user = @request.auth.id",
      "fields": [
        { "name": "created", "type": "autodate", "id": "autodate2990389176", "onCreate": true },
        {
          "name": "updated",
          "type": "autodate",
          "id": "autodate3332085495",
          "onCreate": true,
          "onUpdate": true
        },
        {
          "name": "user",
          "type": "relation",
          "id": "relation2375276105",
          "required": true,
          "cascadeDelete": true,
          "maxSelect": 1,
          "target": "users"
        },
        { "name": "encrypted_fathom", "type": "text", "id": "text206663563", "hidden": true },
        { "name": "encrypted_loom", "type": "text", "id": "text352465269", "hidden": true }
      ],
      "indexes": ["CREATE UNIQUE INDEX `idx_api_keys_user_unique` ON `api_keys` (`user`)"]
    }],
    ["create", {
      "name": "logs",
      "type": "base",
      "id": "pbc_3615662572",
      "listRule": "@request.auth.id != '' && user = @request.auth.id",
      "viewRule": "@request.auth.id != '' && user = @request.auth.id",
      "createRule": null,
      "updateRule": null,
      "deleteRule": null,
      "fields": [
        {
          "name": "level",
          "type": "select",
          "id": "select2599078931",
          "required": true,
          "values": ["trace", "debug", "info", "warn", "error", "fatal"],
          "maxSelect": 1
        },
        { "name": "msg", "type": "text", "id": "text1753898927", "required": true, "max": 5000 },
        { "name": "ts", "type": "date", "id": "date3280375435", "required": true },
        {
          "name": "user",
          "type": "relation",
          "id": "relation2375276105",
          "maxSelect": 1,
          "target": "users"
        },
        { "name": "component", "type": "text", "id": "text1241424215", "max": 100 },
        { "name": "metadata", "type": "json", "id": "json1326724116", "maxSize": 65536 }
      ],
      "indexes": [
        "CREATE INDEX `idx_logs_user_ts` ON `logs` (`user`, `ts`)",
        "CREATE INDEX `idx_logs_level` ON `logs` (`level`)"
      ]
    }],
    ["create", {
      "name": "queue",
      "type": "base",
      "id": "pbc_3032203656",
      "listRule": "@request.auth.id != '' && user = @request.auth.id",
      "viewRule": "@request.auth.id != '' && user = @request.auth.id",
      "createRule": "(@request.auth.id != '' && user = @request.auth.id) && status = 'pending' && (@request.body.position:isset = false && @request.body.started_at:isset = false && @request.body.completed_at:isset = false && @request.body.error_message:isset = false)",
      "updateRule": "(@request.auth.id != '' && user = @request.auth.id) && (@request.body.user:isset = false || @request.body.user = @request.auth.id) && (status = 'pending' || status = 'processing') && @request.body.status = 'cancelled' && @request.body.meeting_id:isset = false && (@request.body.position:isset = false && @request.body.started_at:isset = false && @request.body.completed_at:isset = false && @request.body.error_message:isset = false)",
      "deleteRule": "(@request.auth.id != '' && user = @request.auth.id) && status != 'processing'",
      "fields": [
        { "name": "created", "type": "autodate", "id": "autodate2990389176", "onCreate": true },
        {
          "name": "updated",
          "type": "autodate",
          "id": "autodate3332085495",
          "onCreate": true,
          "onUpdate": true
        },
        {
          "name": "user",
          "type": "relation",
          "id": "relation2375276105",
          "required": true,
          "cascadeDelete": true,
          "maxSelect": 1,
          "target": "users"
        },
        { "name": "meeting_id", "type": "text", "id": "text1732459932", "required": true, "max": 200 },
        {
          "name": "status",
          "type": "select",
          "id": "select2063623452",
          "required": true,
          "values": ["pending", "processing", "completed", "failed", "cancelled"],
          "maxSelect": 1
        },
        { "name": "position", "type": "number", "id": "number1177347317", "min": 0, "onlyInt": true },
        { "name": "queued_at", "type": "autodate", "id": "autodate3472408027", "onCreate": true },
        { "name": "started_at", "type": "date", "id": "date222754019" },
        { "name": "completed_at", "type": "date", "id": "date1410257210" },
        { "name": "error_message", "type": "text", "id": "text737763667", "max": 2000 }
      ],
      "indexes": [
        "CREATE INDEX `idx_queue_status_position` ON `queue` (`status`, `position`)",
        "CREATE INDEX `idx_queue_user_queued_at` ON `queue` (`user`, `queued_at`)"
      ]
    }],
    ["create", {
      "name": "user_meta",
      "type": "base",
      "id": "pbc_3378036324",
      "listRule": "@request.auth.id != '' && user = @request.auth.id",
      "viewRule": "@request.auth.id != '' && user = @request.auth.id",
      "createRule": "(@request.auth.id != '' && user = @request.auth.id) && (@request.body.active:isset = false && @request.body.verified:isset = false && @request.body.premium:isset = false)",
      "updateRule": "(@request.auth.id != '' && user = @request.auth.id) && (@request.body.user:isset = false || @request.body.user = @request.auth.id) && (@request.body.active:isset = false && @request.body.verified:isset = false && @request.body.premium:isset = false)",
      "deleteRule": null,
      "fields": [
        { "name": "created", "type": "autodate", "id": "autodate2990389176", "onCreate": true },
        {
          "name": "updated",
          "type": "autodate",
          "id": "autodate3332085495",
          "onCreate": true,
          "onUpdate": true
        },
        {
          "name": "user",
          "type": "relation",
          "id": "relation2375276105",
          "required": true,
          "cascadeDelete": true,
          "maxSelect": 1,
          "target": "users"
        },
        {
          "name": "file_path",
          "type": "text",
          "id": "text2192106337",
          "max": 500,
          "pattern": "^([\\w-][\\w.-]*/)*[\\w-][\\w.-]*$"
        },
        { "name": "active", "type": "bool", "id": "bool1260321794" },
        { "name": "verified", "type": "bool", "id": "bool256245529" },
        { "name": "premium", "type": "bool", "id": "bool2302481541" }
      ],
      "indexes": ["CREATE UNIQUE INDEX `idx_user_meta_user_unique` ON `user_meta` (`user`)"]
    }],
    [
      "setRule",
      "users",
      "listRule",
      "id = @request.auth.id",
      "@request.auth.id != '' && id = @request.auth.id"
    ],
    [
      "setRule",
      "users",
      "viewRule",
      "id = @request.auth.id",
      "@request.auth.id != '' && id = @request.auth.id"
    ],
    [
      "setRule",
      "users",
      "updateRule",
      "id = @request.auth.id",
      "@request.auth.id != '' && id = @request.auth.id"
    ],
    [
      "setRule",
      "users",
      "deleteRule",
      "id = @request.auth.id",
      "@request.auth.id != '' && id = @request.auth.id"
    ]
  ],
  "down": [
    ["remove", "pbc_3577178630", "api_keys"],
    ["remove", "pbc_3615662572", "logs"],
    ["remove", "pbc_3032203656", "queue"],
    ["remove", "pbc_3378036324", "user_meta"],
    [
      "setRule",
      "users",
      "listRule",
      "@request.auth.id != '' && id = @request.auth.id",
      "id = @request.auth.id"
    ],
    [
      "setRule",
      "users",
      "viewRule",
      "@request.auth.id != '' && id = @request.auth.id",
      "id = @request.auth.id"
    ],
    [
      "setRule",
      "users",
      "updateRule",
      "@request.auth.id != '' && id = @request.auth.id",
      "id = @request.auth.id"
    ],
    [
      "setRule",
      "users",
      "deleteRule",
      "@request.auth.id != '' && id = @request.auth.id",
      "id = @request.auth.id"
    ]
  ]
};

// ---- PocketVex runtime 1: what the steps mean. It is the same in every file, and nothing below is about this one. ----
// Each step does nothing where its change is there already, and throws where the collection is neither as it
// was before nor as it is to be. Collections are edited as plain objects; `finish` writes them together:
// shapes first, then views, values, and at last rules and indexes.
//
// What a step takes away stays in the table `_pv_ledger`, exactly as SQLite has it: `value` is what a record
// held, `put` what stands there instead. Nothing is written over (each run is a new generation) and nothing is
// deleted. The opposite direction gives a value back where the record is empty, or still holds `put`.
function pocketvex(app, migration, way) {
  const opposite = way === "up" ? "down" : "up";
  const copy = (value) => JSON.parse(JSON.stringify(value));
  const models = app.findAllCollections();
  // What ran over HTTP stands in a collection of its own, and is not run again.
  const records = (c) => (c && c.name === "_pocketvex" ? c.fields.find((f) => f.name === "applied") : undefined);
  // JSON leaves secrets out (and up to 0.36.7 making it wipes them); a write without them loses them.
  const secrets = models.map((model) => Array.from((model.oauth2 || {}).providers || [], (provider) => provider.clientSecret));
  const all = copy(models);
  all.forEach((c, n) => secrets[n].forEach((secret, i) => (c.oauth2.providers[i].clientSecret = secret)));
  const record = all.find(records);
  const isRun = (entry) => entry.startsWith(migration.id + " ");
  if (record && way === "up" && records(record).values.some(isRun)) return;
  const start = new Map(all.map((c) => [c.id, copy(c)]));
  const pastName = (c) => (start.get(c.id) || c).name;
  const touched = new Set();
  const doomed = [];
  const filed = new Map();
  const replaced = [];
  const first = [];
  const late = [];
  const checks = [];

  const fail = (path, message) => {
    throw new Error(path + ": " + message);
  };
  const is = (one, other) => one.toLowerCase() === other.toLowerCase();
  const find = (name) => all.find((c) => is(c.name, name));
  const quiet = (c) => c && !doomed.includes(c) && c;
  // By name; where it has another one here, by its id.
  const collection = (name) => {
    const named = find(name);
    const known = quiet(all.find((c) => c.id === migration.collections[name]));
    if (named && known && named !== known && start.has(named.id))
      fail(name, "is another collection here, and the one that is meant is called " + known.name);
    return named || known || fail(name, "there is no such collection");
  };
  const sql = (text, values) => app.db().newQuery(text).bind(values || {});
  const table = (name) => "{{" + name + "}}";
  const on = (expression, column) => expression.split("[[value]]").join(column);
  // With its table: `json_each` has columns of its own, like `type` and `value`.
  const cell = (name, column) => table(name) + ".[[" + column + "]]";
  const show = (value) => JSON.stringify(value === undefined ? null : value);
  const blank = (value) => [undefined, null, "", false].includes(value) || value.length === 0;
  const same = (a, b) => (blank(a) && blank(b)) || JSON.stringify(a) === JSON.stringify(b);
  const locked = { listRule: null, viewRule: null, createRule: null, updateRule: null, deleteRule: null };

  // Fields. What was put away over HTTP has its id, its values, and another name.
  const isAway = (thing) => /^_pv_[0-9a-f]{12}_/.test(thing.name);
  const inUse = (c, id) => c.fields.find((f) => f.id === id && !isAway(f));
  const putAwayField = (c, wanted) => c.fields.find((f) => f.id === wanted.id && f.type === wanted.type && isAway(f));
  const fieldOf = (c, field) =>
    c.fields.find((f) => f.id === field.id && is(f.name, field.name)) || c.fields.find((f) => is(f.name, field.name));
  const meant = (c, field) =>
    fieldOf(c, field) || inUse(c, field.id) || fail(c.name + "." + field.name, "there is no such field");
  const many = (field) => ["select", "relation", "file"].includes(field.type) && field.maxSelect > 1;
  const option = (field, key) => (key === "maxSelect" ? field[key] || 1 : field[key]);
  const targetOf = (field) => {
    const there = all.find((c) => c.id === field.collectionId);
    return field.target || (there && (doomed.includes(there) ? pastName(there) : there.name)) || field.collectionId || "";
  };
  // A relation to what an earlier run put away still points where it is said to.
  const putAwayAs = (id, name) => {
    if (!app.hasTable("_pv_ledger") || !all.some((c) => c.id === id && c.name.startsWith("_pv_"))) return false;
    const found = new DynamicModel({ n: 0 });
    sql("SELECT COUNT(*) AS [[n]] FROM {{_pv_ledger}} AS [[l]] WHERE [[l.collection]] = {:c} AND [[l.field]] = {:f}",
      { c: id, f: "(collection) " + name.toLowerCase() }).one(found);
    return found.n > 0;
  };
  const sameKind = (field, wanted) =>
    field.type === wanted.type && (!wanted.target || is(targetOf(field), wanted.target) || putAwayAs(field.collectionId, wanted.target));
  // A field that is there already has to be the one that is wanted; what the file leaves out is off.
  const expect = (path, field, wanted) => {
    if (!sameKind(field, wanted)) fail(path, "is there already, as another " + field.type + " field");
    const compared = (k) => !["id", "name", "type", "help", "system", "target"].includes(k) && (k in wanted || field[k] === true);
    const key = Object.keys(field).find((k) => compared(k) && !same(option(field, k), option(wanted, k)));
    if (key) fail(path, "is there already, with " + key + " " + show(field[key]));
  };
  const free = (id, taken) => {
    let found = id;
    for (let n = 2; taken.includes(found); n++) found = id + n;
    return found;
  };
  const past = (c, field) => start.has(c.id) && start.get(c.id).fields.find((f) => f.id === field.id);
  const pastColumn = (c, field) => past(c, field).name;

  // The field as it is wanted, in the place of the one that was put away, whose values it has.
  const back = (c, wanted) => {
    const away = putAwayField(c, wanted);
    if (!away) return undefined;
    c.fields.splice(c.fields.indexOf(away), 1);
    return { ...wanted, ...(wanted.target ? {} : { collectionId: away.collectionId }) };
  };
  // What was kept record by record over HTTP, nobody gives back from here.
  const requireOwn = (c, field) => {
    if (way === "down" && c.fields.some((f) => f.name.startsWith("_pv_was_" + migration.id + "_")))
      fail(c.name + "." + field.name, "was changed over HTTP, and has to be taken back over HTTP: what it held is kept there");
  };

  // Indexes and queries, compared by what they mean.
  const indexName = (index) => (/INDEX\s+(?:IF\s+NOT\s+EXISTS\s+)?[`"\[]?([^`"\]\s]+)/i.exec(index) || [])[1] || "";
  const isUnique = (index) => /^\s*CREATE\s+UNIQUE/i.test(index);
  const lower = (text) => text.replace(/('(?:[^']|'')*')|[^']+/g, (part, literal) => literal || part.toLowerCase());
  const bare = (index) => lower(index.replace(/^[^(]*?\bON\b\s*[`"\[]?\w+[`"\]]?/i, "").replace(/('(?:[^']|'')*')|[`"\[\]\s]/g, "$1"));
  const meaning = (index) => (index ? isUnique(index) + bare(index) : "");
  const indexOf = (c, name) => (c.indexes || []).find((i) => is(indexName(i), name));
  const flat = (query) => query.replace(/\s+/g, " ").trim();

  // Values. `[[value]]` stands for a stored one.
  const zero = (field) =>
    field.type === "json" ? null : ({ number: 0, bool: false, geoPoint: '{"lon":0,"lat":0}' })[field.type] ?? (many(field) ? "[]" : "");
  const isEmpty = (field) =>
    many(field)
      ? "[[value]] = '[]'"
      : {
          number: "[[value]] = 0",
          bool: "[[value]] = FALSE",
          json: "([[value]] IS NULL OR [[value]] IN ('null', '\"\"', '[]', '{}'))",
          geoPoint: "(json_extract([[value]], '$.lon') = 0 AND json_extract([[value]], '$.lat') = 0)",
        }[field.type] || "[[value]] = ''";
  const holds = "[[value]] IS NOT {:zero}";
  // A choice, or a list of choices, by the map `{:map}` from old to new ones.
  const fromMap = (value) =>
    "COALESCE((SELECT [[m.value]] FROM json_each({:map}) AS [[m]] WHERE [[m.key]] = " + value + "), " + value + ")";
  const mapped = (field) =>
    many(field)
      ? "(SELECT json_group_array([[l._pv_v]]) FROM (SELECT " + fromMap("[[e.value]]") + " AS [[_pv_v]], MIN([[e.key]]) AS [[_pv_k]] " +
        "FROM json_each([[value]]) AS [[e]] GROUP BY [[_pv_v]] HAVING [[_pv_v]] != '' ORDER BY [[_pv_k]]) AS [[l]])"
      : fromMap("[[value]]");
  const holdsMapped = (field) =>
    many(field)
      ? "EXISTS (SELECT 1 FROM json_each([[value]]) AS [[e]] JOIN json_each({:map}) AS [[m]] ON [[m.key]] = [[e.value]])"
      : "[[value]] IN (SELECT [[m.key]] FROM json_each({:map}) AS [[m]])";

  // The ledger.
  let opened = null;
  const ledger = () => {
    if (opened) return opened;
    sql("CREATE TABLE IF NOT EXISTS {{_pv_ledger}} ([[migration]] TEXT NOT NULL, [[way]] TEXT NOT NULL, " +
      "[[generation]] INTEGER NOT NULL, [[collection]] TEXT NOT NULL, [[field]] TEXT NOT NULL, [[record]] TEXT NOT NULL, " +
      "[[name]] TEXT NOT NULL, [[value]], [[put]], [[back]] INTEGER NOT NULL DEFAULT 0, [[at]] TEXT NOT NULL, " +
      "PRIMARY KEY ([[migration]], [[way]], [[generation]], [[collection]], [[field]], [[record]]))").execute();
    sql("CREATE INDEX IF NOT EXISTS {{_pv_ledger_cells}} ON {{_pv_ledger}} ([[collection]], [[field]], [[record]])").execute();
    const generations = (direction) => {
      const found = new DynamicModel({ n: 0 });
      sql("SELECT COALESCE(MAX([[generation]]), 0) AS [[n]] FROM {{_pv_ledger}} WHERE [[migration]] = {:m} AND [[way]] = {:w}",
        { m: migration.id, w: direction }).one(found);
      return found.n;
    };
    opened = { m: migration.id, w: way, g: generations(way) + 1, ow: opposite, og: generations(opposite) };
    // A run that keeps nothing is a generation as well: what an earlier one kept is not given back after it.
    note("", "(run)", "", null);
    return opened;
  };
  const now = "strftime('%Y-%m-%d %H:%M:%fZ')";
  const mine = (k) => "[[" + k + ".migration]] = {:m} AND [[" + k + ".way]] = {:w} AND [[" + k + ".generation]] = {:g}";
  // What the opposite direction of this migration kept last, or, of a column that is made or removed, what any
  // migration did: declared again, it is the same column. Each time that it goes, all that was ever kept of it is
  // kept anew, so the last entry of a record is right. (`+` makes SQLite look the record up, not go through all.)
  const last = {
    own: (k) => "[[" + k + ".migration]] = {:m} AND [[" + k + ".way]] = {:ow} AND [[" + k + ".generation]] = {:og}",
    any: (k) =>
      "+[[" + k + ".rowid]] IN (SELECT MAX([[x.rowid]]) FROM {{_pv_ledger}} AS [[x]] WHERE [[x.collection]] = {:c} AND [[x.field]] = {:t} AND " +
      "[[x.record]] != '' AND NOT (" + mine("x") + ") GROUP BY [[x.record]])",
  };
  const note = (id, key, name, value) => {
    const { m, w, g } = opened || ledger();
    sql("INSERT INTO {{_pv_ledger}} VALUES ({:m}, {:w}, {:g}, {:c}, {:f}, '', {:n}, {:v}, NULL, 0, " + now + ")",
      { m, w, g, c: id, f: key, n: name, v: show(value) }).execute();
  };
  const noted = (id, key) => {
    if (!app.hasTable("_pv_ledger")) return undefined;
    const rows = arrayOf(new DynamicModel({ value: "" }));
    sql("SELECT [[l.value]] FROM {{_pv_ledger}} AS [[l]] WHERE " + last.own("l") + " AND [[l.collection]] = {:c} AND [[l.field]] = {:f}",
      { ...ledger(), f: key, c: id }).all(rows);
    return rows.length ? { value: JSON.parse(rows[0].value) } : undefined;
  };
  // The collection that is put away under a name: the one that this file put there, else the last one.
  const awayFor = (name, type) => {
    if (!app.hasTable("_pv_ledger")) return undefined;
    const rows = arrayOf(new DynamicModel({ value: "", collection: "", own: 0 }));
    sql("SELECT [[l.value]], [[l.collection]], (" + last.own("l") + ") AS [[own]] FROM {{_pv_ledger}} AS [[l]] WHERE [[l.field]] = {:f} " +
      "ORDER BY [[own]] DESC, [[l.rowid]] DESC", { ...ledger(), f: "(collection) " + name.toLowerCase() }).all(rows);
    const away = (row) => quiet(all.find((c) => c.id === row.collection && c.name.startsWith("_pv_") && c.type === type));
    const row = Array.from(rows).find(away);
    return row && { c: away(row), was: JSON.parse(row.value), own: !!row.own };
  };
  // The one that was put away over HTTP under a name: the server has it as it was, but for what the file says, and
  // for what locked it, which is then as in a new collection.
  const awayOverHttp = (name, type) => {
    const c = all.find((c) => c.type === type && isAway(c) && is(c.name.slice(17), name) && !doomed.includes(c));
    const { id, name: now, ...locked } = c ? copy(c) : {};
    const open = { authRule: "", passwordAuth: { enabled: true, identityFields: ["email"] }, authAlert: { enabled: true } };
    return c && { c, was: type === "auth" ? merged(locked, open) : locked, own: false };
  };
  // What records hold in a column goes into the ledger: those that `which` is true of, and those of which the
  // opposite direction kept something (`then`: under which id).
  const kept = new Map();
  const keep = (c, there, id, then, source, which, values) => {
    if (!start.has(c.id)) return;
    const column = pastColumn(c, there);
    const known = "[[id]] IN (SELECT [[u.record]] FROM {{_pv_ledger}} AS [[u]] WHERE " + (source === "own" ? last.own("u") : "TRUE") +
      " AND [[u.collection]] = {:c} AND [[u.field]] IN ({:t}, {:f}))";
    sql("INSERT OR IGNORE INTO {{_pv_ledger}} SELECT {:m}, {:w}, {:g}, {:c}, {:f}, [[id]], {:n}, [[" + column + "]], NULL, 0, " + now +
      " FROM " + table(pastName(c)) + " WHERE (" + on(which, cell(pastName(c), column)) + ") OR " + known,
      { zero: zero(there), ...values, ...ledger(), c: c.id, f: id, t: then, n: (pastName(c).startsWith("_pv_") ? c.name : pastName(c)) + "." + column }).execute();
    kept.set(c.id + " " + id, { c, id, then, source });
  };
  const update = (c, column, how, where, values) =>
    sql("UPDATE " + table(c.name) + " SET [[" + column + "]] = " + how + " WHERE " + where, values || {}).execute();
  // Of what the opposite direction kept: `unchanged` where the record holds what it put there, else where it is empty.
  const giveBack = (c, column, field, id, then, source) => {
    const u = "FROM {{_pv_ledger}} AS [[u]] WHERE " + last[source]("u") + " AND [[u.collection]] = {:c} AND [[u.field]] = {:t} AND [[u.record]] = " +
      table(c.name) + ".[[id]]";
    const unchanged = "EXISTS (SELECT 1 FROM {{_pv_ledger}} AS [[d]] WHERE " + mine("d") + " AND [[d.collection]] = {:c} AND " +
      "[[d.field]] = {:f} AND [[d.record]] = [[u.record]] AND [[d.value]] IS [[u.put]] AND typeof([[d.value]]) = typeof([[u.put]]))";
    update(c, column, "(SELECT [[u.value]] " + u + ")", "EXISTS (SELECT 1 " + u + " AND (" + (id ? unchanged + " OR " : "") + cell(c.name, column) + " IS {:zero}))",
      { ...ledger(), c: c.id, f: id, t: then, zero: zero(field) });
  };
  // Read back: what stands in its place again is marked so, and stays.
  const markBack = (c, column, then) =>
    sql("UPDATE {{_pv_ledger}} AS [[u]] SET [[back]] = 1 WHERE [[u.collection]] = {:c} AND [[u.field]] = {:t} AND NOT (" + mine("u") + ") AND EXISTS " +
      "(SELECT 1 FROM " + table(c.name) + " AS [[t]] WHERE [[t.id]] = [[u.record]] AND [[t." + column + "]] IS [[u.value]])",
      { ...ledger(), c: c.id, t: then }).execute();
  const settle = ({ c, id, then, source }) => {
    const there = (c.fields || []).find((f) => f === byId.get(c.id + " " + then));
    if (!there) return;
    giveBack(c, there.name, there, id, then, source);
    sql("UPDATE {{_pv_ledger}} AS [[d]] SET [[put]] = (SELECT [[t." + there.name + "]] FROM " + table(c.name) + " AS [[t]] WHERE [[t.id]] = [[d.record]]) WHERE " +
      mine("d") + " AND [[d.collection]] = {:c} AND [[d.field]] = {:f}", { ...ledger(), c: c.id, f: id }).execute();
    markBack(c, there.name, then);
  };
  const byId = new Map();
  // A column whose values this run writes anew.
  const transform = (c, there, field, which, values) => {
    byId.set(c.id + " " + field.id, there);
    keep(c, there, field.id, field.id, "own", which, values);
  };
  const added = (c, there, wanted) => {
    if (!app.hasTable("_pv_ledger")) return;
    ledger();
    first.push(() => {
      giveBack(c, there.name, there, "", wanted.id, "any");
      markBack(c, there.name, wanted.id);
    });
  };

  // PocketBase itself says which records it would refuse for a field: SQL knows no patterns.
  const refused = (c, field) => {
    const found = [];
    const why = (record) => {
      try {
        app.validate(record);
      } catch (error) {
        const told = error.value && error.value.marshalJSON;
        return told ? field.name in JSON.parse(String.fromCharCode(...error.value.marshalJSON())) : fail(c.name, String(error));
      }
    };
    for (let last = "", page = [0]; page.length; last = page.length && page[page.length - 1].id) {
      page = app.findRecordsByFilter(c.id, "id > {:last}", "id", 500, 0, { last });
      found.push(...page.filter(why).map((record) => record.id));
    }
    return found;
  };
  // A row that breaks a guard could never be updated again: then nothing of this file happens.
  const guard = (c, field, guards) =>
    (guards || []).forEach(({ says, broken, bound }) =>
      checks.push(() => {
        const found = new DynamicModel({ n: 0, id: "" });
        if (broken)
          sql("SELECT COUNT(*) AS [[n]], COALESCE(MIN([[id]]), '') AS [[id]] FROM " + table(c.name) + " WHERE " +
            on(broken, cell(c.name, field.name)), bound).one(found);
        else {
          const ids = refused(c, field);
          Object.assign(found, { n: ids.length, id: ids[0] || "" });
        }
        const one = { are: "is", do: "does", hold: "holds" };
        const told = found.n === 1 ? " value " + says.replace(/^(are|do|hold)\b/, (verb) => one[verb]) : " values " + says;
        if (found.n) fail(c.name + "." + field.name, found.n + told + ", as in record " + found.id);
      }));

  // Secrets never stand in a file: a provider whose secret is not in the environment is left out.
  const secret = (value) => (value && typeof value === "object" && value.env ? $os.getenv(value.env) : value);
  const withSecrets = (known, providers) => {
    const before = (provider) => (known.find((other) => other.name === provider.name) || {}).clientSecret;
    const filled = providers.map((provider) => ({ ...provider, clientSecret: secret(provider.clientSecret) || before(provider) }));
    filled.filter((provider) => !provider.clientSecret)
      .forEach((provider) => console.log("the secret of " + provider.name + " is not set: it is left out"));
    return filled.filter((provider) => provider.clientSecret);
  };
  const tokens = ["authToken", "passwordResetToken", "emailChangeToken", "verificationToken", "fileToken"];
  const optionsOf = (id) => {
    const found = new DynamicModel({ options: "" });
    sql("SELECT [[options]] FROM {{_collections}} WHERE [[id]] = {:id}", { id }).one(found);
    return JSON.parse(found.options || "{}");
  };

  // A definition with the fields that PocketBase has in every collection of its type.
  const whole = (wanted) => {
    const made = copy({ fields: [], ...wanted });
    const own = systemFields[wanted.type] || [];
    made.fields = copy(own.filter((field) => !made.fields.some((f) => f.name === field.name))).concat(made.fields);
    return made;
  };
  // What a file says of a collection that another one put away; secrets are those of before.
  const merged = (was, wanted) => {
    const { id, name, ...rest } = wanted;
    const goal = { ...was, ...rest };
    const isGroup = (value) => value && typeof value === "object" && !Array.isArray(value);
    Object.keys(rest).filter((key) => isGroup(rest[key])).forEach((key) => (goal[key] = { ...was[key], ...rest[key] }));
    if (rest.oauth2 && rest.oauth2.providers) goal.oauth2.providers = withSecrets((was.oauth2 || {}).providers || [], rest.oauth2.providers);
    return goal;
  };
  // Put away, and back under its name: with its fields of then, or with those that the file says. What has no
  // place among them goes into the ledger; what is new gets what is kept of it.
  const restore = (c, goal, name) => {
    const old = c.fields;
    const named = (list, field) => list.find((f) => f.id === field.id && is(f.name, field.name)) || list.find((f) => is(f.name, field.name));
    const other = (there, field) => !field.target && field.collectionId !== there.collectionId && all.some((o) => o.id === field.collectionId);
    const partner = (field) => {
      const there = named(old, field) || old.find((f) => f.id === field.id && !named(goal.fields, f));
      return there && sameKind(there, field) && !other(there, field) ? there : undefined;
    };
    const partners = goal.fields.map(partner);
    Object.assign(c, goal, { name });
    old.filter((f) => !partners.includes(f)).forEach((f) => keep(c, f, f.id, f.id, "any", holds));
    c.fields = goal.fields.map((wanted, n) => {
      const there = partners[n];
      if (!there) {
        const field = { ...wanted, id: free(wanted.id, old.map((f) => f.id)) };
        added(c, field, wanted);
        return field;
      }
      const field = { ...wanted, id: there.id, ...(wanted.target ? {} : { collectionId: there.collectionId }) };
      if (many(there) !== many(field)) {
        byId.set(c.id + " " + there.id, field);
        keep(c, there, there.id, there.id, "any", many(there) ? "json_array_length([[value]]) > 1" : "FALSE");
      }
      return field;
    });
    touched.add(c);
  };

  // How the opposite direction makes a value of one of these fields one of the other.
  const turned = (old, wanted) => {
    const step = migration[opposite].find(([name, , from, into]) => name === "replaceField" && from.id === wanted.id && into.id === old.id);
    return step && (step[4] || {}).to;
  };

  const steps = {
    // Nothing goes before `finish`. `heir` is the collection that is renamed to the name that is left.
    remove(id, name, heir) {
      const known = all.find((c) => c.id === id && is(c.name, name));
      const there = known || (heir && !find(heir) ? undefined : find(name)) || quiet(all.find((c) => c.id === id));
      if (!there) return;
      there.name = free("_pv_" + migration.id + "_" + name, all.map((c) => c.name));
      doomed.push(there);
      filed.set(there.id, name);
    },
    // `again`: the file makes another collection under the old name.
    rename(id, from, to, again) {
      const known = all.find((c) => c.id === id && (c.name === from || c.name === to));
      const [old, done] = [find(from), find(to)];
      if (!known && !again && old && done && old !== done) fail(to, "is there already, and so is " + from);
      const there = known || (again && done) || old || done || quiet(all.find((c) => c.id === id)) || fail(from, "there is no such collection");
      if (there.name === to) return;
      there.name = to;
      touched.add(there);
    },
    create(wanted) {
      const there = find(wanted.name);
      const known = awayFor(wanted.name, wanted.type) || awayOverHttp(wanted.name, wanted.type);
      const away = known && known.c;
      if (there && !(away && app.countRecords(there.id) === 0 && there.type !== "view")) {
        if (away) fail(wanted.name, "is there again, and holds records: those of before stay in " + away.name + " until one of the two has another name");
        const other = (what) => fail(wanted.name, "is there already, " + what);
        if (there.type !== wanted.type) other("as " + (there.type === "auth" ? "an " : "a ") + there.type + " collection");
        if (there.type === "view" && flat(there.viewQuery) !== flat(wanted.viewQuery)) other("with another query");
        for (const rule of Object.keys(wanted).filter((key) => key.endsWith("Rule")))
          if (there[rule] !== wanted[rule]) other("with " + rule + " " + show(there[rule]));
        for (const field of wanted.fields || [])
          expect(wanted.name + "." + field.name, fieldOf(there, field) || other("without " + field.name), field);
        for (const index of wanted.indexes || [])
          if (meaning(indexOf(there, indexName(index))) !== meaning(index)) other("without " + indexName(index));
        return;
      }
      if (away) {
        // An empty one of that name, made meanwhile, makes way.
        if (there) {
          replaced.push(there);
          all.splice(all.indexOf(there), 1);
          for (const c of all)
            for (const field of (c.fields || []).filter((f) => f.collectionId === there.id)) {
              field.collectionId = away.id;
              touched.add(c);
            }
        }
        return restore(away, known.own ? known.was : merged(known.was, whole(wanted)), wanted.name);
      }
      const made = { ...whole(wanted), id: free(wanted.id, all.map((c) => c.id)) };
      if (made.oauth2 && made.oauth2.providers) made.oauth2.providers = withSecrets([], made.oauth2.providers);
      all.push(made);
      touched.add(made);
    },
    // What was put away, by whatever migration, and is declared again.
    recover(name, type) {
      const known = find(name) ? undefined : awayFor(name, type);
      if (known) restore(known.c, known.was, name);
    },
    giveBack(name, field) {
      const c = collection(name);
      added(c, meant(c, field), field);
    },
    // Ids tell which field is meant; where a server has other ids, all the names together have to.
    renameFields(name, moves) {
      const c = collection(name);
      const named = (wanted) => c.fields.find((f) => f.name === wanted);
      const known = ({ id, from, to }) => c.fields.find((f) => f.id === id && (f.name === from || f.name === to));
      let fields = moves.map(known);
      if (moves.some(({ from, to }, n) => from && to && !fields[n])) {
        const [froms, tos] = [moves.map((move) => move.from).filter(Boolean), moves.map((move) => move.to).filter(Boolean)];
        const stands = (some, others) => some.every(named) && !others.some((other) => !some.includes(other) && named(other));
        if (stands(froms, tos) === stands(tos, froms))
          fail(name, "nothing tells whether " + froms.join(", ") + " became " + tos.join(", "));
        if (stands(tos, froms)) return;
        fields = moves.map((move) => named(move.from));
      }
      moves.forEach(({ id, from, to, all: whole }, n) => {
        if (!from || !fields[n] || fields[n].name === to) return;
        if (to) fields[n].name = to;
        else {
          keep(c, fields[n], id, id, "any", whole ? "TRUE" : holds);
          c.fields.splice(c.fields.indexOf(fields[n]), 1);
        }
        touched.add(c);
      });
    },
    removeField(name, old) {
      const c = collection(name);
      const there = fieldOf(c, old) || inUse(c, old.id);
      if (!there) return;
      if (!sameKind(there, old)) fail(name + "." + old.name, "is another " + there.type + " field");
      keep(c, there, old.id, old.id, "any", old.all ? "TRUE" : holds);
      c.fields.splice(c.fields.indexOf(there), 1);
      touched.add(c);
    },
    // `to` says how a value becomes one of the other type; one that it cannot become, or that the new field
    // `refuses`, becomes the empty value and stays in the ledger.
    replaceField(name, old, wanted, how) {
      const c = collection(name);
      const there = fieldOf(c, { id: old.id, name: wanted.name }) || meant(c, { id: old.id, name: wanted.name });
      if (sameKind(there, wanted)) {
        expect(name + "." + wanted.name, there, wanted);
        return added(c, there, wanted);
      }
      if (!sameKind(there, old)) fail(name + "." + wanted.name, "is another " + there.type + " field");
      const { to, values, refuses, bound, judged, guards } = how || {};
      keep(c, there, old.id, wanted.id, "any", to ? "TRUE" : holds);
      const restored = back(c, wanted);
      const field = restored || { ...wanted, id: free(wanted.id, c.fields.map((f) => f.id)) };
      c.fields.splice(c.fields.indexOf(there), 1, field);
      if (!restored) byId.set(c.id + " " + wanted.id, field);
      touched.add(c);
      if (to)
        late.push(() => {
          const source = " FROM {{_pv_ledger}} AS [[d]] WHERE " + mine("d") + " AND [[d.collection]] = {:c} AND [[d.field]] = {:f} AND [[d.record]] = " +
            table(c.name) + ".[[id]]";
          const become = "(SELECT " + on(convert[to], "[[d.value]]") + source + ")";
          const given = { values: JSON.stringify(values || []), ...ledger(), c: c.id, f: old.id };
          // What was put away over HTTP stays where the value of today is the one that came of it.
          const [column, other] = [cell(c.name, field.name), turned(old, wanted)];
          const moved = other
            ? " AND [[d.value]] IS NOT (" + on(convert[other], column) + ")"
            : " AND (" + on(convert[to], "[[d.value]]") + ") IS NOT {:zero}";
          given.zero = zero(field);
          update(c, field.name, become, "EXISTS (SELECT 1" + source + (restored ? moved : "") + ")", given);
          if (refuses) update(c, field.name, "{:zero}", on(refuses, cell(c.name, field.name)), { ...bound, zero: zero(field) });
          if (judged) refused(c, field).forEach((id) => update(c, field.name, "{:zero}", "[[id]] = {:id}", { zero: zero(field), id }));
        });
      guard(c, wanted, guards);
    },
    addField(name, wanted, behind, guards) {
      const c = collection(name);
      const there = fieldOf(c, wanted);
      if (there) {
        expect(name + "." + wanted.name, there, wanted);
        return added(c, there, wanted);
      }
      const field = back(c, wanted) || { ...wanted, id: free(wanted.id, c.fields.map((f) => f.id)) };
      const at = c.fields.findIndex((f) => is(f.name, behind));
      c.fields.splice(at < 0 && behind ? c.fields.length : at + 1, 0, field);
      touched.add(c);
      added(c, field, wanted);
      guard(c, wanted, guards);
    },
    setField(name, field, before, after, guards, which) {
      const c = collection(name);
      const there = meant(c, field);
      for (const key of Object.keys(after)) {
        const [is, will] = [option(there, key), option(after, key)];
        if (same(is, will)) continue;
        if (!same(is, option(before, key)))
          fail(name + "." + field.name, key + " is " + show(is) + ", neither " + show(before[key]) + " nor " + show(will));
        if (key === "maxSelect" && start.has(c.id) && is > 1 !== will > 1) {
          requireOwn(c, field);
          transform(c, there, field, is > 1 ? "json_array_length([[value]]) > 1" : "FALSE");
          // PocketBase by itself keeps the last of a list.
          const list = "[[" + pastColumn(c, there) + "]]";
          if (which === "first" && is > 1)
            sql("UPDATE " + table(pastName(c)) + " SET " + list + " = json_array(json_extract(" + list + ", '$[0]')) WHERE json_array_length(" +
              list + ") > 1").execute();
        }
        there[key] = after[key];
        touched.add(c);
        guard(c, there, (guards || []).filter((one) => one.option === key));
      }
    },
    // `map` says what a row holds instead of each choice that goes; "" is nothing. `more` are choices that the
    // way back maps: what it would change is kept.
    remap(name, field, map, more) {
      const c = collection(name);
      const there = meant(c, field);
      requireOwn(c, field);
      const values = { map: JSON.stringify(map) };
      if (past(c, there)) transform(c, there, field, holdsMapped(past(c, there)), { map: JSON.stringify({ ...more, ...map }) });
      late.push(() => update(c, there.name, on(mapped(there), cell(c.name, there.name)), on(holdsMapped(there), cell(c.name, there.name)), values));
    },
    // Rows that hold nothing hold `value` from now on, unless they are known to have held nothing after this.
    fill(name, field, value) {
      const c = collection(name);
      const there = meant(c, field);
      const before = past(c, there);
      if (before && before.required === there.required) return;
      if (before) transform(c, there, field, isEmpty(before));
      const known = byId.has(c.id + " " + field.id) || !app.hasTable("_pv_ledger") ? null : ledger();
      late.push(() => {
        const given = known
          ? " AND NOT EXISTS (SELECT 1 FROM {{_pv_ledger}} AS [[u]] WHERE " + last.any("u") + " AND [[u.collection]] = {:c} AND [[u.field]] = {:t} AND [[u.record]] = " +
            table(c.name) + ".[[id]])"
          : "";
        update(c, there.name, "{:value}", "(" + on(isEmpty(there), cell(c.name, there.name)) + ")" + given, { ...known, c: c.id, t: field.id, value });
      });
    },
    // The opposite of `fill`: the ledger knows who held nothing.
    unfill(name, field) {
      const c = collection(name);
      const there = meant(c, field);
      requireOwn(c, field);
      if (past(c, there)) transform(c, there, field, isEmpty(past(c, there)));
    },
    setIndex(name, before, after) {
      const c = collection(name);
      const index = indexName(after || before);
      const there = indexOf(c, index);
      if (meaning(there) === meaning(after)) return;
      if (meaning(there) !== meaning(before)) fail(name, "the index " + index + " is not as it was: " + show(there));
      c.indexes = (c.indexes || []).filter((i) => i !== there).concat(after ? [after] : []);
      touched.add(c);
    },
    setRule(name, rule, before, after) {
      const c = collection(name);
      const there = c[rule] === undefined ? null : c[rule];
      if (there === after) return;
      if (there !== before) fail(name, rule + " is " + show(there) + ", neither " + show(before) + " nor " + show(after));
      c[rule] = after;
      touched.add(c);
    },
    setQuery(name, before, after) {
      const c = collection(name);
      if (flat(c.viewQuery) === flat(after)) return;
      if (flat(c.viewQuery) !== flat(before)) fail(name, "the query is not as it was: " + show(c.viewQuery));
      c.viewQuery = after;
      touched.add(c);
    },
    // The defaults of auth options differ by version of PocketBase: what was there is noted, not expected.
    setOption(name, path, wanted, back) {
      const c = collection(name);
      const before = back ? noted(c.id, path) : undefined;
      const keys = path.split(".");
      const last = keys.pop();
      const group = keys.reduce((value, key) => (value[key] = value[key] || {}), c);
      let after = before === undefined ? wanted : before.value;
      if (path === "oauth2.providers") after = withSecrets(group[last] || [], after || []);
      const open = (value) => JSON.stringify(value, (key, item) => (key === "clientSecret" ? undefined : item));
      if (last.endsWith("Rule") ? group[last] === after : same(group[last], after) || open(group[last]) === open(after)) return;
      if (!back) note(c.id, path, c.name + ":" + path, group[last]);
      group[last] = after;
      touched.add(c);
    },
    restoreOption(name, path, before) {
      steps.setOption(name, path, before, true);
    },
    // Somebody looked a moment ago, and nothing was there: by now no other process can write.
    expectEmpty(name, field) {
      const c = collection(name);
      const column = field ? pastColumn(c, meant(c, field)) : "id";
      const found = new DynamicModel({ n: 0 });
      sql("SELECT COUNT(*) AS [[n]] FROM " + table(pastName(c)) + " WHERE " + (field ? on(holds, "[[" + column + "]]") : "TRUE"),
        { zero: field ? zero(meant(c, field)) : "" }).one(found);
      if (found.n) fail(name + (field ? "." + field.name : ""), "held nothing when the plan was made, and holds " + found.n + " values now");
    },
    // What somebody wrote into the draft: it runs before everything that changes shapes.
    sql(statement) {
      sql(statement).execute();
    },
  };

  // What holds rows, or is pointed at, is put away under another name: nobody may read it, sign in by it or
  // fetch its files, and its relations are loose, so that it is in nobody's way. The rest is deleted.
  const putAway = () => {
    let gone = doomed.filter((c) => c.type === "view" || app.countRecords(c.id) === 0);
    const points = (other, c) => (other.fields || []).some((f) => f.type === "relation" && !f.target && f.collectionId === c.id);
    for (let before = -1; before !== gone.length; ) {
      before = gone.length;
      gone = gone.filter((c) => c.type === "view" || !all.some((other) => other !== c && !gone.includes(other) && points(other, c)));
    }
    for (const c of doomed.filter((c) => !gone.includes(c))) {
      const { name, ...was } = start.get(c.id);
      const options = c.type === "auth" ? optionsOf(c.id) : {};
      for (const token of tokens.filter((token) => (options[token] || {}).secret)) was[token] = options[token];
      // Found again by the name that it had here, and by the one that it has in the file.
      for (const known of new Set([name.toLowerCase(), filed.get(c.id).toLowerCase()])) note(c.id, "(collection) " + known, name, was);
      const needed = (i) => c.type === "auth" && isUnique(i) && /\([`"\[]?(tokenKey|email)[`"\]]?\)/i.test(i);
      if (c.type === "auth") {
        const off = (group) => ({ ...c[group], enabled: false });
        Object.assign(c, { manageRule: null, authRule: null, oauth2: off("oauth2"), mfa: off("mfa"), otp: off("otp"), authAlert: off("authAlert") });
        Object.assign(c, { passwordAuth: { enabled: false, identityFields: ["email"] } });
        for (const token of tokens) c[token] = { ...c[token], secret: $security.randomString(50) };
      }
      Object.assign(c, locked, { indexes: (c.indexes || []).filter(needed) });
      const loose = (f) => (f.type === "relation" ? { ...f, required: false, minSelect: 0, cascadeDelete: false } : f);
      c.fields = c.fields.map((f) => (f.type === "file" ? { ...f, protected: true } : loose(f)));
      touched.add(c);
    }
    gone.forEach((c) => {
      all.splice(all.indexOf(c), 1);
      touched.delete(c);
    });
    return gone;
  };

  const finish = () => {
    const model = (c) => app.findCollectionByNameOrId(c.id);
    const gone = putAway();
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
    for (const c of replaced) {
      const moving = model(c);
      unmarshal({ name: "_pv_moving_" + c.id, indexes: early({ ...c, indexes: [] }) }, moving);
      app.saveNoValidate(moving);
    }
    for (const c of old) {
      const shape = model(c);
      unmarshal({ name: c.name, fields: c.fields, indexes: early(c) }, shape);
      app.saveNoValidate(shape);
    }
    replaced.forEach((c) => app.delete(model(c)));
    const write = (list) => list.length && app.importCollections(list, false);
    if (shown.length || first.length || late.length || kept.size || checks.length)
      for (const c of tables.filter((c) => !start.has(c.id))) app.saveNoValidate(new Collection({ ...c, ...locked, indexes: early(c) }));
    for (const view of inOrder(shown))
      try {
        write([{ ...view, ...locked }]);
      } catch (error) {
        fail(view.name, "cannot be made of what is left: " + error + " (its query: " + view.viewQuery + ")");
      }
    [...first, ...late].forEach((step) => step());
    kept.forEach(settle);
    checks.forEach((check) => check());
    write([...tables, ...shown]);
    // Relations among them would stand in each other's way.
    for (const c of gone.filter((c) => c.type !== "view" && c.fields.some((f) => f.type === "relation"))) {
      const loose = model(c);
      unmarshal({ fields: c.fields.filter((f) => f.type !== "relation"), indexes: early({ ...c, indexes: [] }) }, loose);
      app.saveNoValidate(loose);
    }
    gone.forEach((c) => app.delete(model(c)));
  };

  for (const [name, ...rest] of copy(migration[way])) {
    if (!steps.hasOwnProperty(name)) fail(name, "there is no such step");
    steps[name](...rest);
  }
  if (record && way === "down") {
    const mine = (entry) => isRun(entry) || entry.startsWith("=" + migration.id + " ");
    const left = records(record).values.filter((entry) => !mine(entry));
    if (left.length < records(record).values.length) {
      records(record).values = left.length ? left : ["-"];
      touched.add(record);
    }
  }
  finish();
}

// What becomes of a value in a field of another type; what is not exactly one of that type becomes the empty value.
const convert = {
  asText:
    "[[value]]",
  numberAsText:
    "CASE WHEN [[value]] = CAST([[value]] AS INTEGER) THEN CAST(CAST([[value]] AS INTEGER) AS TEXT) WHEN " +
    "CAST(CAST([[value]] AS TEXT) AS REAL) = [[value]] THEN CAST([[value]] AS TEXT) ELSE " +
    "printf('%!.17g', [[value]]) END",
  jsonAsText:
    "CASE WHEN [[value]] IS NULL THEN '' WHEN typeof([[value]]) IN ('integer', 'real') THEN CASE WHEN " +
    "[[value]] = CAST([[value]] AS INTEGER) THEN CAST(CAST([[value]] AS INTEGER) AS TEXT) WHEN " +
    "CAST(CAST([[value]] AS TEXT) AS REAL) = [[value]] THEN CAST([[value]] AS TEXT) ELSE " +
    "printf('%!.17g', [[value]]) END WHEN NOT json_valid([[value]]) THEN [[value]] WHEN " +
    "json_type([[value]]) = 'null' THEN '' WHEN json_type([[value]]) = 'text' THEN " +
    "json_extract([[value]], '$') ELSE [[value]] END",
  asNumber:
    "CASE WHEN CASE WHEN NOT json_valid([[value]]) THEN FALSE WHEN json_type([[value]]) NOT IN " +
    "('integer', 'real') THEN FALSE WHEN json_extract([[value]], '$') = 0 THEN " +
    "LENGTH(RTRIM(LTRIM(REPLACE(REPLACE(SUBSTR(TRIM([[value]], char(32, 9, 10, 13)), 1, " +
    "INSTR(LOWER(TRIM([[value]], char(32, 9, 10, 13))) || 'e', 'e') - 1), '-', ''), '.', ''), '0'), " +
    "'0')) = 0 WHEN ABS(json_extract([[value]], '$')) > 1.7976931348623157e308 THEN FALSE WHEN " +
    "ABS(json_extract([[value]], '$')) < 2.3e-308 THEN FALSE WHEN " +
    "LENGTH(RTRIM(LTRIM(REPLACE(REPLACE(SUBSTR(TRIM([[value]], char(32, 9, 10, 13)), 1, " +
    "INSTR(LOWER(TRIM([[value]], char(32, 9, 10, 13))) || 'e', 'e') - 1), '-', ''), '.', ''), '0'), " +
    "'0')) <= 15 THEN TRUE ELSE json_type([[value]]) = 'integer' AND ABS(json_extract([[value]], '$')) " +
    "<= 9007199254740992 END THEN json_extract([[value]], '$') ELSE 0 END",
  asNumberOfBool:
    "CAST([[value]] AS INTEGER)",
  asBool:
    "[[value]] = 1",
  asDate:
    "CASE WHEN [[value]] GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*' AND " +
    "date(julianday(SUBSTR([[value]], 1, 10))) = SUBSTR([[value]], 1, 10) AND SUBSTR([[value]], 12, 2) < " +
    "'24' AND (INSTR([[value]], '.') = 0 OR LENGTH(RTRIM(SUBSTR([[value]], INSTR([[value]], '.') + 1), " +
    "'Z')) <= 3 OR SUBSTR([[value]], INSTR([[value]], '.') + 1) GLOB '[0-9][0-9][0-9][+-]*') AND " +
    "COALESCE(strftime('%Y-%m-%d %H:%M:%fZ', [[value]]), '') > '0001-01-01 00:00:00.000Z' THEN " +
    "strftime('%Y-%m-%d %H:%M:%fZ', [[value]]) ELSE '' END",
  asEmail:
    "CASE WHEN [[value]] LIKE '%_@_%._%' AND [[value]] NOT LIKE '% %' THEN [[value]] ELSE '' END",
  asUrl:
    "CASE WHEN [[value]] GLOB '[a-zA-Z]*://?*' AND [[value]] NOT LIKE '% %' THEN [[value]] ELSE '' END",
  asJson:
    "CASE WHEN [[value]] = '' THEN NULL WHEN NOT json_valid([[value]]) THEN json_quote([[value]]) WHEN " +
    "json_type([[value]]) NOT IN ('integer', 'real') THEN [[value]] WHEN CASE WHEN NOT " +
    "json_valid([[value]]) THEN FALSE WHEN json_type([[value]]) NOT IN ('integer', 'real') THEN FALSE " +
    "WHEN json_extract([[value]], '$') = 0 THEN " +
    "LENGTH(RTRIM(LTRIM(REPLACE(REPLACE(SUBSTR(TRIM([[value]], char(32, 9, 10, 13)), 1, " +
    "INSTR(LOWER(TRIM([[value]], char(32, 9, 10, 13))) || 'e', 'e') - 1), '-', ''), '.', ''), '0'), " +
    "'0')) = 0 WHEN ABS(json_extract([[value]], '$')) > 1.7976931348623157e308 THEN FALSE WHEN " +
    "ABS(json_extract([[value]], '$')) < 2.3e-308 THEN FALSE WHEN " +
    "LENGTH(RTRIM(LTRIM(REPLACE(REPLACE(SUBSTR(TRIM([[value]], char(32, 9, 10, 13)), 1, " +
    "INSTR(LOWER(TRIM([[value]], char(32, 9, 10, 13))) || 'e', 'e') - 1), '-', ''), '.', ''), '0'), " +
    "'0')) <= 15 THEN TRUE ELSE json_type([[value]]) = 'integer' AND ABS(json_extract([[value]], '$')) " +
    "<= 9007199254740992 END THEN [[value]] ELSE json_quote([[value]]) END",
  asChoice:
    "CASE WHEN [[value]] IN (SELECT e.value FROM json_each({:values}) AS e) THEN [[value]] ELSE '' END",
};

// The fields that PocketBase has in every collection of a type.
const systemFields = {
  base: [
    { name: "id", type: "text", id: "text3208210256", system: true, required: true, min: 15, max: 15, pattern: "^[a-z0-9]+$", autogeneratePattern: "[a-z0-9]{15}", primaryKey: true },
  ],
  auth: [
    { name: "id", type: "text", id: "text3208210256", system: true, required: true, min: 15, max: 15, pattern: "^[a-z0-9]+$", autogeneratePattern: "[a-z0-9]{15}", primaryKey: true },
    { name: "password", type: "password", id: "password901924565", system: true, hidden: true, required: true, min: 8 },
    { name: "tokenKey", type: "text", id: "text2504183744", system: true, hidden: true, required: true, min: 30, max: 60, autogeneratePattern: "[a-zA-Z0-9]{50}" },
    { name: "email", type: "email", id: "email3885137012", system: true, required: true },
    { name: "emailVisibility", type: "bool", id: "bool1547992806", system: true },
    { name: "verified", type: "bool", id: "bool256245529", system: true },
  ],
};

migrate((app) => {
  pocketvex(app, migration, "up");
}, (app) => {
  pocketvex(app, migration, "down");
});
