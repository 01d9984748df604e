import { PocketBaseTS } from "pocketbase-ts";

interface User {
  id: string;
  collectionId: string;
  collectionName: "users";
  email?: string;
  emailVisibility: boolean;
  verified: boolean;
  name: string;
  avatar: string;
  role: "admin" | "editor" | "viewer";
  settings: unknown;
  created: string;
  updated: string;
}
interface Category {
  id: string;
  collectionId: string;
  collectionName: "categories";
  name: string;
  parent: string;
}
interface Tag {
  id: string;
  collectionId: string;
  collectionName: "tags";
  name: string;
  code: string;
}
interface Post {
  id: string;
  collectionId: string;
  collectionName: "posts";
  title: string;
  slug: string;
  content: string;
  status: "draft" | "published" | "archived";
  mood: "calm" | "wild" | "";
  author: string;
  category: string;
  tags: string[];
  cover: string;
  gallery: string[];
  views: number;
  featured: boolean;
  meta: { reading: number } | null;
  published_at: string;
  created: string;
  updated: string;
}
interface Comment {
  id: string;
  collectionId: string;
  collectionName: "comments";
  body: string;
  author: string;
  post: string;
  created: string;
  updated: string;
}
interface Profile {
  id: string;
  collectionId: string;
  collectionName: "profiles";
  user: string;
  bio: string;
}
interface Stats {
  id: string;
  collectionId: string;
  collectionName: "post_stats";
  status: "draft" | "published" | "archived";
  author: string;
  comments: number;
}
type Schema = {
  users: { type: User; relations: { profiles_via_user?: Profile } };
  categories: { type: Category; relations: { parent?: Category } };
  tags: { type: Tag };
  posts: { type: Post; relations: { author: User; category?: Category; tags?: Tag[] } };
  comments: { type: Comment; relations: { author: User; post: Post } };
  profiles: { type: Profile; relations: { user: User } };
  post_stats: { type: Stats; relations: { author: User } };
};
export const pb = new PocketBaseTS<Schema>("http://127.0.0.1:8090");

//# select/single -- written by hand
//# select/several -- written by hand
//# values/list -- written by hand
//# point/read -- written by hand
//# date/written -- written by hand
//# empty/select -- written by hand
//# empty/relation -- written by hand
//# empty/date -- written by hand
//# always/values -- written by hand
//# always/autodates -- written by hand
//# files/one and many -- written by hand
//# hidden/hidden field -- written by hand
//# hidden/secrets of accounts -- written by hand
//# email/optional -- written by hand
//# json/not any -- written by hand
//# json/a type of one's own -- written by hand
//# view/columns -- written by hand
//# view/from the inner side of a join -- written by hand
//# view/from the outer side of a join, where "" stands for no row -- written by hand
//# ids/assigned -- written by hand
//# system/superusers -- written by hand
//# required/type -- written by hand
//# unknown/type -- written by hand
//# option/type -- written by hand
//# set/autodates are no part of it -- written by hand
//# set/pattern -- written by hand
//# upload/File -- written by hand
//# upload/Blob -- written by hand
//# upload/emptied -- written by hand
//# account/create -- written by hand
//# account/change of password -- written by hand
//# partial/nothing and one -- written by hand
//# modifiers/numbers -- written by hand
//# modifiers/lists -- written by hand
//# modifiers/files -- written by hand
//# named/type -- written by hand
//# names/list -- written by hand
//# mimes/list -- written by hand

//# expand/single
const record = await pb.collection("posts").getOne("id", { expand: [{ key: "author" }] });
const author = record.expand?.author;
is<Eq<NonNullable<typeof author>["role"], "admin" | "editor" | "viewer">>();

//# expand/nested
const record = await pb.collection("posts").getOne("id", { expand: [{ key: "category", expand: [{ key: "parent" }] }] });
const parent = record.expand?.category?.expand?.parent;
is<Eq<NonNullable<typeof parent>["name"], string>>();

//# expand/back-relation
const record = await pb.collection("posts").getOne("id", { expand: [{ key: "comments_via_post", expand: [{ key: "author" }] }] });
const comment = record.expand?.comments_via_post?.[0];
is<Eq<NonNullable<typeof comment>["body"], string>>();
const by = comment?.expand?.author;
is<Eq<NonNullable<typeof by>["name"], string>>();

//# expand/unique back-relation
const record = await pb.collection("users").getOne("id", { expand: [{ key: "profiles_via_user" }] });
const profile = record.expand?.profiles_via_user;
is<Eq<NonNullable<typeof profile>["bio"], string>>();

//# expand/wrong name
await pb.collection("posts").getOne("id", { expand: [{ key: "author" }] });
// @ts-expect-error
await pb.collection("posts").getOne("id", { expand: [{ key: "autor" }] });

//# expand/not expanded
const record = await pb.collection("posts").getOne("id", { expand: [{ key: "author" }] });
record.expand?.author;
// @ts-expect-error
record.expand?.category;

//# sure/required
const record = await pb.collection("posts").getOne("id", { expand: [{ key: "author" }] });
const author = record.expand.author;
is<Eq<typeof author.name, string>>();

//# fields/picked
const [slim] = await pb.collection("posts").getFullList({ fields: ["id", "title"] });
is<Eq<keyof NonNullable<typeof slim>, "id" | "title">>();

//# fields/wrong name
await pb.collection("posts").getFullList({ fields: ["id", "title"] });
// @ts-expect-error
await pb.collection("posts").getFullList({ fields: ["id", "titel"] });

//# sort/field
await pb.collection("posts").getFullList({ sort: ({ sortBy }) => sortBy("-title") });
// @ts-expect-error
await pb.collection("posts").getFullList({ sort: ({ sortBy }) => sortBy("-titel") });

//# sort/through a relation
await pb.collection("posts").getFullList({ sort: ({ sortBy }) => sortBy("author.name") });
// @ts-expect-error
await pb.collection("posts").getFullList({ sort: ({ sortBy }) => sortBy("author.nam") });

//# filter/name
await pb.collection("posts").getFullList({ filter: ({ eq }) => eq("title", '"x"') });
// @ts-expect-error
await pb.collection("posts").getFullList({ filter: ({ eq }) => eq("titel", '"x"') });

//# filter/value
await pb.collection("posts").getFullList({ filter: ({ gt }) => gt("views", 3) });
// @ts-expect-error
await pb.collection("posts").getFullList({ filter: ({ gt }) => gt("views", "x") });

//# realtime/expanded
await pb.collection("comments").subscribe("*", (event) => {
  const author = event.record.expand?.author;
  is<Eq<NonNullable<typeof author>["name"], string>>();
}, { expand: [{ key: "author" }] });
