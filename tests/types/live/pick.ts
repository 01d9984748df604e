// What `fields`, `sort` and `filter` do, against what the types say of them.
import { equal, fits, problem, verdicts } from "./check.js";
import type { CheckFields, CheckSort, FilterValue } from "./types.js";
import { readers, since, taken } from "./world.js";
import type { World } from "./world.js";

const FIELDS = [
  "id", "title", "*", "meta", "meta.a", "tags", "tags.x", "title.x", "title:excerpt(3)", "title:excerpt(3,true)", "body:excerpt(4,true)",
  "collectionName", "collectionId", "author", "locked", "expand", "expand.*", "expand.author", "expand.author.*",
  "expand.author.nick", "expand.author.nope", "expand.tags.name", "expand.team.name", "nope", "Title", "n", "cover",
  "expand.author.expand.team.name", "expand.author.expand.team", "expand.author.expand.boss.nick", "author.nick", "title,nope", " title ",
] as const;
const EXPANDED = "author.team,tags";
type Fields = { [F in (typeof FIELDS)[number]]: CheckFields<"posts", F, typeof EXPANDED> };

const SORTS = [
  "title", "-title", "+title", "title,-n", " title , n ", "meta", "meta.a", "meta.a.b", "meta.0", "tags", "tags.name", "tags:length",
  "author.nick", "author.team.name", "author.boss.nick", "parent.parent.title", "comments_via_post.body", "comments_via_post.author.nick",
  "team.name", "author.email", "id", "collectionName", "collectionId", "@random", "@rowid", "-@rowid", "created",
  "nope", "author.nope", "title.x", "cover", "topics", "topics:length", "Title", "author.role", "author.emailVisibility", "status",
  "posts_via_author.title", "readers.nick", "expand.author.nick", "author.id", "body", "author.posts_via_author.title", "author.",
  "@request.auth.id", "title:excerpt(3)", "profiles_via_post.slot", "author.secret_note", "author.tokenKey", "author.password", "",
] as const;
type Sorts = { [S in (typeof SORTS)[number]]: CheckSort<"posts", S> };
/** What only superusers view is for their requests; since 0.31 others are refused. */
const LOCKED_SORTS = ["locked.code", "locked.nope"] as const;
type LockedSorts = { [S in (typeof LOCKED_SORTS)[number]]: CheckSort<"posts", S> };
const VIEW_SORTS = ["id", "posts", "total", "last", "@rowid", "@random", "-mean", "nope"] as const;
type ViewSorts = { [S in (typeof VIEW_SORTS)[number]]: CheckSort<"counts", S> };
const EVERY_SORTS = ["words", "kept", "pin", "n", "done", "at", "made", "kinds", "docs", "doc", "data", "kept_json", "owner.kept"] as const;
type EverySorts = { [S in (typeof EVERY_SORTS)[number]]: CheckSort<"every", S> };
const PEOPLE_SORTS = ["email", "emailVisibility", "verified", "password", "tokenKey", "nick", "secret_note", "boss.email"] as const;
type PeopleSorts = { [S in (typeof PEOPLE_SORTS)[number]]: CheckSort<"people", S> };
const LOWER = ["title:lower", "-title:lower", "author.nick:lower", "meta.a:lower", "@random:lower", "nope:lower", "author:lower", "n:lower", "tags:lower", "meta:length", "title:length"] as const;
type Lower = { [S in (typeof LOWER)[number]]: CheckSort<"posts", S> };

export async function pick(world: World): Promise<void> {
  await fields(world);
  await sorts(world);
  await filters(world);
}

async function fields(world: World): Promise<void> {
  const { post, full } = world.ids;
  for (const [text, allowed] of verdicts<Fields>("fields of posts")) {
    const found = await world.admin.collection("posts").getOne(post, { expand: EXPANDED, fields: text as string });
    const given = text.replace(/:excerpt\(.*?\)/, "").split(",").every((one) => leads(found, one.trim().split(".")));
    if (given !== allowed) problem(`fields=${text} is ${allowed ? "" : "not "}allowed by the types: ${JSON.stringify(found)}`);
  }
  for (const { pb, reader } of readers(world)) {
    const posts = pb.collection("posts");
    fits("picked", await posts.getFullList({ fields: "id,title,collectionName" }), reader);
    fits("picked an excerpt", await posts.getFullList({ fields: "id, title:excerpt(2,true),body:excerpt(5)" }), reader);
    fits("picked all", await posts.getFullList({ fields: "*", expand: "author,tags,locked" }), reader);
    fits("picked all and more", await posts.getFullList({ fields: "*,expand.author.nick", expand: "author,tags" }), reader);
    fits("picked nothing", await posts.getFullList({ fields: "" }), reader);
    fits("picked no expand", await posts.getFullList({ fields: "id", expand: "author" }), reader);
    fits("picked expand", await posts.getFullList({ fields: "expand", expand: "author,locked,parent" }), reader);
    fits("picked all of expand", await posts.getFullList({ fields: "id,expand.*", expand: "author.team,locked" }), reader);
    fits("picked one of expand", await posts.getFullList({ fields: "id,expand.author", expand: "author.team,tags" }), reader);
    fits("picked what may be missing", await posts.getFullList({ fields: "id,expand.locked.code,expand.parent.title", expand: "locked,parent,author" }), reader);
    fits("picked in several", await posts.getFullList({ fields: "id,expand.readers.nick,expand.comments_via_post.expand.author.nick", expand: "readers,comments_via_post.author" }), reader);
    fits("picked deep", await posts.getFullList({ fields: "title,expand.author.id,expand.author.expand.team.name", expand: "author.team" }), reader);
    fits("picked all deep", await posts.getFullList({ fields: "expand.author.*", expand: "author.team,author.profiles_via_user" }), reader);
    fits("picked all below", await posts.getFullList({ fields: "expand.author.expand.*", expand: "author.team,author.profiles_via_user" }), reader);
    fits("picked a part", await posts.getFullList({ fields: "id,meta.a" }), reader);
    fits("picked of a view", await pb.collection("columns").getFullList({ fields: "id,word,topics,expand.author.nick", expand: "author" }), reader);
    fits("picked of an account", await pb.collection("people").getFullList({ fields: "id,email,nick" }), reader);
    const text: string = "id,title";
    fits("picked what is not known", await posts.getFullList({ fields: text }), reader);
    fits("excerpts of others", await pb.collection("every").getOne(full, { fields: "page:excerpt(2),words:excerpt(2)" }), reader);
    if (since(world, 0, 27)) fits("picked a place", await pb.collection("places").getFullList({ fields: "id,spot.lat,must" }), reader);
  }
}

/** Whether something is at the end of the path, in every way that it can be meant. */
function leads(value: unknown, path: readonly string[]): boolean {
  const [key, ...rest] = path;
  if (key === undefined) return true;
  if (Array.isArray(value)) return value.length > 0 && value.every((one) => leads(one, path));
  if (typeof value !== "object" || value === null) return false;
  const found = value as { [key: string]: unknown };
  return key === "*" ? Object.keys(found).length > 0 : key in found && leads(found[key], rest);
}

async function sorts(world: World): Promise<void> {
  const { guest } = world;
  const check = async (name: string, text: string, allowed: boolean, request: () => Promise<unknown>): Promise<void> => {
    const refused = await taken(request);
    if ((refused === null) !== allowed) problem(`sort=${text} of ${name} is ${allowed ? "" : "not "}allowed by the types: ${refused ?? "taken"}`);
  };
  for (const [text, allowed] of verdicts<Sorts>("sorts of posts"))
    await check("posts", text, allowed, () => guest.collection("posts").getList(1, 1, { sort: text as string }));
  for (const [text, allowed] of verdicts<LockedSorts>("sorts for superusers"))
    await check("posts", text, allowed, () => world.admin.collection("posts").getList(1, 1, { sort: text as string }));
  for (const [text, allowed] of verdicts<ViewSorts>("sorts of a view"))
    await check("counts", text, allowed, () => guest.collection("counts").getList(1, 1, { sort: text as string }));
  for (const [text, allowed] of verdicts<EverySorts>("sorts of every"))
    await check("every", text, allowed, () => guest.collection("every").getList(1, 1, { sort: text as string }));
  for (const [text, allowed] of verdicts<PeopleSorts>("sorts of people"))
    await check("people", text, allowed, () => guest.collection("people").getList(1, 1, { sort: text as string }));
  const lower = since(world, 0, 24);
  for (const [text, allowed] of verdicts<Lower>("sorts with modifiers"))
    if (lower || !text.endsWith(":lower")) await check("posts", text, allowed, () => guest.collection("posts").getList(1, 1, { sort: text as string }));
}

const TEXTS = ["plain", "it's", 'say "hi"', "ünï 😀", "{:v}", "100%", "a' || 1=1 || 'b", 'a" || 1=1 || "b', "null", "true", "12", "", " "];
/** What the SDK of today writes with a backslash: older servers read the backslash as it stands. */
const ESCAPED = ["back\\slash", "\\", '\\\\"', "a\nb", "tab\there"];

async function filters(world: World): Promise<void> {
  const { guest, admin } = world;
  const every = admin.collection("every");
  const finds = async (what: string, filter: string, id: string): Promise<void> => {
    const found = await guest.collection("every").getFullList({ filter, fields: "id" });
    if (found.map((one) => one.id).join() !== id) problem(`${what} is not found by ${filter}`);
  };
  for (const text of [...TEXTS, ...(since(world, 0, 39) ? ESCAPED : [])]) {
    const made = await every.create({ words: text, page: "for the filter" });
    equal("a text comes back", made.words, text);
    await finds(`the text ${JSON.stringify(text)}`, guest.filter("words = {:v} && page = 'for the filter'", { v: text }), made.id);
    await every.delete(made.id);
  }
  if (since(world, 0, 39)) {
    const escape = guest.filter("words = {:a} && page = {:b}", { a: "\\", b: " || id != '' //" });
    equal("no value ends the quotes", (await guest.collection("every").getFullList({ filter: escape })).length, 0);
  }
  const at = new Date("2026-02-03T04:05:06.789Z");
  const made = await every.create({ n: -1.25, done: true, at, data: { deep: [1, "x"] }, words: "only" });
  const values: [string, FilterValue][] = [
    ["n = {:v}", -1.25], ["n > {:v}", -1.5], ["done = {:v}", true], ["at = {:v}", at], ["at >= {:v}", at], ["at = {:v}", made.at],
    ["kind = {:v}", null], ["data.deep = {:v}", [1, "x"]], ["data = {:v}", { deep: [1, "x"] }], ["id = {:v}", made.id],
  ];
  for (const [raw, v] of values) {
    await finds(JSON.stringify(v), guest.filter(`${raw} && words = 'only'` as "{:v}", { v }), made.id);
  }
  await every.delete(made.id);
}
