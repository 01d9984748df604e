/// <reference path="../pb_data/types.d.ts" />
// create
//
//
// manages: people posts tags

migrate((app) => {
  const change = begin(app, "1700000001");
  change.create({
    "name": "people",
    "type": "auth",
    "id": "pbc_1846335439",
    "listRule": null,
    "viewRule": null,
    "createRule": null,
    "updateRule": null,
    "deleteRule": null,
    "fields": [{ "name": "nick", "type": "text", "id": "text688598839" }],
    "indexes": [],
    "oauth2": { "enabled": false, "providers": [] },
    "otp": { "enabled": false, "duration": 180, "length": 8 },
  });
  change.create({
    "name": "tags",
    "type": "base",
    "id": "pbc_1219621782",
    "listRule": null,
    "viewRule": null,
    "createRule": null,
    "updateRule": null,
    "deleteRule": null,
    "fields": [{ "name": "label", "type": "text", "id": "text245846248" }],
    "indexes": [],
  });
  change.create({
    "name": "posts",
    "type": "base",
    "id": "pbc_1125843985",
    "listRule": null,
    "viewRule": null,
    "createRule": null,
    "updateRule": null,
    "deleteRule": null,
    "fields": [
      { "name": "title", "type": "text", "id": "text724990059" },
      { "name": "subtitle", "type": "text", "id": "text1367709617" },
      { "name": "count", "type": "text", "id": "text2245608546" },
      {
        "name": "state",
        "type": "select",
        "id": "select2744374011",
        "values": ["draft", "published", "gone"],
      },
      {
        "name": "labels",
        "type": "select",
        "id": "select3050373649",
        "values": ["a", "b", "c"],
        "maxSelect": 3,
      },
      { "name": "author", "type": "relation", "id": "relation3182418120", "target": "people" },
      { "name": "kind", "type": "text", "id": "text1002749145" },
    ],
    "indexes": [],
  });
  change.finish();
}, (app) => {
  const change = begin(app, "1700000001");
  change.remove("pbc_1846335439", "people");
  change.remove("pbc_1219621782", "tags");
  change.remove("pbc_1125843985", "posts");
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
  const lower = (text) => text.replace(/('(?:[^']|'')*')|[^']+/g, (part, literal) => literal || part.toLowerCase());
  const bare = (index) => lower(index.replace(/^[^(]*?\bON\b\s*[`"\[]?\w+[`"\]]?/i, "").replace(/('(?:[^']|'')*')|[`"\[\]\s]/g, "$1"));
  const meaning = (index) => (index ? isUnique(index) + bare(index) : "");
  const indexOf = (c, name) => (c.indexes || []).find((i) => is(indexName(i), name));
  const flat = (query) => query.replace(/\s+/g, " ").trim();
  const fieldOf = (c, field) =>
    c.fields.find((f) => f.id === field.id && is(f.name, field.name)) || c.fields.find((f) => is(f.name, field.name));
  const option = (field, key) => (key === "maxSelect" ? field[key] || 1 : field[key]);
  const targetOf = (field) => {
    const there = all.find((c) => c.id === field.collectionId);
    return field.target || (there && (doomed.includes(there) ? pastName(there) : there.name)) || field.collectionId || "";
  };
  const sameKind = (field, wanted) => field.type === wanted.type && (!wanted.target || is(targetOf(field), wanted.target));
  // A field that is there already has to be the one that is wanted; what the file leaves out is off.
  const expect = (path, field, wanted) => {
    if (!sameKind(field, wanted)) fail(path, "is there already, as another " + field.type + " field");
    const compared = (k) => !["id", "name", "type", "help", "system", "target"].includes(k) && (k in wanted || field[k] === true);
    const key = Object.keys(field).find((k) => compared(k) && !same(option(field, k), option(wanted, k)));
    if (key) fail(path, "is there already, with " + key + " " + show(field[key]));
  };
  const freeId = (id, taken) => {
    let free = id;
    for (let n = 2; taken.includes(free); n++) free = id + n;
    return free;
  };
  // Values that a step takes away are kept in a table of their own, under the names that they had, until
  // the opposite step takes them back.
  const keptTable = () =>
    sql("CREATE TABLE IF NOT EXISTS {{_pv_kept}} ([[migration]] TEXT NOT NULL, [[collection]] TEXT NOT NULL, " +
      "[[field]] TEXT NOT NULL, [[record]] TEXT NOT NULL, [[value]], " +
      "PRIMARY KEY ([[migration]], [[collection]], [[field]], [[record]]))").execute();
  const ofKey = "[[migration]] = {:m} AND [[collection]] = {:c} AND [[field]] = {:f}";
  const keyOf = (name, field) => ({ m: migration, c: name, f: field });
  const forget = (key) => app.hasTable("_pv_kept") && sql("DELETE FROM {{_pv_kept}} WHERE " + ofKey, key).execute();
  const keepNote = (c, key, value) => {
    keptTable();
    sql("INSERT OR REPLACE INTO {{_pv_kept}} VALUES ({:m}, {:c}, {:f}, '', {:v})",
      { ...keyOf(pastName(c), key), v: show(value) }).execute();
  };
  const takeNote = (name, key) => {
    if (!app.hasTable("_pv_kept")) return undefined;
    const rows = arrayOf(new DynamicModel({ value: "" }));
    sql("SELECT [[value]] FROM {{_pv_kept}} WHERE " + ofKey, keyOf(name, key)).all(rows);
    forget(keyOf(name, key));
    return rows.length ? JSON.parse(rows[0].value) : undefined;
  };
  return {
    // Nothing goes before `finish`. `heir` is the collection that is renamed to the name that is left.
    remove(id, name, heir) {
      const known = all.find((c) => c.id === id && is(c.name, name));
      const there = known || (heir && !find(heir) ? undefined : find(name));
      if (!there) return;
      there.name = "_pv_" + migration + "_" + there.name;
      doomed.push(there);
    },
    create(wanted) {
      const there = find(wanted.name);
      const away = find("_pv_" + migration + "_" + wanted.name);
      if (there) {
        const other = (what) => fail(wanted.name, "is there already, " + what);
        if (there.type !== wanted.type) other("as a " + there.type + " collection");
        if (there.type === "view" && flat(there.viewQuery) !== flat(wanted.viewQuery)) other("with another query");
        for (const rule of Object.keys(wanted).filter((key) => key.endsWith("Rule")))
          if (there[rule] !== wanted[rule]) other("with " + rule + " " + show(there[rule]));
        for (const field of wanted.fields || [])
          expect(wanted.name + "." + field.name, fieldOf(there, field) || other("without " + field.name), field);
        for (const index of wanted.indexes || [])
          if (meaning(indexOf(there, indexName(index))) !== meaning(index)) other("without " + indexName(index));
      } else if (away) {
        Object.assign(away, takeNote(wanted.name, "(put away)"), { name: wanted.name });
        touched.add(away);
      } else {
        const made = copy({ fields: [], ...wanted, id: freeId(wanted.id, all.map((c) => c.id)) });
        const added = systemFields(wanted.type).filter((field) => !made.fields.some((f) => f.name === field.name));
        made.fields = added.concat(made.fields);
        if (made.oauth2 && made.oauth2.providers) made.oauth2.providers = withSecrets([], made.oauth2.providers);
        all.push(made);
        touched.add(made);
      }
    },
    finish() {
      const locked = { listRule: null, viewRule: null, createRule: null, updateRule: null, deleteRule: null };
      const model = (c) => app.findCollectionByNameOrId(c.id);
      // What holds rows, or is pointed at, is put away under another name, with its rules locked and its
      // relations loose, so that it is in nobody's way; the rest is deleted.
      let gone = doomed.filter((c) => c.type === "view" || app.countRecords(c.id) === 0);
      const points = (other, c) => (other.fields || []).some((f) => f.type === "relation" && !f.target && f.collectionId === c.id);
      for (let before = -1; before !== gone.length; ) {
        before = gone.length;
        gone = gone.filter((c) => c.type === "view" || !all.some((other) => other !== c && !gone.includes(other) && points(other, c)));
      }
      for (const c of doomed.filter((c) => !gone.includes(c))) {
        const { name, ...was } = start.get(c.id);
        keepNote(c, "(put away)", was);
        const needed = (i) => c.type === "auth" && isUnique(i) && /\([`"\[]?(tokenKey|email)[`"\]]?\)/i.test(i);
        if (c.type === "auth") {
          const passwordAuth = { enabled: false, identityFields: ["email"] };
          Object.assign(c, { manageRule: null, authRule: null, passwordAuth, mfa: { ...c.mfa, enabled: false } });
        }
        Object.assign(c, locked);
        Object.assign(c, { indexes: (c.indexes || []).filter(needed) });
        c.fields = c.fields.map((f) => (f.type === "relation" ? { ...f, required: false, minSelect: 0, cascadeDelete: false } : f));
        touched.add(c);
      }
      gone.forEach((c) => {
        all.splice(all.indexOf(c), 1);
        touched.delete(c);
      });
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
      // Relations among them would stand in each other's way.
      for (const c of gone.filter((c) => c.type !== "view" && c.fields.some((f) => f.type === "relation"))) {
        const loose = model(c);
        unmarshal({ fields: c.fields.filter((f) => f.type !== "relation"), indexes: early({ ...c, indexes: [] }) }, loose);
        app.saveNoValidate(loose);
      }
      gone.forEach((c) => app.delete(model(c)));
      if (app.hasTable("_pv_kept")) {
        const left = new DynamicModel({ n: 0 });
        sql("SELECT COUNT(*) AS [[n]] FROM {{_pv_kept}}").one(left);
        if (!left.n) sql("DROP TABLE {{_pv_kept}}").execute();
      }
    },
  };
}
// The fields that PocketBase has in every collection of a type.
function systemFields(type) {
  const own = {
    base: [
      {"autogeneratePattern": "[a-z0-9]{15}", "id": "text3208210256", "max": 15, "min": 15, "name": "id", "pattern": "^[a-z0-9]+$", "primaryKey": true, "required": true, "system": true, "type": "text"},
    ],
    auth: [
      {"autogeneratePattern": "[a-z0-9]{15}", "id": "text3208210256", "max": 15, "min": 15, "name": "id", "pattern": "^[a-z0-9]+$", "primaryKey": true, "required": true, "system": true, "type": "text"},
      {"hidden": true, "id": "password901924565", "min": 8, "name": "password", "required": true, "system": true, "type": "password"},
      {"autogeneratePattern": "[a-zA-Z0-9]{50}", "hidden": true, "id": "text2504183744", "max": 60, "min": 30, "name": "tokenKey", "required": true, "system": true, "type": "text"},
      {"id": "email3885137012", "name": "email", "required": true, "system": true, "type": "email"},
      {"id": "bool1547992806", "name": "emailVisibility", "system": true, "type": "bool"},
      {"id": "bool256245529", "name": "verified", "system": true, "type": "bool"},
    ],
  };
  return own[type] || [];
}
// Secrets never stand in a file: a provider whose secret is not in the environment is left out.
function secret(name) {
  return $os.getenv(name);
}

function withSecrets(known, providers) {
  const kept = (provider) => (known.find((other) => other.name === provider.name) || {}).clientSecret;
  const filled = providers.map((provider) => ({ ...provider, clientSecret: provider.clientSecret || kept(provider) }));
  filled.filter((provider) => !provider.clientSecret)
    .forEach((provider) => console.log("the secret of " + provider.name + " is not set: it is left out"));
  return filled.filter((provider) => provider.clientSecret);
}
