// Who reads and what is there: the records that the other modules look at.
import { createClient } from "./api-client.js";
import type { TypedPocketBase } from "./api-client.js";
import type { CollectionName, CreateOf, Id, RecordOf } from "./types.js";
import { hidden, learn, settled } from "./check.js";
import type { Reader } from "./check.js";

export const PASSWORD = "password1234";

export interface Start {
  url: string;
  /** The superuser's. */
  email: string;
  version: readonly number[];
  /** Where the OAuth2 provider is. */
  provider: string;
}
export interface World extends Start {
  admin: TypedPocketBase<"_superusers">;
  guest: TypedPocketBase;
  /** Signed in: a member, and one who may manage accounts. */
  ada: TypedPocketBase;
  ben: TypedPocketBase;
  ids: {
    ada: Id<"people">; ben: Id<"people">; cyn: Id<"people">;
    team: Id<"teams">; tag: Id<"tags">; code: Id<"vault">;
    full: Id<"every">; empty: Id<"every">; post: Id<"posts">; bare: Id<"posts">;
  };
}

export function client(start: Start): TypedPocketBase {
  return createClient(start.url).autoCancellation(false);
}

export function since(world: Start, major: number, minor: number): boolean {
  const [first = 0, second = 0] = world.version;
  return first > major || (first === major && second >= minor);
}

export function file(name: string): File {
  return new File([name], name, { type: "text/plain" });
}

export async function signedIn(start: Start, name: string): Promise<TypedPocketBase> {
  const found = client(start);
  await found.collection("people").authWithPassword(`${name}@example.com`, PASSWORD);
  return found;
}

export const account = (name: string): CreateOf<"people"> =>
  ({ email: `${name}@example.com`, password: PASSWORD, passwordConfirm: PASSWORD, nick: name });

export async function built(start: Start): Promise<World> {
  const admin = createClient<"_superusers">(start.url).autoCancellation(false);
  await admin.collection("_superusers").authWithPassword(start.email, PASSWORD);
  await admin.settings.update({ batch: { enabled: true } });
  const collections: RawCollection[] = (await admin.send<{ items: RawCollection[] }>("/api/collections?perPage=200", {})).items;
  for (const { name, fields } of collections) hidden.set(name, fields.filter((one) => one.hidden).map((one) => one.name));

  const team = await admin.collection("teams").create({ name: "one" });
  await admin.collection("keyed").create({ id: "first", about: "its id" });
  const tag = await admin.collection("tags").create({ name: "red" });
  const other = await admin.collection("tags").create({ name: "blue" });
  const code = await admin.collection("vault").create({ code: "c" });
  const people = admin.collection("people");
  const ada = await people.create({ ...account("ada"), role: "member", team: team.id, secret_note: "x", face: file("face.txt") });
  const ben = await people.create({ ...account("ben"), role: "admin", boss: ada.id });
  const cyn = await people.create({ ...account("cyn"), emailVisibility: true, verified: true });
  const full = await admin.collection("every").create({
    words: "one", page: "<p>x</p>", n: 1.5, done: true, mail: "a@example.com", link: "https://example.com",
    at: new Date("2026-01-31T10:00:00Z"), data: { a: [1, null] }, kind: 'it\'s "c"\\', kinds: ["a", "b"],
    doc: file("doc.txt"), docs: [file("d1.txt"), file("d2.txt")], owner: ada.id, marks: [tag.id, other.id],
    pin: "12345678", kept: "k", kept_json: { b: 1 }, config: { theme: "dark", sizes: [1, 2.5] },
  });
  const empty = await admin.collection("every").create({});
  const posts = admin.collection("posts");
  const required = { status: "draft", author: ada.id, readers: [ada.id], locked: code.id, team: team.id } as const;
  const post = await posts.create({
    ...required, title: "first", body: "<b>long</b> text", meta: { a: 1 }, status: "published", n: 3, cover: file("c.txt"),
    topics: ["x", "y"], tags: [tag.id, other.id], readers: [ada.id, ben.id],
  });
  await posts.update(post.id, { parent: post.id });
  const bare = await posts.create({ ...required, title: "second", author: ben.id });
  await people.update(ada.id, { boss: ben.id });
  await admin.collection("tags").create({ name: post.id });
  for (const author of [ada.id, ben.id]) await admin.collection("comments").create({ body: "hm", post: post.id, author });
  const profiles = admin.collection("profiles");
  await profiles.create({ user: ada.id, post: post.id, slot: "1", tag: [tag.id], mate: ben.id });
  await profiles.create({ user: ben.id, post: post.id, slot: "2" });
  await admin.collection("letters").create({ text: "dear", team: team.id });
  if (since(start, 0, 27)) {
    await admin.collection("places").create({ spot: { lon: 1.5, lat: -2 }, must: { lon: 0, lat: 1 } });
    await admin.collection("places").create({ must: { lon: 1, lat: 0 } });
  }
  const world: World = {
    ...start, admin, guest: client(start), ada: await signedIn(start, "ada"), ben: await signedIn(start, "ben"),
    ids: {
      ada: ada.id, ben: ben.id, cyn: cyn.id, team: team.id, tag: tag.id, code: code.id,
      full: full.id, empty: empty.id, post: post.id, bare: bare.id,
    },
  };
  await counted(world);
  return world;
}

interface RawCollection {
  name: string;
  fields: { name: string; hidden: boolean }[];
}
const TABLES = ["teams", "tags", "vault", "people", "every", "needs", "posts", "comments", "profiles", "letters", "keyed", "_superusers"] as const;

/** Reads which records there are, and settles what was said of ids. */
export async function counted(world: World): Promise<void> {
  for (const name of TABLES) {
    const found = await world.admin.collection(name).getFullList({ fields: "id" });
    learn(name, found.map((record: { id: string }) => record.id));
  }
  if (since(world, 0, 27)) learn("places", (await world.admin.collection("places").getFullList({ fields: "id" })).map((one) => one.id));
  settled();
}

/** Everyone who reads, and what they are called. */
export function readers(world: World): { pb: TypedPocketBase; reader: Reader; name: string }[] {
  return [
    { pb: world.guest, reader: "other", name: "guest" },
    { pb: world.ada, reader: "other", name: "ada" },
    { pb: world.ben, reader: "other", name: "ben" },
    { pb: world.admin as unknown as TypedPocketBase, reader: "superuser", name: "superuser" },
  ];
}

/** Whether the server takes it: a 400 is its word for no. */
export async function taken(request: () => Promise<unknown>): Promise<string | null> {
  try {
    await request();
    return null;
  } catch (error) {
    const { status, response } = error as { status?: number; response?: unknown };
    if (status === undefined || status === 0 || status >= 500) throw error;
    return JSON.stringify(response).slice(0, 300);
  }
}
export type { CollectionName, RecordOf };
