// What can be written: the least that a type demands is taken, less is refused, and each key does what it says.
import { described, equal, fits, problem, type } from "./check.js";
import type { Description } from "./check.js";
import type { TypedPocketBase } from "./api-client.js";
import type { CreateOf, Id, UpdateOf } from "./types.js";
import { PASSWORD, counted, file, since, taken } from "./world.js";
import type { World } from "./world.js";

type Tables = "tags" | "people" | "every" | "needs" | "posts" | "comments" | "profiles" | "teams" | "vault" | "letters" | "keyed";
type Samples = { [C in Tables]: (n: number) => Required<CreateOf<C>> };
type Loose = { [key: string]: unknown };

/** One value for every key that a payload may have; `n` makes what is unique new. */
function samples({ ids }: World): Samples {
  const id = (n: number): string => `a${String(n).padStart(14, "0")}`;
  const each = {
    words: "w", page: "<p>p</p>", n: 2, done: true, mail: "m@example.com", link: "https://example.com", at: "2026-01-01 00:00:00.000Z",
    data: { a: 1 }, kind: "a", kinds: ["a", "c"], owner: ids.ada, marks: [ids.tag], pin: "12345678", code: "abcdefgh",
  } as const;
  const files = () => ({ doc: file("d.txt"), docs: [file("e.txt"), new Blob(["x"])] });
  return {
    tags: (n) => ({ id: id(n), name: `t${n}` }),
    people: (n) => ({
      id: id(n), email: `p${n}@example.com`, emailVisibility: true, verified: true, password: PASSWORD, passwordConfirm: PASSWORD,
      nick: "n", secret_note: "s", role: "member", face: file("f.txt"), team: ids.team, boss: ids.ada,
    }),
    every: (n) => ({ id: id(n), ...each, ...files(), kept: "k", kept_json: [1], config: { theme: "light" } }),
    needs: (n) => ({ id: id(n), ...each, ...files() }),
    posts: (n) => ({
      id: id(n), title: "t", body: "b", meta: null, status: "draft", n: 1, cover: file("c.txt"), topics: ["x"], author: ids.ada,
      parent: ids.post, tags: [ids.tag], readers: [ids.ben], locked: ids.code, team: ids.team,
    }),
    comments: (n) => ({ id: id(n), body: "b", post: ids.post, author: ids.ada }),
    profiles: (n) => ({ id: id(n), user: ids.cyn, post: ids.bare, slot: `s${n}`, tag: [ids.tag], mate: ids.ada }),
    teams: (n) => ({ id: id(n), name: "t" }),
    vault: (n) => ({ id: id(n), code: "c" }),
    letters: (n) => ({ id: id(n), text: "t", team: ids.team }),
    keyed: (n) => ({ id: `key${String(n).replace(/\d/g, (digit) => "abcdefghij"[Number(digit)] ?? "")}`, about: "a" }),
  };
}

export async function payloads(world: World): Promise<void> {
  await created(world);
  await updated(world);
  await modified(world);
  await refusedByTypes(world);
  await accounts(world);
  await counted(world);
}

async function created(world: World): Promise<void> {
  const types = described<{ [C in Tables]: CreateOf<C> }>("what creates");
  const made = samples(world);
  let n = 0;
  for (const name of Object.keys(made) as Tables[]) {
    const members = object(object(types)[name]);
    const [needed, rest] = [true, false].map((wanted) => Object.keys(members).filter((key) => members[key]?.optional !== wanted)) as [string[], string[]];
    // Each sample is made anew, and only what is made is removed: samples may be unique.
    const attempt = async (pb: TypedPocketBase, keys: readonly string[]): Promise<string | null> => {
      const sample = made[name](++n) as unknown as Loose;
      let id = "";
      const refused = await taken(async () => {
        const payload = Object.fromEntries(keys.map((key) => [key, sample[key]]));
        id = (await pb.collection(name as "tags").create(payload as never)).id;
      });
      if (id !== "") await world.admin.collection(name as "tags").delete(id);
      return refused;
    };
    const admin = world.admin as unknown as TypedPocketBase;
    const accept = async (pb: TypedPocketBase, keys: readonly string[]): Promise<void> => {
      const refused = await attempt(pb, keys);
      if (refused !== null) problem(`${name}: ${keys.join()} is refused: ${refused}`);
    };
    await accept(admin, needed);
    await accept(admin, [...needed, ...rest]);
    if (!["teams", "vault"].includes(name)) await accept(name === "letters" ? world.ada : world.guest, needed);
    for (const key of rest) await accept(admin, [...needed, key]);
    for (const key of needed) {
      if ((await attempt(admin, needed.filter((one) => one !== key))) === null) problem(`${name} is made without ${key}`);
    }
  }
}

async function updated(world: World): Promise<void> {
  const types = described<{ every: UpdateOf<"every">; needs: UpdateOf<"needs"> }>("what changes");
  for (const name of ["every", "needs"] as const) {
    const service = world.admin.collection(name as "every");
    const record = await service.create(samples(world)[name](900) as unknown as CreateOf<"every">);
    const values = samples(world)[name](901) as unknown as Loose;
    for (const key of Object.keys(object(object(types)[name]))) {
      if (/^\+|[+-]$/.test(key)) continue;
      const refused = await taken(() => service.update(record.id, { [key]: values[key] } as never));
      if (refused !== null) problem(`${name}.${key} cannot be changed: ${refused}`);
    }
    await service.delete(record.id);
  }
}

async function modified(world: World): Promise<void> {
  const every = world.admin.collection("every");
  const { ids, guest } = world;
  const blue = (await world.admin.collection("tags").getFirstListItem("name = 'blue'")).id;
  const { id } = await every.create({ n: 2, kinds: ["a"], marks: [ids.tag], docs: [file("one.txt")] });
  equal("n+", (await every.update(id, { "n+": 1.5 })).n, 3.5);
  equal("n-", (await every.update(id, { "n-": 4 })).n, -0.5);
  equal("kinds+", (await every.update(id, { "kinds+": "b" })).kinds, ["a", "b"]);
  equal("+kinds", (await every.update(id, { "+kinds": "c" })).kinds, ["c", "a", "b"]);
  equal("kinds-", (await every.update(id, { "kinds-": ["c", "b"] })).kinds, ["a"]);
  equal("kinds+ of several", (await every.update(id, { "kinds+": ["b", "c"] })).kinds, ["a", "b", "c"]);
  equal("marks+", (await every.update(id, { "marks+": blue })).marks, [ids.tag, blue]);
  equal("marks-", (await every.update(id, { "marks-": [ids.tag] })).marks, [blue]);
  equal("+marks", (await every.update(id, { "+marks": [ids.tag] })).marks, [ids.tag, blue]);
  const stem = (names: readonly string[]): string[] => names.map((name) => name.replace(/_.*/, ""));
  let { docs } = await every.update(id, { "docs+": file("two.txt") });
  equal("docs+", stem(docs), ["one", "two"]);
  docs = (await every.update(id, { "docs+": [file("three.txt"), new Blob(["x"])] })).docs;
  equal("docs+ of several", docs.length, 4);
  docs = (await every.update(id, { "+docs": file("zero.txt") })).docs;
  equal("+docs", stem(docs)[0], "zero");
  docs = (await every.update(id, { "docs-": docs[0] ?? "" })).docs;
  equal("docs-", stem(docs).slice(0, 3), ["one", "two", "three"]);
  docs = (await every.update(id, { "docs-": docs.slice(2) })).docs;
  equal("docs- of several", stem(docs), ["one", "two"]);
  docs = (await every.update(id, { docs: [docs[1] ?? "", file("new.txt")] })).docs;
  equal("docs as a whole", stem(docs), ["two", "new"]);
  docs = (await every.update(id, { docs: [docs[1] ?? ""] })).docs;
  equal("docs that stay", stem(docs), ["new"]);
  equal("docs emptied", (await every.update(id, { docs: [] })).docs, []);
  const one = await every.update(id, { doc: file("single.txt") });
  equal("doc", stem([one.doc]), ["single"]);
  equal("doc emptied", (await every.update(id, { doc: "" })).doc, "");
  const { id: other } = fits("made and picked", await every.create({ owner: ids.ada }, { fields: "id,expand.owner.nick", expand: "owner" }));
  fits("changed and picked", await guest.collection("every").update(other, { words: "w" }, { fields: "words,expand.owner.nick,expand.marks", expand: "owner,marks" }));
  await counted(world);
  equal("what is deleted", await every.delete(other), true);
  const form = new FormData();
  form.append("words", "of a form");
  form.append("docs", file("leaf1.txt"));
  form.append("docs", file("leaf2.txt"));
  const formed = fits("made of a form", await every.create(form), "superuser");
  equal("a form", [formed.words, stem(formed.docs)], ["of a form", ["leaf1", "leaf2"]]);
  const at = new Date("2026-05-06T07:08:09.010Z");
  equal("a date", (await every.update(id, { at })).at, "2026-05-06 07:08:09.010Z");
  equal("a date beside a file", (await every.update(id, { at: new Date(0), doc: file("x.txt"), kinds: ["a"], data: { a: "1" } })).at, "1970-01-01 00:00:00.000Z");
  const emptied = fits("emptied", await guest.collection("every").update(id, {
    words: "", page: "", n: 0, done: false, mail: "", link: "", at: "", data: null, kind: "", kinds: [], doc: "", docs: [], owner: "", marks: [],
  }));
  equal("what is empty", [emptied.at, emptied.data, emptied.kind, emptied.kinds, emptied.owner], ["", null, "", [], ""]);
  for (const data of [null, 0, false, "text", [], {}, [null, { a: "ü" }], 1e21] as const) {
    equal("json comes back", (await every.update(id, { data })).data, data);
  }
  if (since(world, 0, 27)) {
    const place = await world.admin.collection("places").create({ must: { lon: -180, lat: 90 } });
    equal("a place", [place.spot, place.must], [{ lon: 0, lat: 0 }, { lon: -180, lat: 90 }]);
    // @ts-expect-error it is required
    if ((await taken(() => world.admin.collection("places").create({}))) === null) problem("a place without its place");
  }
}

/** What the compiler refuses, and the server as well, or it takes no notice. */
async function refusedByTypes(world: World): Promise<void> {
  const every = world.guest.collection("every"), needs = world.guest.collection("needs");
  const refused = async (what: string, request: () => Promise<unknown>): Promise<void> => {
    if ((await taken(request)) === null) problem(`the server takes ${what}`);
  };
  const { full, ada, tag, empty } = world.ids;
  // @ts-expect-error no such value
  await refused("another value", () => every.update(full, { kind: "z" }));
  // @ts-expect-error no such value
  await refused("another value of several", () => every.update(full, { kinds: ["a", "z"] }));
  // @ts-expect-error the id of a tag
  await refused("a record of another collection", () => every.update(full, { owner: tag as Tag }));
  // @ts-expect-error the id of an account
  await refused("several of another collection", () => every.update(full, { marks: [ada as Person] }));
  // @ts-expect-error required
  await refused("a required file that is emptied", () => needs.create({ ...(samples(world).needs(950)), doc: "" }));
  // @ts-expect-error it has to be true
  await refused("false where true is required", () => needs.create({ ...(samples(world).needs(951)), done: false }));
  // @ts-expect-error a view is not written to
  await refused("a record of a view", () => world.admin.collection("counts").create({}));
  // @ts-expect-error the server sets it
  const dated = await every.update(empty, { made: "2020-01-01 00:00:00.000Z" });
  equal("an autodate is what it was", dated.made.startsWith("2020"), false);
  // @ts-expect-error there is no such field
  const unknown = await every.update(empty, { nope: 1 });
  equal("an unknown field is left out", "nope" in unknown, false);
  const quiet = await every.update(empty, { kept: "by a guest" });
  equal("a hidden field is not for guests", ["kept" in quiet, (await world.admin.collection("every").getOne<{}>(empty) as unknown as Loose)["kept"]], [false, ""]);
}
type Tag = Id<"tags"> & { readonly tag: true };
type Person = Id<"people"> & { readonly person: true };

/** Passwords, addresses and who may change them. */
async function accounts(world: World): Promise<void> {
  const { admin, ada, ben, ids } = world;
  const people = admin.collection("people");
  const own = ada.collection("people");
  const check = async (what: string, wanted: boolean, request: () => Promise<unknown>): Promise<void> => {
    const refused = await taken(request);
    if ((refused === null) !== wanted) problem(`${what}: ${refused ?? "taken"}`);
  };
  const next = { password: "another1234", passwordConfirm: "another1234" };
  await check("a password without the old one", false, () => own.update(ids.ada, next));
  await check("an address by its owner", false, () => own.update(ids.ada, { email: "x@example.com" }));
  await check("verified by its owner", false, () => own.update(ids.ada, { verified: true }));
  await check("visibility by its owner", true, () => own.update(ids.ada, { emailVisibility: false }));
  await check("an address by the manager", true, () => ben.collection("people").update(ids.cyn, { email: "cyn@example.com", verified: true }));
  await check("a password by the manager", true, () => ben.collection("people").update(ids.cyn, { password: PASSWORD, passwordConfirm: PASSWORD }));
  await check("a password by a superuser", true, () => people.update(ids.cyn, { password: PASSWORD, passwordConfirm: PASSWORD }));
  await check("a password that is confirmed wrongly", false, () => people.update(ids.cyn, { password: PASSWORD, passwordConfirm: "other12345" }));
  await check("with the old password", true, () => own.update(ids.ada, { oldPassword: PASSWORD, ...next }));
  await people.update(ids.ada, { password: PASSWORD, passwordConfirm: PASSWORD });
  await ada.collection("people").authWithPassword("ada@example.com", PASSWORD);
}

function object(of: Description | { of: number } | undefined): { [name: string]: { optional: boolean; of: number } & Description } {
  const found = of === undefined ? undefined : "kind" in of && of.kind === "object" ? of : "of" in of && typeof of.of === "number" ? type(of.of) : undefined;
  if (found?.kind !== "object") throw new Error("no object");
  return found.members as never;
}
