// Code as people write it against the typed client: what must compile, and what must not.
import { createClient } from "./api-client.js";
import type { ListOptions, TypedPocketBase } from "./api-client.js";
import { posts_status } from "./types.js";
import type { AuthCollection, CollectionName, CreateOf, Expanded, Id, PostsRecord, RecordOf, UsersRecord, WritableCollection } from "./types.js";

declare module "./types.js" {
  interface JsonOverrides {
    "posts.meta": { readingTime: number } | null;
  }
}

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<_T extends true>(): void {}
type Fits<A, B> = A extends B ? true : false;

const pb: TypedPocketBase = createClient("http://127.0.0.1:8090");
declare const file: File;
declare const unknownString: string;

// Collections
// @ts-expect-error there is no such collection
pb.collection("nope");
same<Same<AuthCollection, "users" | "_superusers">>();
same<Same<WritableCollection, "users" | "_superusers" | "posts" | "categories" | "tags" | "comments" | "profiles" | "accounts" | "ledger">>();

// Records
const post = await pb.collection("posts").getOne("id");
same<Same<typeof post.status, "draft" | "published" | "archived">>();
same<Same<typeof post.meta, { readingTime: number } | null>>();
same<Same<RecordOf<"users">["settings"], { theme: "light" | "dark"; digest?: boolean } | null>>();
export const latitude: number = post.place.lat;
// @ts-expect-error nothing was expanded
post.expand;
// @ts-expect-error secrets are no part of a record
(await pb.collection("users").getOne("id")).tokenKey;

// expand: the required and visible is there, the optional may be, and there may be several that point back
const full = await pb.collection("posts").getOne("id", { expand: "author,category.parent,comments_via_post.author" });
export const author: string = full.expand.author.name;
export const parent: string | undefined = full.expand.category?.expand.parent?.name;
export const writers: string[] = (full.expand.comments_via_post ?? []).map((comment) => comment.expand.author.name);
// @ts-expect-error tags were not expanded
full.expand.tags;
// @ts-expect-error optional
full.expand.category.name;
// @ts-expect-error 'autor' is not a relation of 'posts'
await pb.collection("posts").getOne("id", { expand: "autor" });
// @ts-expect-error 'nope' is not a relation of 'users'
await pb.collection("posts").getList(1, 20, { expand: "author,comments_via_post.author.nope" });
// @ts-expect-error a field that is no relation
await pb.collection("posts").getList(1, 20, { expand: "title" });
await pb.collection("posts").getOne("id", { expand: " author , tags " });
await pb.collection("posts").getOne("id", { expand: "" });
const deep = await pb.collection("categories").getOne("id", { expand: "parent.parent.parent.parent.parent.parent" });
export const grand: string | undefined = deep.expand.parent?.expand.parent?.expand.parent?.name;
// @ts-expect-error deeper than the server goes
await pb.collection("categories").getOne("id", { expand: "parent.parent.parent.parent.parent.parent.parent" });

// One that points back is single where a unique index makes it so
const user = await pb.collection("users").getOne("id", { expand: "profiles_via_user,posts_via_author" });
export const bio: string | undefined = user.expand.profiles_via_user?.bio;
export const titles: string[] = user.expand.posts_via_author?.map((found) => found.title) ?? [];
// Required, and still it can be missing: not everyone who reads a profile may view its account
const profile = await pb.collection("profiles").getOne("id", { expand: "account" });
// @ts-expect-error guests do not see accounts
profile.expand.account.id;
export const account: string | undefined = profile.expand.account?.id;
// What only superusers view leaves no trace for others
const booked = await pb.collection("profiles").getOne("id", { expand: "entry" });
// @ts-expect-error there may be no expand
booked.expand.entry;
export const entry: string | undefined = booked.expand?.entry?.entry;
export const holder: string = (await pb.collection("profiles").getOne("id", { expand: "user,entry" })).expand.user.name;

// One of several strings, and a string that is not known
async function either(what: "author" | "tags") {
  const found = await pb.collection("posts").getOne("id", { expand: what });
  // @ts-expect-error it may be the other one
  found.expand.author;
  return "author" in found.expand ? found.expand.author.name : found.expand.tags?.length;
}
void either;
const loose = await pb.collection("posts").getOne("id", { expand: unknownString });
export const something: unknown = loose.expand?.["author"];
const options: ListOptions<"posts"> = { sort: unknownString, filter: "title = 'a'" };
await pb.collection("posts").getFullList(options);

// fields
const slim = await pb.collection("posts").getFullList({ fields: "id, title,content:excerpt(20,true)" });
same<Same<keyof (typeof slim)[number], "id" | "title" | "content">>();
// @ts-expect-error 'titel' is not a field of 'posts'
await pb.collection("posts").getFullList({ fields: "id,titel" });
// @ts-expect-error 'title' has no parts
await pb.collection("posts").getFullList({ fields: "title.x" });
const part = await pb.collection("posts").getOne("id", { fields: "id,place.lat" });
same<Same<keyof typeof part, "id" | "place">>();
// @ts-expect-error expand is a field like the others
(await pb.collection("posts").getOne("id", { expand: "author", fields: "id" })).expand;
export const all: string = (await pb.collection("posts").getOne("id", { expand: "author", fields: "*" })).expand.author.name;
const picked = await pb.collection("posts").getOne("id", {
  expand: "author,comments_via_post.author",
  fields: "id,expand.author.name,expand.comments_via_post.body,expand.comments_via_post.expand.author.*",
});
same<Same<keyof typeof picked, "id" | "expand">>();
same<Same<keyof typeof picked.expand.author, "name">>();
export const body: string | undefined = picked.expand.comments_via_post?.[0]?.body;
export const role: string | undefined = picked.expand.comments_via_post?.[0]?.expand.author.role;
// @ts-expect-error not picked
picked.expand.comments_via_post?.[0]?.id;
// @ts-expect-error 'author' is not expanded
await pb.collection("posts").getOne("id", { fields: "id,expand.author.name" });
// @ts-expect-error 'nam' is not a field of 'users'
await pb.collection("posts").getOne("id", { expand: "author", fields: "id,expand.author.nam" });
const some = await pb.collection("posts").getOne("id", { fields: unknownString });
export const perhaps: string | undefined = some.title;

// sort
await pb.collection("posts").getFullList({ sort: "-created, +author.name,meta.a.b,place.lon,tags:length,comments_via_post.created" });
await pb.collection("posts").getFullList({ sort: "title,slug,status,views,featured,created,updated,id" });
await pb.collection("posts").getFullList({ sort: "@random" });
await pb.collection("posts").getFullList({ sort: "author.name:lower" });
// @ts-expect-error cannot sort 'posts' by 'author:lower.name'
await pb.collection("posts").getFullList({ sort: "author:lower.name" });
await pb.collection("posts").getFullList({ sort: "-@rowid" });
// @ts-expect-error cannot sort 'posts' by 'craeted'
await pb.collection("posts").getFullList({ sort: "-craeted" });
// @ts-expect-error cannot sort 'posts' by 'author.nam'
await pb.collection("posts").getFullList({ sort: "author.nam" });
// @ts-expect-error the server knows no such column
await pb.collection("posts").getFullList({ sort: "collectionName" });
// @ts-expect-error a view has no row ids
await pb.collection("post_stats").getFullList({ sort: "@rowid" });

// Other options
await pb.collection("posts").getList(1, 5, { skipTotal: true, requestKey: null, headers: { a: "b" }, query: { x: 1 } });
// @ts-expect-error 'expnad' is not an option
await pb.collection("posts").getFullList({ sort: "title", expnad: "author" });
// @ts-expect-error a single record has no order
await pb.collection("posts").getOne("id", { sort: "title" });
await pb.collection("posts").getFirstListItem(pb.filter("slug = {:slug}", { slug: "a" }), { sort: "-created", expand: "author" });

// Payloads
await pb.collection("posts").create({ title: "a", slug: "a", status: "draft", author: post.author, cover: file, gallery: [file] });
// @ts-expect-error 'slug' is required
await pb.collection("posts").create({ title: "a", status: "draft", author: post.author });
// @ts-expect-error there is no such field
await pb.collection("posts").create({ title: "a", slug: "a", status: "draft", author: post.author, titel: 1 });
// @ts-expect-error not one of the values
await pb.collection("posts").update("id", { status: "bogus" });
await pb.collection("posts").update("id", { "views+": 1, "tags+": ["t1"], "gallery-": post.gallery[0] ?? "", cover: "" });
await pb.collection("posts").create(new FormData());
// @ts-expect-error an account needs a password
await pb.collection("users").create({ email: "a@b.c", role: "admin" });
await pb.collection("users").update("id", { oldPassword: "x", password: "y", passwordConfirm: "y" });
const made = await pb.collection("comments").create({ body: "a", author: post.author, post: post.id }, { expand: "post" });
export const back: string = made.expand.post.title;

// Ids know their collection, and plain strings fit
export const userId: Id<"users"> = post.author;
export const plainId: Id<"users"> = "abc123";
// @ts-expect-error the id of a post is not that of a user
export const wrong: Id<"users"> = post.id;
// @ts-expect-error nor is it here
await pb.collection("users").getOne(post.id);
await pb.collection("post_stats").getOne(post.id);

// Views are read, only accounts sign in
// @ts-expect-error nothing to write to
pb.collection("post_stats").create;
// @ts-expect-error nobody signs in with posts
pb.collection("posts").authWithPassword;
const auth = await pb.collection("users").authWithPassword("a", "b", { expand: "posts_via_author" });
export const mine: string[] = auth.record.expand.posts_via_author?.map((found) => found.title) ?? [];
export const address: string = auth.record.email;
// @ts-expect-error they would take the token out of the answer
await pb.collection("users").authWithPassword("a", "b", { fields: "id" });
await pb.collection("users").authWithOAuth2({ provider: "google", createData: { name: "x" } });
// @ts-expect-error there is no such field
await pb.collection("users").authWithOAuth2({ provider: "google", createData: { nmae: "x" } });
const other = await pb.collection("users").impersonate("id", 60);
export const acting: string | undefined = other.authStore.record?.role;

// The auth store
export const ours: "admin" | "editor" | "viewer" | undefined = pb.authStore.record?.role;
pb.authStore.onChange((_token, record) => record?.name.length);
export const expanded: unknown = pb.authStore.record?.expand?.["posts_via_author"];
// @ts-expect-error there is no such field
pb.authStore.record?.nope;
const asSuperuser = createClient<"_superusers">();
await asSuperuser.collection("_superusers").authWithPassword("a", "b");
same<Same<NonNullable<typeof asSuperuser.authStore.record>["collectionName"], "_superusers">>();

// Realtime
const stop = await pb.collection("comments").subscribe(
  "*",
  (event) => {
    same<Same<typeof event.action, "create" | "update" | "delete">>();
    const name: string = event.record.expand.author.name;
    return name;
  },
  { expand: "author", filter: pb.filter("post = {:post}", { post: post.id }) },
);
await stop();
await pb.collection("comments").subscribe("*", (event) => {
  // @ts-expect-error it may have been deleted with its post, which is gone then
  event.record.expand.post.title;
  return event.action === "delete" ? event.record.expand.post?.title : event.record.expand.post.title;
}, { expand: "post" });

// Filters
pb.filter("title ~ {:q} && created > {:since}", { q: "x", since: new Date() });
pb.filter("title = 'a'");
pb.filter(unknownString, { q: 1 });
// @ts-expect-error 'since' is missing
pb.filter("title ~ {:q} && created > {:since}", { q: "x" });
// @ts-expect-error there is no such placeholder
pb.filter("title ~ {:q}", { q: "x", since: 1 });

// Batches
const batch = pb.createBatch();
batch.collection("tags").create({ name: "t" });
batch.collection("tags").upsert({ id: "abc", name: "t" });
// @ts-expect-error no id, nothing to look for
batch.collection("tags").upsert({ name: "t" });
// @ts-expect-error there is no such field
batch.collection("tags").create({ nam: "t" });
// @ts-expect-error a view is not written to
batch.collection("post_stats");
export const statuses: number[] = (await batch.send()).map((answer) => answer.status);

// Types to name things by
const card = (shown: Expanded<"posts", "author,tags">): string =>
  `${shown.title} by ${shown.expand.author.name} ${shown.expand.tags?.map((tag) => tag.name).join()}`;
card(await pb.collection("posts").getOne("id", { expand: "author,tags" }));
export const record: PostsRecord = full;
export const who: UsersRecord = full.expand.author;
same<Fits<typeof posts_status[number], CreateOf<"posts">["status"]>>();
export const link: string = pb.files.getURL(post, post.cover, { thumb: "100x100" });

// Over several collections
export async function names(collection: "tags" | "categories"): Promise<string[]> {
  return (await pb.collection(collection).getFullList()).map((found) => found.name);
}
export async function every<C extends CollectionName>(collection: C, how: ListOptions<C>): Promise<RecordOf<C>[]> {
  return pb.collection(collection).getFullList(how);
}
export async function make<C extends WritableCollection>(collection: C, body: CreateOf<C>): Promise<RecordOf<C>> {
  return pb.collection(collection).create(body);
}
export const tagName: string = (await make("tags", { name: "a" })).name;
// @ts-expect-error a view is not written to
void make("post_stats", {});

// Strings that are known in part are not checked, and what they return is not promised
const partly = await pb.collection("posts").getList(1, 20, { sort: `-created,${unknownString}`, expand: `author,${unknownString}` });
export const shown: unknown = partly.items[0]?.expand?.["author"];
await pb.collection("posts").getList(1, 20, { fields: `id,${unknownString}`, sort: Math.random() > 0.5 ? "title" : "-title" });

// Options that may be left out: what they return may be either
declare const maybe: boolean;
declare const search: string | undefined;
await pb.collection("posts").getFullList({ filter: search, sort: search, expand: search, fields: search, batch: undefined, signal: undefined });
const sometimes = await pb.collection("posts").getOne("id", { expand: maybe ? "author" : "" });
// @ts-expect-error it may not be expanded
sometimes.expand;
const asked = await pb.collection("posts").getOne("id", { expand: maybe ? "author" : undefined });
export const asker: string | undefined = "expand" in asked ? asked.expand.author.name : undefined;
const narrow = await pb.collection("posts").getOne("id", { fields: maybe ? "id" : undefined });
// @ts-expect-error it may be left out
narrow.title;
export const heading: string | undefined = "title" in narrow ? narrow.title : undefined;
export const whole: string = (await pb.collection("posts").getOne("id", { expand: "author", fields: undefined })).expand.author.name;
// @ts-expect-error 'autor' is not a relation of 'posts'
await pb.collection("posts").getOne("id", { expand: maybe ? "autor" : undefined });
// @ts-expect-error 'titel' is not a field of 'posts'
await pb.collection("posts").getOne("id", { fields: maybe ? "titel" : undefined });
// @ts-expect-error cannot sort 'posts' by 'craeted'
await pb.collection("posts").getFullList({ sort: maybe ? "craeted" : undefined });
