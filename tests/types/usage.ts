// Code as people write it against `blog.ts`: what must compile, and what must not.
import { posts_status, users_role } from "./blog.js";
import type {
  CollectionName, CreateOf, DateTime, GeoPoint, Id, PlainRecord, PostsRecord, PostsStatus, PostsTopics, RecordOf,
  UpdateOf, UsersSettings,
} from "./blog.js";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<_T extends true>(): void {}

declare const post: PostsRecord;
declare const user: RecordOf<"users">;
declare const stats: RecordOf<"post_stats">;
declare const plain: PlainRecord;
declare const file: File;

// Names
same<Same<CollectionName, "posts" | "users" | "post_stats" | "plain" | "_superusers">>();
// @ts-expect-error there is no such collection
export type Nope = RecordOf<"nope">;

// Select values: the array at run time, its values as a union
same<Same<PostsStatus, "draft" | "published" | "it's \"over\"">>();
export const choices: readonly PostsStatus[] = posts_status;
export const first: "draft" = posts_status[0];
export const roles: string[] = users_role.map((role) => role.toUpperCase());
// @ts-expect-error the array cannot be changed
posts_status.push("draft");

// What is read
same<Same<PostsRecord["status"], PostsStatus>>();
same<Same<PostsRecord["topics"], PostsTopics[]>>();
same<Same<PostsRecord["author"], Id<"users">>>();
same<Same<PostsRecord["parent"], Id<"posts"> | "">>();
same<Same<PostsRecord["gallery"], string[]>>();
same<Same<PostsRecord["place"], GeoPoint>>();
same<Same<PostsRecord["meta"], unknown>>();
same<Same<PostsRecord["layout"], { [key: string]: number[] }>>();
same<Same<PostsRecord["terms"], boolean>>();
same<Same<PostsRecord["pin"], "">>();
same<Same<PostsRecord["collectionName"], "posts">>();
same<Same<RecordOf<"users">["settings"], UsersSettings | null>>();
same<Same<RecordOf<"users">["email"], string | undefined>>();
export const created: DateTime = post.created;
export const theme: "light" | "dark" | undefined = user.settings?.theme;
export const kinds: ("mail" | "push")[] = user.settings?.channels?.map((channel) => channel.kind) ?? [];
// @ts-expect-error an address can be missing
export const address: string = user.email;
// @ts-expect-error secrets are never read
user.password;
// @ts-expect-error secrets are never read
user.tokenKey;
// @ts-expect-error hidden fields are not read
post.notes;
// @ts-expect-error nobody says what is in it
post.meta.anything;
// @ts-expect-error a list may be shorter
export const topic: PostsTopics = post.topics[0];

// Ids
export const plainText: Id<"users"> = "abc";
export const author: Id<"users"> = post.author;
// @ts-expect-error the id of a post is not that of a user
export const wrong: Id<"users"> = post.id;
// @ts-expect-error no such collection
export type NoId = Id<"nope">;

// What is sent to make a record
const needed = {
  title: "a", slug: "a", status: "draft", author: user.id, rank: 1, terms: true, layout: { a: [1] },
} satisfies CreateOf<"posts">;
export const full: CreateOf<"posts"> = {
  ...needed, id: "a", code: "abc", parent: "", cover: file, gallery: [file, new Blob()], topics: ["news"],
  editors: [user.id], price: 2, featured: false, goes_live: new Date(), place: { lon: 1, lat: 2 }, meta: [1],
  pin: "1234", notes: "for superusers",
};
export const constant: CreateOf<"posts"> = { ...needed, topics: ["news", "code"] as const };
// @ts-expect-error a title is required
export const untitled: CreateOf<"posts"> = { slug: "a", status: "draft", author: "u", rank: 1, terms: true, layout: {} };
// @ts-expect-error required means true
export const unagreed: CreateOf<"posts"> = { ...needed, terms: false };
// @ts-expect-error not one of the values
export const bogus: CreateOf<"posts"> = { ...needed, status: "bogus" };
// @ts-expect-error a required select cannot be empty
export const empty: CreateOf<"posts"> = { ...needed, status: "" };
// @ts-expect-error the server sets it
export const dated: CreateOf<"posts"> = { ...needed, created: "2024-01-01" };
// @ts-expect-error no such field
export const typo: CreateOf<"posts"> = { ...needed, titel: "a" };
// @ts-expect-error a path is no file
export const path: CreateOf<"posts"> = { ...needed, cover: "a.png" };
// @ts-expect-error the id of a post
export const misled: CreateOf<"posts"> = { ...needed, author: post.id };
// @ts-expect-error left out, not undefined
export const undef: CreateOf<"posts"> = { ...needed, price: undefined };

export const signUp: CreateOf<"users"> = { email: "a@b.c", password: "12345678", passwordConfirm: "12345678", role: "admin" };
// @ts-expect-error an account needs a password
export const open: CreateOf<"users"> = { email: "a@b.c", role: "admin" };
// @ts-expect-error an account needs an address
export const nameless: CreateOf<"users"> = { password: "12345678", passwordConfirm: "12345678", role: "admin" };
export const prefers: CreateOf<"users">["settings"] = { theme: "light", channels: [{ kind: "push" }], nickname: null };
// @ts-expect-error not a theme
export const dim: CreateOf<"users">["settings"] = { theme: "dim" };

// What is sent to change one
export const edit: UpdateOf<"posts"> = {
  title: "b", "rank+": 1, "price-": 0.5, "topics+": "code", "+topics": ["life"], "topics-": post.topics,
  "editors+": [user.id], "gallery+": file, "+gallery": [file], "gallery-": post.gallery, cover: "",
};
export const kept: UpdateOf<"posts"> = { gallery: [...post.gallery, file] };
export const changed: UpdateOf<"users"> = { oldPassword: "a", password: "b", passwordConfirm: "b" };
// @ts-expect-error an id never changes
export const moved: UpdateOf<"posts"> = { id: "b" };
// @ts-expect-error not one of the values
export const added: UpdateOf<"posts"> = { "topics+": "sports" };
// @ts-expect-error nothing to add to a text
export const longer: UpdateOf<"posts"> = { "title+": "b" };
// @ts-expect-error numbers have nothing in front
export const front: UpdateOf<"posts"> = { "+rank": 1 };
// @ts-expect-error files are removed by name
export const removed: UpdateOf<"posts"> = { "gallery-": file };
// @ts-expect-error only at sign-up and in a change
export const secret: UpdateOf<"posts"> = { password: "b" };

// Views
export const count: number = stats.posts;
same<Same<RecordOf<"post_stats">["id"], string>>();
same<Same<RecordOf<"post_stats">["best"], unknown>>();
same<Same<CreateOf<"post_stats">, never>>();
same<Same<UpdateOf<"post_stats">, never>>();
same<Same<typeof plain.id, string>>();
same<Same<(typeof plain)["whatever"], unknown>>();

// Over all collections
export function link<C extends CollectionName>(record: RecordOf<C>): string {
  return `/${record.collectionName}/${record.id}`;
}
