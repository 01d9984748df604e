/// <reference path="../pb_data/types.d.ts" />
// create transcripts
//
// users:listRule: `id = @request.auth.id` → `@request.auth.id != '' && id = @request.auth.id`; opens access (PV401, safe)
// users:viewRule: `id = @request.auth.id` → `@request.auth.id != '' && id = @request.auth.id`; opens access (PV401, safe)
// users:updateRule: `id = @request.auth.id` → `@request.auth.id != '' && id = @request.auth.id`; opens access (PV401, safe)
// users:deleteRule: `id = @request.auth.id` → `@request.auth.id != '' && id = @request.auth.id`; opens access (PV401, safe)
// api_keys: new base collection (PV101, safe)
// logs: new base collection (PV101, safe)
// queue: new base collection (PV101, safe)
// user_meta: new base collection (PV101, safe)
//
// manages: api_keys logs queue user_meta users[passwordAuth]

migrate((app) => {
  const change = begin(app, "1795230428");

  change.create({
    "name": "api_keys",
    "type": "base",
    "id": "pbc_3577178630",
    "listRule": "@request.auth.id != '' && user = @request.auth.id",
    "viewRule": "@request.auth.id != '' && user = @request.auth.id",
    "createRule": "@request.auth.id != '' && user = @request.auth.id",
    "updateRule": "(@request.auth.id != '' && user = @request.auth.id) && (@request.body.user:isset = false || @request.body.user = @request.auth.id)",
    "deleteRule": "@request.auth.id != '' && user = @request.auth.id",
    "fields": [
      {
        "name": "created",
        "type": "autodate",
        "id": "autodate2990389176",
        "hidden": false,
        "presentable": false,
        "onCreate": true,
        "onUpdate": false,
      },
      {
        "name": "updated",
        "type": "autodate",
        "id": "autodate3332085495",
        "hidden": false,
        "presentable": false,
        "onCreate": true,
        "onUpdate": true,
      },
      {
        "name": "user",
        "type": "relation",
        "id": "relation2375276105",
        "hidden": false,
        "presentable": false,
        "required": true,
        "cascadeDelete": true,
        "minSelect": 0,
        "maxSelect": 1,
        "target": "users",
      },
      {
        "name": "encrypted_fathom",
        "type": "text",
        "id": "text206663563",
        "hidden": true,
        "presentable": false,
        "required": false,
        "min": 0,
        "max": 0,
        "pattern": "",
        "autogeneratePattern": "",
        "primaryKey": false,
      },
      {
        "name": "encrypted_loom",
        "type": "text",
        "id": "text352465269",
        "hidden": true,
        "presentable": false,
        "required": false,
        "min": 0,
        "max": 0,
        "pattern": "",
        "autogeneratePattern": "",
        "primaryKey": false,
      },
    ],
    "indexes": ["CREATE UNIQUE INDEX `idx_api_keys_user_unique` ON `api_keys` (`user`)"],
  });
  change.create({
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
        "hidden": false,
        "presentable": false,
        "required": true,
        "values": ["trace", "debug", "info", "warn", "error", "fatal"],
        "maxSelect": 1,
      },
      {
        "name": "msg",
        "type": "text",
        "id": "text1753898927",
        "hidden": false,
        "presentable": false,
        "required": true,
        "min": 0,
        "max": 5000,
        "pattern": "",
        "autogeneratePattern": "",
        "primaryKey": false,
      },
      {
        "name": "ts",
        "type": "date",
        "id": "date3280375435",
        "hidden": false,
        "presentable": false,
        "required": true,
        "min": "",
        "max": "",
      },
      {
        "name": "user",
        "type": "relation",
        "id": "relation2375276105",
        "hidden": false,
        "presentable": false,
        "required": false,
        "cascadeDelete": false,
        "minSelect": 0,
        "maxSelect": 1,
        "target": "users",
      },
      {
        "name": "component",
        "type": "text",
        "id": "text1241424215",
        "hidden": false,
        "presentable": false,
        "required": false,
        "min": 0,
        "max": 100,
        "pattern": "",
        "autogeneratePattern": "",
        "primaryKey": false,
      },
      {
        "name": "metadata",
        "type": "json",
        "id": "json1326724116",
        "hidden": false,
        "presentable": false,
        "required": false,
        "maxSize": 65536,
      },
    ],
    "indexes": [
      "CREATE INDEX `idx_logs_user_ts` ON `logs` (`user`, `ts`)",
      "CREATE INDEX `idx_logs_level` ON `logs` (`level`)",
    ],
  });
  change.create({
    "name": "queue",
    "type": "base",
    "id": "pbc_3032203656",
    "listRule": "@request.auth.id != '' && user = @request.auth.id",
    "viewRule": "@request.auth.id != '' && user = @request.auth.id",
    "createRule": "(@request.auth.id != '' && user = @request.auth.id) && status = 'pending' && (@request.body.position:isset = false && @request.body.started_at:isset = false && @request.body.completed_at:isset = false && @request.body.error_message:isset = false)",
    "updateRule": "(@request.auth.id != '' && user = @request.auth.id) && (@request.body.user:isset = false || @request.body.user = @request.auth.id) && (status = 'pending' || status = 'processing') && @request.body.status = 'cancelled' && @request.body.meeting_id:isset = false && (@request.body.position:isset = false && @request.body.started_at:isset = false && @request.body.completed_at:isset = false && @request.body.error_message:isset = false)",
    "deleteRule": "(@request.auth.id != '' && user = @request.auth.id) && status != 'processing'",
    "fields": [
      {
        "name": "created",
        "type": "autodate",
        "id": "autodate2990389176",
        "hidden": false,
        "presentable": false,
        "onCreate": true,
        "onUpdate": false,
      },
      {
        "name": "updated",
        "type": "autodate",
        "id": "autodate3332085495",
        "hidden": false,
        "presentable": false,
        "onCreate": true,
        "onUpdate": true,
      },
      {
        "name": "user",
        "type": "relation",
        "id": "relation2375276105",
        "hidden": false,
        "presentable": false,
        "required": true,
        "cascadeDelete": true,
        "minSelect": 0,
        "maxSelect": 1,
        "target": "users",
      },
      {
        "name": "meeting_id",
        "type": "text",
        "id": "text1732459932",
        "hidden": false,
        "presentable": false,
        "required": true,
        "min": 0,
        "max": 200,
        "pattern": "",
        "autogeneratePattern": "",
        "primaryKey": false,
      },
      {
        "name": "status",
        "type": "select",
        "id": "select2063623452",
        "hidden": false,
        "presentable": false,
        "required": true,
        "values": ["pending", "processing", "completed", "failed", "cancelled"],
        "maxSelect": 1,
      },
      {
        "name": "position",
        "type": "number",
        "id": "number1177347317",
        "hidden": false,
        "presentable": false,
        "required": false,
        "min": 0,
        "max": null,
        "onlyInt": true,
      },
      {
        "name": "queued_at",
        "type": "autodate",
        "id": "autodate3472408027",
        "hidden": false,
        "presentable": false,
        "onCreate": true,
        "onUpdate": false,
      },
      {
        "name": "started_at",
        "type": "date",
        "id": "date222754019",
        "hidden": false,
        "presentable": false,
        "required": false,
        "min": "",
        "max": "",
      },
      {
        "name": "completed_at",
        "type": "date",
        "id": "date1410257210",
        "hidden": false,
        "presentable": false,
        "required": false,
        "min": "",
        "max": "",
      },
      {
        "name": "error_message",
        "type": "text",
        "id": "text737763667",
        "hidden": false,
        "presentable": false,
        "required": false,
        "min": 0,
        "max": 2000,
        "pattern": "",
        "autogeneratePattern": "",
        "primaryKey": false,
      },
    ],
    "indexes": [
      "CREATE INDEX `idx_queue_status_position` ON `queue` (`status`, `position`)",
      "CREATE INDEX `idx_queue_user_queued_at` ON `queue` (`user`, `queued_at`)",
    ],
  });
  change.create({
    "name": "user_meta",
    "type": "base",
    "id": "pbc_3378036324",
    "listRule": "@request.auth.id != '' && user = @request.auth.id",
    "viewRule": "@request.auth.id != '' && user = @request.auth.id",
    "createRule": "(@request.auth.id != '' && user = @request.auth.id) && (@request.body.active:isset = false && @request.body.verified:isset = false && @request.body.premium:isset = false)",
    "updateRule": "(@request.auth.id != '' && user = @request.auth.id) && (@request.body.user:isset = false || @request.body.user = @request.auth.id) && (@request.body.active:isset = false && @request.body.verified:isset = false && @request.body.premium:isset = false)",
    "deleteRule": null,
    "fields": [
      {
        "name": "created",
        "type": "autodate",
        "id": "autodate2990389176",
        "hidden": false,
        "presentable": false,
        "onCreate": true,
        "onUpdate": false,
      },
      {
        "name": "updated",
        "type": "autodate",
        "id": "autodate3332085495",
        "hidden": false,
        "presentable": false,
        "onCreate": true,
        "onUpdate": true,
      },
      {
        "name": "user",
        "type": "relation",
        "id": "relation2375276105",
        "hidden": false,
        "presentable": false,
        "required": true,
        "cascadeDelete": true,
        "minSelect": 0,
        "maxSelect": 1,
        "target": "users",
      },
      {
        "name": "file_path",
        "type": "text",
        "id": "text2192106337",
        "hidden": false,
        "presentable": false,
        "required": false,
        "min": 0,
        "max": 500,
        "pattern": "^([\\w-][\\w.-]*/)*[\\w-][\\w.-]*$",
        "autogeneratePattern": "",
        "primaryKey": false,
      },
      {
        "name": "active",
        "type": "bool",
        "id": "bool1260321794",
        "hidden": false,
        "presentable": false,
        "required": false,
      },
      {
        "name": "verified",
        "type": "bool",
        "id": "bool256245529",
        "hidden": false,
        "presentable": false,
        "required": false,
      },
      {
        "name": "premium",
        "type": "bool",
        "id": "bool2302481541",
        "hidden": false,
        "presentable": false,
        "required": false,
      },
    ],
    "indexes": ["CREATE UNIQUE INDEX `idx_user_meta_user_unique` ON `user_meta` (`user`)"],
  });
  change.setRule(
    "users",
    "listRule",
    "id = @request.auth.id",
    "@request.auth.id != '' && id = @request.auth.id"
  );
  change.setRule(
    "users",
    "viewRule",
    "id = @request.auth.id",
    "@request.auth.id != '' && id = @request.auth.id"
  );
  change.setRule(
    "users",
    "updateRule",
    "id = @request.auth.id",
    "@request.auth.id != '' && id = @request.auth.id"
  );
  change.setRule(
    "users",
    "deleteRule",
    "id = @request.auth.id",
    "@request.auth.id != '' && id = @request.auth.id"
  );

  change.finish();
}, (app) => {
  const change = begin(app, "1795230428");

  change.setRule(
    "users",
    "listRule",
    "@request.auth.id != '' && id = @request.auth.id",
    "id = @request.auth.id"
  );
  change.setRule(
    "users",
    "viewRule",
    "@request.auth.id != '' && id = @request.auth.id",
    "id = @request.auth.id"
  );
  change.setRule(
    "users",
    "updateRule",
    "@request.auth.id != '' && id = @request.auth.id",
    "id = @request.auth.id"
  );
  change.setRule(
    "users",
    "deleteRule",
    "@request.auth.id != '' && id = @request.auth.id",
    "id = @request.auth.id"
  );
  change.remove("api_keys");
  change.remove("logs");
  change.remove("queue");
  change.remove("user_meta");

  change.finish();
});

// What the steps mean. Each one does nothing where its change is there already, and throws where the
// collection is neither as it was before nor as it is to be. Collections are edited as plain objects and
// written together by `finish`, in PocketBase's own import, which checks everything at the end.
function begin(app, migration) {
  const all = JSON.parse(JSON.stringify(app.findAllCollections()));
  const tables = new Map(all.map((c) => [c.id, c.name]));
  const touched = new Set();
  const reshaped = new Set();
  const late = [];
  const doomed = [];

  const fail = (path, message) => {
    throw new Error(path + ": " + message);
  };
  const find = (name) => all.find((c) => c.name.toLowerCase() === name.toLowerCase());
  const collection = (name) => find(name) || fail(name, "there is no such collection");
  const fieldOf = (c, field) =>
    c.fields.find((f) => f.id === field.id && f.name === field.name) ||
    c.fields.find((f) => f.name.toLowerCase() === field.name.toLowerCase());
  const sql = (text, values) => app.db().newQuery(text).bind(values || {});
  const targetOf = (field) =>
    field.target || (all.find((c) => c.id === field.collectionId) || { name: field.collectionId || "" }).name;
  const empty = (value) => value === undefined || value === null || value === "" || value.length === 0;
  const same = (a, b) => (empty(a) && empty(b)) || JSON.stringify(a) === JSON.stringify(b);
  const option = (field, key) => (key === "maxSelect" ? field[key] || 1 : field[key]);
  const show = (value) => JSON.stringify(value === undefined ? null : value);
  const differs = (field, wanted) =>
    Object.keys(wanted).find((key) =>
      key === "target"
        ? targetOf(field).toLowerCase() !== wanted.target.toLowerCase()
        : !["id", "name", "help", "system"].includes(key) && !same(option(field, key), option(wanted, key)));
  const freeId = (id, taken) => {
    let free = id;
    for (let n = 2; taken.includes(free); n++) free = id + n;
    return free;
  };

  // Values that a step takes away are kept in a table of their own, until the opposite step takes them back.
  const keptTable = () =>
    sql("CREATE TABLE IF NOT EXISTS {{_pv_kept}} ([[migration]] TEXT NOT NULL, [[collection]] TEXT NOT NULL, " +
      "[[field]] TEXT NOT NULL, [[record]] TEXT NOT NULL, [[value]], " +
      "PRIMARY KEY ([[migration]], [[collection]], [[field]], [[record]]))").execute();
  const keptWhere = "[[migration]] = {:m} AND [[collection]] = {:c} AND [[field]] = {:f}";
  const keptKey = (name, field) => ({ m: migration, c: name, f: field });
  const keepNote = (name, key, value) => {
    keptTable();
    sql("INSERT OR REPLACE INTO {{_pv_kept}} VALUES ({:m}, {:c}, {:f}, '', {:v})",
      { ...keptKey(name, key), v: JSON.stringify(value === undefined ? null : value) }).execute();
  };
  const takeNote = (name, key) => {
    if (!app.hasTable("_pv_kept")) return undefined;
    const rows = arrayOf(new DynamicModel({ value: "" }));
    sql("SELECT [[value]] FROM {{_pv_kept}} WHERE " + keptWhere, keptKey(name, key)).all(rows);
    if (!rows.length) return undefined;
    sql("DELETE FROM {{_pv_kept}} WHERE " + keptWhere, keptKey(name, key)).execute();
    return JSON.parse(rows[0].value);
  };
  const meaning = (index) =>
    !index ? "" : /^\s*CREATE\s+UNIQUE/i.test(index) + index.replace(/^[^(]*?\bON\b\s*[`"\[]?\w+[`"\]]?/i, "")
      .replace(/[`"\[\]\s]/g, "").toLowerCase();
  const indexName = (index) => (/INDEX\s+(?:IF\s+NOT\s+EXISTS\s+)?[`"\[]?([^`"\]\s]+)/i.exec(index) || [])[1] || "";
  const indexOf = (c, name) => (c.indexes || []).find((i) => indexName(i).toLowerCase() === name.toLowerCase());

  return {
    create(wanted) {
      const there = find(wanted.name);
      if (there) {
        if (there.type !== wanted.type) fail(wanted.name, "is there already, as a " + there.type + " collection");
        if (there.type === "view") return;
        for (const field of wanted.fields) {
          const other = fieldOf(there, field) || fail(wanted.name, "is there already, without " + field.name);
          const key = differs(other, field);
          if (key) fail(wanted.name + "." + field.name, "is there already, with " + key + " " + show(other[key]));
        }
        return;
      }
      const away = find("_pv_" + migration + "_" + wanted.name);
      if (away) {
        Object.assign(away, takeNote(wanted.name, ":away") || {}, { name: wanted.name });
        touched.add(away);
        return;
      }
      const made = { ...wanted, id: freeId(wanted.id, all.map((c) => c.id)) };
      made.fields = (wanted.fields || []).map((field) => ({ ...field }));
      all.push(made);
      touched.add(made);
    },
    remove(name) {
      const there = find(name);
      if (there) doomed.push(there);
    },
    setRule(name, rule, before, after) {
      const c = collection(name);
      const there = c[rule] === undefined ? null : c[rule];
      if (there === after) return;
      if (there !== before) fail(name, rule + " is " + show(there) + ", neither " + show(before) + " nor " + show(after));
      c[rule] = after;
      touched.add(c);
    },
    finish() {
      // What holds rows, or is pointed at, is renamed away with all its rules locked; the rest is deleted.
      const locked = { listRule: null, viewRule: null, createRule: null, updateRule: null, deleteRule: null };
      const pointed = (c) => all.some((o) => o !== c && !gone.includes(o) &&
        (o.fields || []).some((f) => f.type === "relation" && (f.target ? f.target === c.name : f.collectionId === c.id)));
      const gone = doomed.filter((c) => c.type === "view" || app.countRecords(c.id) === 0);
      for (let before = -1; before !== gone.length; ) {
        before = gone.length;
        const stays = gone.findIndex((c) => c.type !== "view" && pointed(c));
        if (stays >= 0) gone.splice(stays, 1);
      }
      for (const c of doomed.filter((c) => !gone.includes(c))) {
        const { listRule, viewRule, createRule, updateRule, deleteRule, manageRule, authRule, indexes } = c;
        const auth = c.type === "auth" ? { manageRule, authRule } : {};
        keepNote(c.name, ":away", { listRule, viewRule, createRule, updateRule, deleteRule, indexes, ...auth });
        const needed = (c.indexes || []).filter((i) => c.type === "auth" && /\([`"\[]?(tokenKey|email)[`"\]]?\)/i.test(i));
        Object.assign(c, locked, { name: "_pv_" + migration + "_" + c.name, indexes: needed });
        if (c.type === "auth") Object.assign(c, { manageRule: null, authRule: null });
        touched.add(c);
        reshaped.add(c);
      }
      for (const c of gone) {
        all.splice(all.indexOf(c), 1);
        touched.delete(c);
        reshaped.delete(c);
        if (c.type !== "view") continue;
        // A view to be deleted must not be in the way of what it reads.
        const model = app.findCollectionByNameOrId(c.id);
        model.viewQuery = "SELECT id FROM _superusers";
        model.listRule = model.viewRule = null;
        app.saveNoValidate(model);
      }
      for (const c of touched)
        for (const field of c.fields || [])
          if (field.target) {
            field.collectionId = collection(field.target).id;
            delete field.target;
          }
      // Views over what is about to change are dropped, and made again from their queries.
      const views = all.filter((c) => c.type === "view");
      const reads = (view, name) => new RegExp("\\b" + name + "\\b", "i").test(view.viewQuery);
      const shaken = new Set([...reshaped].flatMap((c) => [tables.get(c.id), c.name]).filter(Boolean));
      for (let before = -1; before !== shaken.size; ) {
        before = shaken.size;
        for (const view of views)
          if ([...shaken].some((name) => reads(view, name))) {
            shaken.add(view.name);
            touched.add(view);
          }
      }
      for (const view of views)
        if (tables.has(view.id) && touched.has(view)) sql("DROP VIEW IF EXISTS {{" + tables.get(view.id) + "}}").execute();
      for (const c of reshaped) {
        const model = app.findCollectionByNameOrId(c.id);
        unmarshal({ name: c.name, fields: c.fields, indexes: c.indexes }, model);
        app.saveNoValidate(model);
      }
      const plain = [...touched].filter((c) => c.type !== "view");
      const shown = [];
      const place = (view) => {
        if (shown.includes(view)) return;
        views.filter((other) => other !== view && touched.has(other) && reads(view, other.name)).forEach(place);
        shown.push(view);
      };
      views.filter((view) => touched.has(view)).forEach(place);
      const write = (list) => list.length && app.importCollections(list, false);
      if (shown.length) {
        // Rules may name views, and views read tables: the tables come twice, first without their rules.
        const rules = { listRule: null, viewRule: null, createRule: null, updateRule: null, deleteRule: null };
        write(plain.map((c) => ({ ...c, ...rules })));
        shown.forEach((view) => write([view]));
      }
      write(plain);
      late.forEach((step) => step());
      // Relations among them would stand in each other's way.
      for (const c of gone.filter((c) => c.fields.some((f) => f.type === "relation") && c.type !== "view")) {
        const model = app.findCollectionByNameOrId(c.id);
        unmarshal({ fields: c.fields.filter((f) => f.type !== "relation"), indexes: [] }, model);
        app.saveNoValidate(model);
      }
      gone.forEach((c) => app.delete(app.findCollectionByNameOrId(c.id)));
    },
  };
}
