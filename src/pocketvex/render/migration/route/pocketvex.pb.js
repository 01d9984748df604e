/// <reference path="../pb_data/types.d.ts" />
// Written by `pocketvex migrate route`: POST /api/pocketvex/migrate, by which `pocketvex migrate` reaches a
// server over HTTP. All texts of a request run in one transaction, or none.
//
// It is off, and nothing answers there, unless this server's environment has POCKETVEX_HOOK_KEY with 32
// characters or more. A request needs a superuser, and a signature with that key, at most five minutes old. It
// also names the state of `_migrations` that it was made for, so that one that is sent again changes nothing.
if (($os.getenv("POCKETVEX_HOOK_KEY") || "").length >= 32) {
  routerAdd("POST", "/api/pocketvex/migrate", (e) => {
    const protocol = 1;
    const patience = 300; // seconds
    const key = $os.getenv("POCKETVEX_HOOK_KEY");
    const now = Math.floor(Date.now() / 1000);
    const refuse = (status, kind, message, more) =>
      e.json(status, Object.assign({ protocol, status, message, data: {}, kind, now }, more || {}));

    const { protocol: spoken, at: stamp, mode, body, signature } = e.requestInfo().body;
    if (spoken !== protocol) return refuse(400, "protocol", "This route speaks protocol " + protocol + ".");
    // Body and time are texts: a signature is of bytes, and a number can be written in several ways.
    const signed = [protocol, stamp, mode, body].join("\n");
    if (!$security.equal($security.hs256(signed, key), String(signature)))
      return refuse(403, "signature", "The signature was not made with the key of this server.");
    if (!(Math.abs(now - Number(stamp)) <= patience))
      return refuse(403, "stale", "The request was signed more than " + patience + " seconds from now.");
    if (!["look", "dry", "run", "once"].includes(mode)) return refuse(400, "protocol", "There is no mode " + mode + ".");

    const there = (app) => {
      const found = new DynamicModel({ text: "" });
      app.db().newQuery("SELECT COALESCE(json_group_array(json_array([[file]], [[applied]])), '[]') AS [[text]] FROM (SELECT * " +
        "FROM {{_migrations}} WHERE [[file]] LIKE '%.js' OR [[file]] LIKE '%.ts' ORDER BY [[applied]], [[file]])").one(found);
      return { files: JSON.parse(found.text).map(([file]) => file), state: $security.hs256(found.text, key) };
    };
    const answer = (app, ran, silent) => {
      const seen = there(app);
      return { protocol, mode, now, ran, silent, applied: seen.files, state: seen.state };
    };
    if (mode === "look") return e.json(200, answer($app, [], []));

    // What an error says as PocketBase's own `migrate up` says it, and the place in the text where it was thrown.
    const failure = (file, error) => {
      const said = String(error).replace(/^(?:Go)?Error: /, "");
      const head = 2; // lines that `Function` puts above a text
      const parsed = /^(?:SyntaxError: )+\S+: Line (\d+):(\d+) ([^]*)$/.exec(said);
      if (parsed) return { file, message: "SyntaxError: " + parsed[3], line: parsed[1] - head, column: Number(parsed[2]) };
      const [, first] = String((error && error.stack) || "").split("\n\tat ");
      // Not where the part of our files stands that refuses: it says nothing to anybody.
      const place = !/^fail /.test(first) && /<eval>:(\d+):(\d+)\(\d+\)/.exec(first);
      const line = place ? place[1] - head : 0;
      return { file, message: said, line: Math.max(0, line), column: line > 0 ? Number(place[2]) : 0 };
    };

    const { files, shared, env, state } = JSON.parse(body);
    const known = new Set(Object.getOwnPropertyNames(globalThis));
    // The secrets that the files read are those of whoever runs them, as with `migrate up` beside a server.
    const given = new Map(Object.entries(env));
    const os = Object.assign({}, $os, { getenv: (name) => (given.has(name) ? given.get(name) : $os.getenv(name)) });
    const ran = [];
    const silent = [];
    const loaded = [];
    let current = "";
    let failed = null;
    let moved = false;
    let dry = null;
    const work = (tx) => {
      const before = there(tx);
      moved = before.state !== state;
      if (moved) throw new Error("moved");
      for (const [file, up] of loaded) {
        if (mode !== "once" && before.files.includes(file)) continue;
        current = file;
        try {
          const said = up ? up(tx) : null;
          // A text, since an error would say where it was made: here.
          if (said !== undefined && said !== null) throw "could not convert " + said + " to error";
          if (mode !== "once")
            tx.db().newQuery("INSERT INTO {{_migrations}} ([[file]], [[applied]]) VALUES ({:file}, {:applied})")
              .bind({ file, applied: Date.now() * 1000 + ran.length }).execute();
        } catch (error) {
          failed = failure(file, error);
          throw error;
        }
        ran.push(file);
      }
      current = "";
      if (mode === "dry") {
        dry = answer(tx, ran, silent);
        throw new Error("a dry run");
      }
    };
    try {
      // All are read before the first runs, as PocketBase does it. What a migration does not see there is away.
      for (const [file, ...parts] of files) {
        current = file;
        let up = null;
        let calls = 0;
        new Function("migrate", "$os", "$app", "$apis", "cronAdd", "cronRemove", parts.join(shared))((first) => {
          if (!calls++) up = first;
        }, os);
        if (calls) loaded.push([file, up]);
        else silent.push(file);
      }
      current = "";
      $app.runInTransaction((tx) => {
        $app.store().set("pocketvex", Number.MAX_SAFE_INTEGER);
        try {
          work(tx);
        } catch (error) {
          // What is rolled back in the database stays in memory; and now nobody else is let in.
          $app.reloadCachedCollections();
          throw error;
        }
      });
    } catch (error) {
      if (!dry && !moved) failed = failed || failure(current, error);
      $app.reloadCachedCollections();
      $app.reloadSettings();
    } finally {
      // So long somebody may take to send the files of a record that was read by what is gone.
      $app.store().set("pocketvex", Date.now() + 3600 * 1000);
      // What a text left behind would be seen by the hooks that run here next.
      for (const name of Object.getOwnPropertyNames(globalThis)) if (!known.has(name)) delete globalThis[name];
    }
    if (moved) return refuse(409, "moved", "Other migrations have run here since, or were taken back.");
    if (failed) return refuse(400, "failed", failed.message, { failed });
    // Read back: what the transaction wrote is there only now.
    return e.json(200, dry || answer($app, ran, silent));
  }, $apis.requireSuperuserAuth());

  // Until such a transaction ends, the server takes the collections that it makes for those that there are. Who
  // writes a record meanwhile waits for its end, and has read the record by them: where they were rolled back, a
  // value would be lost. The database itself says whether they are: each save of a collection has another time.
  const unmoved = (e) => {
    if (!(Date.now() < ($app.store().get("pocketvex") || 0))) return e.next();
    let known = "";
    try {
      known = e.app.findCollectionByNameOrId(e.collection.id).updated.string();
    } catch (_) {} // it was only being made
    if (known !== e.collection.updated.string()) throw new ApiError(503, "Migrations run here. Try it again.");
    return e.next();
  };
  onRecordCreateRequest(unmoved);
  onRecordUpdateRequest(unmoved);
  onRecordDeleteRequest(unmoved);
} else if ($os.getenv("POCKETVEX_HOOK_KEY")) {
  console.log("POCKETVEX_HOOK_KEY has fewer than 32 characters: `pocketvex migrate` is not let in.");
}
