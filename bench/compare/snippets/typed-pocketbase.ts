import { TypedPocketBase, eq, gt, type ResolveSelectWithExpand } from "typed-pocketbase";
import type {
  AuthorStatsResponse, CommentsCreate, PostStatsResponse, PostsCreate, PostsResponse, PostsUpdate, Schema, TagsCreate, UsersCreate, UsersResponse,
  UsersUpdate,
} from "./types";

export { eq };
export { gt };
export const pb = new TypedPocketBase<Schema>("http://127.0.0.1:8090");
export type PostRecord = PostsResponse;
export type PostCreate = PostsCreate;
export type PostUpdate = PostsUpdate;
export type UserRecord = UsersResponse;
export type UserCreate = UsersCreate;
export type UserUpdate = UsersUpdate;
export type CommentCreate = CommentsCreate;
export type TagCreate = TagsCreate;
export type PostWithAuthor = ResolveSelectWithExpand<Schema["posts"], { id: true; expand: { author: true } }>;
export type AuthorRecord = AuthorStatsResponse;
export type StatsRecord = PostStatsResponse;

//# hidden/hidden field -- PocketBase 0.22 has none
//# point/read -- PocketBase 0.22 has none
//# set/pattern -- PocketBase 0.22 has none
//# batch/payload -- PocketBase 0.22 has none
//# batch/collection -- PocketBase 0.22 has none
//# system/superusers -- PocketBase 0.22 has admins

//# readonly/create
await pb.from("tags").create({ name: "a", code: "b" });
// @ts-expect-error
await pb.from("post_stats").create({ id: "a" });

//# required/client
await pb.from("posts").create({ title: "abc", slug: "abc", status: "draft", author: "id" });
// @ts-expect-error
await pb.from("posts").create({ title: "abc", status: "draft", author: "id" });

//# unknown/client
await pb.from("posts").update("id", { title: "abc" });
// @ts-expect-error
await pb.from("posts").update("id", { title: "abc", titel: "abc" });

//# option/client
await pb.from("posts").update("id", { status: "draft" });
// @ts-expect-error
await pb.from("posts").update("id", { status: "bogus" });

//# upload/emptied
const right: PostUpdate = { cover: null };
// @ts-expect-error
const wrong: PostUpdate = { cover: 1 };

//# collection/name
pb.from("posts");
// @ts-expect-error
pb.from("postz");

//# expand/single
const record = await pb.from("posts").getOne("id", { select: { expand: { author: true } } });
const author = record.expand?.author;
is<Eq<NonNullable<typeof author>["name"], string>>();

//# expand/nested
const record = await pb.from("posts").getOne("id", { select: { expand: { category: { expand: { parent: true } } } } });
const parent = record.expand?.category?.expand?.parent;
is<Eq<NonNullable<typeof parent>["name"], string>>();

//# expand/back-relation
const record = await pb.from("posts").getOne("id", { select: { expand: { "comments(post)": { expand: { author: true } } } } });
const comment = record.expand?.["comments(post)"]?.[0];
is<Eq<NonNullable<typeof comment>["body"], string>>();
const by = comment?.expand?.author;
is<Eq<NonNullable<typeof by>["name"], string>>();

//# expand/unique back-relation
const record = await pb.from("users").getOne("id", { select: { expand: { "profiles(user)": true } } });
const profile = record.expand?.["profiles(user)"];
is<Eq<NonNullable<typeof profile>["bio"], string>>();

//# expand/wrong name
await pb.from("posts").getOne("id", { select: { expand: { author: true } } });
// @ts-expect-error
await pb.from("posts").getOne("id", { select: { expand: { autor: true } } });

//# expand/not expanded
const record = await pb.from("posts").getOne("id", { select: { expand: { author: true } } });
record.expand?.author;
// @ts-expect-error
record.expand?.category;

//# sure/required
const record = await pb.from("posts").getOne("id", { select: { expand: { author: true } } });
const author = record.expand.author;
is<Eq<typeof author.name, string>>();

//# fields/picked
const [slim] = await pb.from("posts").getFullList({ select: { id: true, title: true } });
is<Eq<keyof NonNullable<typeof slim>, "id" | "title">>();

//# fields/wrong name
await pb.from("posts").getFullList({ select: { id: true, title: true } });
// @ts-expect-error
await pb.from("posts").getFullList({ select: { id: true, titel: true } });

//# sort/field
await pb.from("posts").getFullList({ sort: "-title" });
// @ts-expect-error
await pb.from("posts").getFullList({ sort: "-titel" });

//# sort/through a relation
await pb.from("posts").getFullList({ sort: "+author.name" });
// @ts-expect-error
await pb.from("posts").getFullList({ sort: "+author.nam" });

//# filter/name
await pb.from("posts").getFullList({ filter: eq("title", "x") });
// @ts-expect-error
await pb.from("posts").getFullList({ filter: eq("titel", "x") });

//# filter/value
await pb.from("posts").getFullList({ filter: gt("views", 3) });
// @ts-expect-error
await pb.from("posts").getFullList({ filter: gt("views", "x") });

//# realtime/record
await pb.from("comments").subscribe("*", (event) => {
  is<Eq<typeof event.record.body, string>>();
});

//# realtime/action
await pb.from("comments").subscribe("*", (event) => {
  is<Eq<typeof event.action, "create" | "update" | "delete">>();
});

//# realtime/expanded
await pb.from("comments").subscribe("*", (event) => {
  const author = event.record.expand?.author;
  is<Eq<NonNullable<typeof author>["name"], string>>();
}, { select: { expand: { author: true } } });

//# auth/answer
const answer = await pb.from("users").authWithPassword("a", "b");
is<Eq<typeof answer.record.name, string>>();

//# auth/accounts only
await pb.from("users").authWithPassword("a", "b");
// @ts-expect-error
await pb.from("posts").authWithPassword("a", "b");

//# auth/store
const account = pb.authStore.model;
is<Eq<NonNullable<typeof account>["name"], string>>();
