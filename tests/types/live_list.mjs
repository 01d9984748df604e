// What a live list does, on a real server: `node live_list.mjs <url> <scenario>...`
// It ends by itself, so a list that leaves something open makes it hang.
import assert from "node:assert/strict";
import http from "node:http";
import { createInterface } from "node:readline";
import { isDeepStrictEqual } from "node:util";
import { EventSource } from "eventsource";
import PocketBase from "pocketbase";
import { createClient, liveList } from "./api-client.js";

globalThis.EventSource = EventSource;
// Node warns of listeners that pile up.
process.on("warning", (warning) => {
  throw warning;
});
const [url, ...names] = process.argv.slice(2);

// --- what the scenarios use ---

const admin = new PocketBase(url).autoCancellation(false);
const posts = admin.collection("posts");
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function until(what, holds) {
  for (const end = Date.now() + 20_000; Date.now() < end; await pause(10)) if (await holds()) return;
  assert.fail(`never: ${what}`);
}

/** The list's own order: records that are equal stand by their ids. */
const ordered = ({ sort = "" }) => (sort && !/@random|\bid\b/.test(sort) ? `${sort},id` : sort);

async function truth(pb, collection, options) {
  const { limit = 1000, filter, expand, fields } = options;
  const query = { sort: ordered(options), filter, expand, fields: fields && `${fields},id` };
  return (await pb.collection(collection).getList(1, limit, { ...query, requestKey: null })).items;
}

/** Waits until the list shows what the server returns, and says what it shows if it never does. */
async function agrees(list, pb, collection, options) {
  let real = [];
  const same = async () => {
    real = await truth(pb, collection, options);
    const { status, records } = list.get();
    return status === "live" && isDeepStrictEqual(records, real);
  };
  await until("as on the server", same).catch(() => assert.deepEqual(list.get().records, real));
}

const titles = (list) => list.get().records.map((record) => record.title);
const shows = (list, ...expected) =>
  until(expected.join(), () => list.get().status === "live" && titles(list).join() === expected.join())
    .catch(() => assert.deepEqual([list.get(), titles(list)], expected));

/** A list with its states; `stop` ends it. */
function opened(pb, collection, options = {}) {
  const list = liveList(pb, collection, options), states = [];
  return { list, states, stop: list.subscribe((state) => states.push(state)) };
}

/** A way to the server that counts what passes, and can cut it. */
async function proxy() {
  const { hostname, port } = new URL(url), sockets = new Set(), streams = new Set();
  const it = { reads: [], events: [], tells: [], streams, away: false, fails: null, hold: null, late: null, delivered: null };
  const server = http.createServer(async (request, response) => {
    const read = request.method === "GET" && request.url.includes("/records?");
    const stream = request.method === "GET" && request.url.endsWith("/api/realtime");
    (read ? it.reads : stream ? it.events : it.tells).push({ at: Date.now(), url: request.url });
    if (it.away) return request.socket.destroy();
    if (stream) streams.add(response.on("close", () => streams.delete(response)));
    if (read && it.hold) await it.hold;
    if (read && it.fails && request.url.includes(it.fails)) return response.writeHead(500).end("{}");
    const onward = http.request({ hostname, port, path: request.url, method: request.method, headers: request.headers, agent: false });
    onward.on("response", (from) => {
      response.writeHead(from.statusCode, from.headers).flushHeaders();
      from.on("error", () => 0).on("end", () => response.end()).on("data", (chunk) => {
        if (!it.late || !String(chunk).includes(it.late)) return response.write(chunk);
        it.late = null;
        setTimeout(() => response.write(chunk, it.delivered), 100);
      });
    });
    onward.on("error", () => request.socket.destroy());
    response.on("close", () => onward.destroy());
    request.pipe(onward);
  });
  server.on("connection", (socket) => sockets.add(socket.on("close", () => sockets.delete(socket))));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  it.url = `http://127.0.0.1:${server.address().port}`;
  it.cut = () => sockets.forEach((socket) => socket.destroy());
  it.end = () => (server.close(), it.cut());
  return it;
}

/** Pseudo-random numbers of a seed, below `n`. */
function dice(seed) {
  return (n) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t ^= t + Math.imul(t ^ (t >>> 7), 61 | t);
    return ((t ^ (t >>> 14)) >>> 0) % n;
  };
}

const gaps = (requests) => requests.slice(1).map((request, index) => request.at - requests[index].at);

// --- the scenarios ---

const scenarios = {
  async story(pb) {
    const ann = await admin.collection("people").create({ nick: "ann", email: "ann@example.com", password: "password1234", passwordConfirm: "password1234" });
    const one = await posts.create({ title: "one", n: 1, room: "a", owner: ann.id });
    const options = { filter: 'room = "a" // only here', sort: "-n", expand: "owner" };
    const { list, states, stop } = opened(pb, "posts", options);
    assert.deepEqual(states, [{ status: "loading", records: [], error: null }]);
    await shows(list, "one");
    assert.equal(list.get().records[0].expand.owner.nick, "ann");
    const two = await posts.create({ title: "two", n: 2, room: "a" });
    await shows(list, "two", "one");
    const before = list.get();
    list.refresh();
    await posts.update(two.id, { n: 0 });
    await shows(list, "one", "two");
    assert.equal(list.get().records[0], before.records[1], "what did not change is the same object");
    await posts.update(one.id, { room: "b" });
    await shows(list, "two");
    await posts.create({ title: "elsewhere", room: "b" });
    await posts.update(one.id, { room: "a" });
    await shows(list, "one", "two");
    await posts.delete(two.id);
    await shows(list, "one");
    await agrees(list, pb, "posts", options);
    // There is no room for an id beside this filter.
    const long = { filter: `room = "a" && title != "${"x".repeat(3450)}"`, sort: "-n" };
    const lengthy = opened(pb, "posts", long);
    await shows(lengthy.list, "one");
    for (const title of ["three", "four"]) {
      await posts.create({ title, n: 9, room: "a" });
      await agrees(lengthy.list, pb, "posts", long);
    }
    assert.ok(lengthy.states.every((state) => state.error === null));
    lengthy.stop();
    await agrees(list, pb, "posts", options);
    stop();
    assert.equal(list.get().status, "closed");
    assert.ok(states.every((state) => state.error === null));
    assert.deepEqual(states.slice(0, 2).map((state) => state.status), ["loading", "live"]);
  },

  async unfiltered(pb) {
    const way = await proxy(), through = createClient(way.url);
    const options = { sort: "done,-title", fields: "title,n,done" }, old = await posts.create({ title: "old" });
    const { list, stop } = opened(through, "posts", options);
    await shows(list, "old");
    const made = [];
    for (const title of ["b", "B", "ä", "", "\u{1f600}", "\uffee", "a b", "ab", "Z"]) {
      made.push(await posts.create({ title, done: made.length % 3 === 0 }));
    }
    await agrees(list, pb, "posts", options);
    await posts.update(old.id, { title: "new" });
    await agrees(list, pb, "posts", options);
    assert.equal(way.reads.length, 1, "the events tell everything that this list needs");
    await posts.delete(made[4].id);
    await posts.update(made[0].id, { n: 7 });
    await agrees(list, pb, "posts", options);
    // Once for both where their events came together, and else once for each.
    assert.ok([2, 3].includes(way.reads.length), `what changed twice in a second is asked for: ${way.reads.length} reads`);
    const [, last] = [(way.late = "the first"), await posts.create({ title: "before" })];
    const late = new Promise((resolve) => (way.delivered = resolve));
    await posts.update(made[1].id, { title: "the first" });
    await posts.update(made[1].id, { title: "the second" });
    await late;
    await posts.update(last.id, { title: "after" });
    await until("the last event", () => titles(list).includes("after"));
    await agrees(list, pb, "posts", options);
    stop();
    way.end();
  },

  async kinds(pb) {
    const orders = ["data", "-data", "at,-n", "-at", "n", "created", "-owner,title", "data.a,id", "-title:lower"];
    const lists = orders.map((sort) => ({ ...opened(pb, "posts", { sort }), sort }));
    const values = [null, 3, -1, 2.5, "3", "", true, false, "x", [1], { a: 1 }, { a: "0" }];
    for (const [index, data] of values.entries()) {
      await posts.create({ title: "tT"[index % 2] + index, data, n: values.length - (index % 5), at: index % 4 ? `2026-01-0${index % 4} 10:00:00.000Z` : "" });
      if (index % 4 === 3) for (const { list, sort } of lists) await agrees(list, pb, "posts", { sort });
    }
    lists.forEach(({ stop }) => stop());
  },

  /** Many lists of one kind, and the one that stays when the others leave. */
  async crowd(pb) {
    const crowd = Array.from({ length: 30 }, () => opened(pb, "posts", { filter: "title = 'crowd'" }));
    const one = await posts.create({ title: "crowd" });
    for (const { list } of crowd) await shows(list, "crowd");
    crowd.slice(1).forEach(({ stop }) => stop());
    await posts.delete(one.id);
    await shows(crowd[0].list);
    crowd[0].stop();
  },

  async limits(pb) {
    const made = [];
    for (let n = 1; n <= 12; n++) made.push(await posts.create({ title: `t${n}`, n, room: n % 2 ? "odd" : "even" }));
    const plans = [{ sort: "n", limit: 3 }, { sort: "-n", limit: 3 }, { filter: 'room = "odd"', sort: "n", limit: 3 }, { limit: 3 }, { sort: "n", limit: 20 }];
    const lists = plans.map((options) => ({ ...opened(pb, "posts", options), options }));
    const steps = [
      () => null, () => posts.delete(made[0].id), () => posts.update(made[1].id, { n: 50 }), () => posts.update(made[8].id, { n: 2 }),
      () => posts.create({ title: "first", n: 0, room: "odd" }), () => posts.create({ title: "last", n: 90, room: "even" }),
      () => posts.update(made[2].id, { title: "in place" }), () => posts.update(made[3].id, { n: 5.5 }), () => posts.delete(made[11].id),
      () => posts.update(made[4].id, { room: "even" }), () => posts.update(made[5].id, { room: "odd", n: 1 }),
    ];
    for (const step of steps) {
      await step();
      for (const { list, options } of lists) await agrees(list, pb, "posts", options);
    }
    for (const { states, options, stop } of lists) {
      assert.ok(states.every(({ records }) => records.length <= options.limit));
      stop();
    }
  },

  async storm(pb) {
    const plans = [
      { sort: "title,-n" }, { filter: "n > 40", sort: "-n,title", limit: 7 }, { filter: "n > 20 && done = false" },
      { sort: "owner.nick,title", expand: "owner", limit: 20 }, { filter: 'owner.nick = "ann"', sort: "-created", expand: "owner" }, {},
      { sort: "n", limit: 5 },
    ];
    const seed = Number(process.env.SEED ?? 7), roll = dice(seed), ids = [];
    const owners = (await admin.collection("people").getFullList()).map((person) => person.id);
    const change = async () => {
      const kind = roll(10), id = ids[roll(ids.length || 1)];
      const values = { title: "abcdefg"[roll(7)], n: roll(60), done: roll(3) === 0, owner: [...owners, ""][roll(owners.length + 1)] };
      if (kind < 4 || !id) return ids.push((await posts.create(values)).id);
      if (kind < 8) return posts.update(id, values).catch((error) => assert.equal(error.status, 404));
      ids.splice(ids.indexOf(id), 1);
      return posts.delete(id).catch((error) => assert.equal(error.status, 404));
    };
    const worker = async () => {
      for (let turn = 0; turn < 25; turn++) await change();
    };
    const first = Array.from({ length: 4 }, worker);
    const lists = plans.map((options) => ({ ...opened(pb, "posts", options), options }));
    await Promise.all(first);
    await Promise.all(Array.from({ length: 6 }, worker));
    // Many changes of the same few: PocketBase sends their events in another order than it made them.
    const few = await Promise.all(Array.from({ length: 3 }, (_, n) => posts.create({ title: "few", n: 30 + n })));
    for (const { list, options } of lists) await agrees(list, pb, "posts", options);
    await Promise.all(few.flatMap(({ id }) => Array.from({ length: 25 }, () => posts.update(id, { n: roll(60) }))));
    for (const { list, options } of lists) await agrees(list, pb, "posts", options);
    for (const { states, options } of lists) {
      for (const { records } of states) {
        assert.equal(new Set(records.map((record) => record.id)).size, records.length, `doubled, seed ${seed}`);
        assert.ok(records.length <= (options.limit ?? Infinity));
      }
    }
    lists.forEach(({ stop }) => stop());
  },

  async requests(pb) {
    const way = await proxy(), through = createClient(way.url);
    const options = { filter: "n >= 0", sort: "n" };
    const { list, stop } = opened(through, "posts", options);
    await shows(list);
    const make = async (count) => {
      for (let n = 0; n < count; n++) await posts.create({ title: "many", n });
    };
    for (const writers of [25, 1]) {
      const before = way.reads.length, began = Date.now();
      await Promise.all(Array.from({ length: writers }, () => make(writers === 1 ? 150 : 20)));
      await agrees(list, pb, "posts", options);
      const reads = way.reads.length - before, seconds = (Date.now() - began) / 1000;
      assert.ok(reads <= 6 + seconds, `${reads} reads in ${seconds} s`);
    }
    assert.equal(list.get().records.length, 650);
    assert.equal(way.events.length, 1);
    assert.equal(way.tells.length, 1);
    // The last read may have seen the last change before its event came, which is then read for once more.
    await until("nothing is asked for a second", async () => {
      const asked = way.reads.length;
      await pause(1000);
      return way.reads.length === asked;
    });
    const reads = way.reads.length;
    const { id } = await posts.create({ title: "last", n: 1000 });
    await until("the last", () => list.get().records.at(-1)?.id === id);
    assert.equal(way.reads.length, reads + 1, "between two changes nothing is asked");
    stop();
    way.end();
  },

  async cut(pb) {
    const way = await proxy(), through = createClient(way.url);
    const [kept, gone] = [await posts.create({ title: "kept", n: 1 }), await posts.create({ title: "gone", n: 2 })];
    const options = { filter: "n > 0", sort: "n" };
    const { list, states, stop } = opened(through, "posts", options);
    await shows(list, "kept", "gone");
    way.away = true;
    way.cut();
    await until("reconnecting", () => list.get().status === "reconnecting");
    assert.deepEqual(titles(list), ["kept", "gone"]);
    assert.ok(list.get().error instanceof Error);
    await posts.delete(gone.id);
    await posts.update(kept.id, { title: "kept on" });
    await posts.create({ title: "new", n: 3 });
    const late = opened(through, "posts");
    await until("known to a new list", () => late.list.get().status === "reconnecting");
    late.stop();
    await until("two attempts", () => way.events.length >= 3);
    gaps(way.events.slice(1)).forEach((gap, index) => assert.ok(gap > 180 * 2 ** (index + 1), `${gap} ms before attempt ${index + 2}`));
    const reads = way.reads.length;
    assert.ok(way.reads.slice(1).every((read) => !read.url.includes("filter")), "nothing is read without a connection");
    way.away = false;
    await shows(list, "kept on", "new");
    assert.equal(list.get().error, null);
    assert.equal(way.reads.length, reads + 1, "one read after a reconnect");
    assert.ok(!states.some(({ status, records }) => status === "reconnecting" && records.length !== 2));
    way.away = true;
    way.cut();
    await until("reconnecting", () => list.get().status === "reconnecting");
    stop();
    way.end();
  },

  /** A connection that was quiet is ended, by PocketBase after five minutes and by many a proxy after one. */
  async quiet() {
    const way = await proxy(), now = performance.now.bind(performance);
    await posts.create({ title: "one", n: 1 });
    const { list, states, stop } = opened(createClient(way.url), "posts", { sort: "n" });
    await shows(list, "one");
    performance.now = () => now() + 60_000;
    way.cut();
    await until("another connection and a read", () => way.events.length === 2 && way.reads.length === 2);
    await posts.create({ title: "two", n: 2 });
    await shows(list, "one", "two");
    assert.ok(states.slice(1).every(({ status, error }) => status === "live" && error === null));
    way.away = true;
    way.cut();
    await until("reconnecting", () => list.get().status === "reconnecting");
    way.away = false;
    await shows(list, "one", "two");
    stop();
    way.end();
    performance.now = now;
  },

  /** The server is ended and started again by whoever started this, with a change made in between. */
  async restart(pb) {
    const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
    const one = await posts.create({ title: "one", n: 1 });
    await posts.create({ title: "two", n: 2 });
    const { list, stop } = opened(pb, "posts", { sort: "n" });
    await shows(list, "one", "two");
    console.log(JSON.stringify({ end: one.id }));
    await lines.next();
    await until("reconnecting", () => list.get().status === "reconnecting");
    assert.deepEqual(titles(list), ["one", "two"]);
    console.log(JSON.stringify({ begin: true }));
    await lines.next();
    await shows(list, "two", "from elsewhere");
    await posts.create({ title: "zero", n: 0 });
    await shows(list, "zero", "two", "from elsewhere");
    stop();
    process.stdin.destroy();
  },

  async failures() {
    const way = await proxy(), through = createClient(way.url);
    const { list, stop } = opened(through, "posts", { filter: "n > 0 // failing", sort: "n" });
    await posts.create({ title: "one", n: 1 });
    await shows(list, "one");
    const refused = [["posts", { filter: "nosuch = 1" }, 400], ["locked", {}, 403], ["nosuch", {}, 404]].map(
      ([collection, options, status]) => ({ ...opened(through, collection, options), status }));
    await until("all refused", () => refused.every((wrong) => wrong.list.get().error?.status === wrong.status));
    way.fails = "failing";
    const before = way.reads.length;
    await posts.create({ title: "two", n: 2 });
    await until("three attempts", () => way.reads.length >= before + 3);
    assert.equal(list.get().error.status, 500);
    assert.deepEqual(titles(list), ["one"]);
    gaps(way.reads.slice(before)).forEach((gap, index) => assert.ok(gap >= 180 * 2 ** index, `${gap} ms before attempt ${index + 2}`));
    assert.ok(way.reads.slice(before).every((read) => read.url.includes("failing")), "what was refused is not asked again");
    way.fails = null;
    await shows(list, "one", "two");
    assert.equal(list.get().error, null);
    stop();
    const reads = way.reads.length;
    refused.forEach((wrong) => wrong.list.refresh());
    await until("asked again", () => way.reads.length === reads + refused.length);
    refused.forEach((wrong) => wrong.stop());
    way.end();
  },

  async users(pb) {
    const people = admin.collection("people"), own = admin.collection("private");
    const join = (nick) => people.create({ nick, email: `${nick}@example.org`, password: "password1234", passwordConfirm: "password1234" });
    const [eve, bob] = [await join("eve"), await join("bob")];
    const hers = await own.create({ title: "eve's", owner: eve.id });
    await own.create({ title: "bob's", owner: bob.id });
    const options = { sort: "title" }, { list, states, stop } = opened(pb, "private", options);
    await shows(list);
    await pb.collection("people").authWithPassword("eve@example.org", "password1234");
    assert.deepEqual(list.get(), { status: "loading", records: [], error: null });
    await shows(list, "eve's");
    await own.update(hers.id, { title: "eve's own" });
    await shows(list, "eve's own");
    await pb.collection("people").authWithPassword("bob@example.org", "password1234");
    assert.deepEqual(list.get().records, []);
    const since = states.length;
    await shows(list, "bob's");
    await own.update(hers.id, { title: "still eve's" });
    const given = await own.create({ title: "given", owner: bob.id });
    await shows(list, "bob's", "given");
    assert.ok(states.slice(since).every(({ records }) => records.every(({ owner }) => owner === bob.id)));
    // PocketBase tells nothing to those who may not see a record any longer.
    await own.update(given.id, { owner: eve.id });
    await own.create({ title: "later", owner: bob.id });
    await until("the next event", () => titles(list).includes("later"));
    assert.ok(titles(list).includes("given"));
    list.refresh();
    await shows(list, "bob's", "later");
    // The same user once more: what is shown stays.
    const shown = list.get();
    await pb.collection("people").authRefresh();
    assert.equal(list.get(), shown);
    pb.authStore.clear();
    assert.deepEqual(list.get().records, []);
    await shows(list);
    stop();
  },

  async subscribers(pb) {
    const way = await proxy(), through = createClient(way.url), list = liveList(through, "posts", { sort: "n" });
    list.subscribe(() => 0)();
    const calls = [];
    const strict = list.subscribe(() => calls.push("strict"));
    strict();
    strict();
    let late = null;
    const twice = (state) => calls.push(state.status);
    const stops = [list.subscribe(twice), list.subscribe(twice)];
    stops.push(list.subscribe(() => (late ??= list.subscribe(() => calls.push("late")))));
    const thrown = [];
    process.on("uncaughtException", (error) => thrown.push(error.message));
    stops.unshift(list.subscribe(() => {
      throw new Error("the application's own");
    }));
    const leaves = list.subscribe((state) => state.status === "live" && queueMicrotask(() => leaves()));
    await shows(list);
    assert.equal(way.events.length, 1);
    assert.equal(way.reads.length, 1);
    assert.equal(way.tells.length, 1);
    const other = opened(through, "posts", { filter: "n > 5", sort: "n" });
    await until("another list", () => other.list.get().status === "live");
    assert.equal(way.events.length, 1, "one connection for both");
    through.cancelAllRequests();
    const [mine] = await Promise.all([through.collection("posts").getList(1, 1), posts.create({ title: "x", n: 6 })]);
    assert.equal(mine.page, 1);
    await shows(list, "x");
    await shows(other.list, "x");
    other.stop();
    await until("told to the server", () => way.tells.length === 3);
    [...stops, late].forEach((stop) => stop());
    const heard = calls.length;
    await until("no connection left", () => way.streams.size === 0);
    await posts.create({ title: "unheard", n: 7 });
    assert.equal(calls.length, heard);
    assert.deepEqual(list.get(), { status: "closed", records: [], error: null });
    await until("thrown on", () => thrown.length > 1);
    process.removeAllListeners("uncaughtException");
    assert.deepEqual([...new Set(thrown)], ["the application's own"]);
    const seen = [];
    const again = list.subscribe((state) => seen.push(state));
    assert.deepEqual(seen, [{ status: "loading", records: [], error: null }]);
    await shows(list, "x", "unheard");
    let release;
    way.hold = new Promise((resolve) => (release = resolve));
    const reads = way.reads.length;
    list.refresh();
    await until("a read under way", () => way.reads.length === reads + 1);
    const theirs = through.collection("posts").getFullList();
    await until("the application's", () => way.reads.length === reads + 2);
    const { id } = await posts.create({ title: "y", n: 8 });
    release();
    assert.equal((await theirs).length, 3);
    await until("the new one", () => list.get().records.at(-1).id === id);
    assert.ok(seen.every(({ error }) => error === null));
    const before = way.reads.length;
    way.hold = new Promise((resolve) => (release = resolve));
    list.refresh();
    await until("a read under way", () => way.reads.length > before);
    again();
    release();
    assert.equal(list.get().status, "closed");
    way.end();
  },

  /** Between two pages a record changes its page, and one that did not change moves over. */
  async pages(pb) {
    const way = await proxy(), through = createClient(way.url), options = { sort: "n" };
    const total = (await posts.getList(1, 1)).totalItems;
    assert.ok(total > 1000);
    const first = (await posts.getList(1, 2, { sort: "n" })).items;
    const list = liveList(through, "posts", options), stop = list.subscribe(() => 0);
    let release;
    await until("the first page", () => way.reads.length === 1);
    way.hold = new Promise((resolve) => (release = resolve));
    await until("the second page", () => way.reads.length === 2);
    await posts.delete(first[0].id);
    await posts.update(first[1].id, { n: 5000 });
    way.hold = null;
    release();
    const all = await posts.getFullList({ sort: "n,id" });
    await until("all of them", () => isDeepStrictEqual(list.get().records, all))
      .catch(() => assert.equal(list.get().records.length, all.length));
    assert.equal(all.length, total - 1);
    stop();
    const some = opened(pb, "posts", { sort: "-n", limit: 1200 }), first1200 = all.toSorted((a, b) => b.n - a.n || (a.id < b.id ? -1 : 1)).slice(0, 1200);
    await until("1200 of them", () => some.list.get().status === "live");
    assert.deepEqual(some.list.get().records, first1200);
    some.stop();
    way.end();
  },

  async views(pb) {
    const { list, stop } = opened(pb, "counts", { sort: "title", watch: ["posts"] });
    await shows(list);
    await posts.create({ title: "seen", n: 1 });
    await shows(list, "seen");
    stop();
  },

  async unheard() {
    globalThis.EventSource = undefined;
    await posts.create({ title: "read all the same", n: 1 });
    const { list, stop } = opened(createClient(url), "posts");
    await until("read", () => list.get().records.length === 1);
    assert.equal(list.get().status, "reconnecting");
    assert.match(list.get().error.message, /eventsource/);
    stop();
    globalThis.EventSource = EventSource;
    assert.throws(() => liveList(createClient(url), "posts", { limit: 0 }), /limit is 0/);
  },
};

await admin.collection("_superusers").authWithPassword("admin@example.com", "password1234");
for (const name of names) {
  if (name !== "pages") for (const each of ["posts", "private", "people"]) await admin.collections.truncate(each);
  const began = Date.now();
  await scenarios[name](createClient(url).autoCancellation(false)).catch((error) => {
    error.message = `${name}: ${error.message}`;
    throw error;
  });
  console.error(name, Date.now() - began);
}
