//### What is read

//## select | a select is a union of its values
//# single
is<Eq<PostRecord["status"], "draft" | "published" | "archived">>();
//# several
const topics = given<NonNullable<PostRecord["topics"]>>();
is<Eq<(typeof topics)[number], "news" | "howto">>();

//## values | the values of a select are there at run time
//# list
const values: readonly ("draft" | "published" | "archived")[] = STATUS;
is<Eq<(typeof values)[number], (typeof STATUS)[number]>>();

//## empty | an optional select, relation or date may be ""
//# select
is<Eq<PostRecord["mood"], "calm" | "wild" | "">>();
//# relation
const category: PostRecord["category"] = "";
//# date
const date: PostRecord["published_at"] = "";

//## always | what the server always sends is not optional
//# values
const record = given<PostRecord>();
is<Eq<typeof record.content, string>>();
is<Eq<typeof record.views, number>>();
is<Eq<typeof record.featured, boolean>>();
const tags: readonly string[] = record.tags;
//# autodates
const record = given<PostRecord>();
const times: [string, string] = [record.created, record.updated];

//## files | a file field gives names
//# one and many
const record = given<PostRecord>();
const cover: string | undefined = record.cover;
const gallery: readonly string[] | undefined = record.gallery;

//## point | a point on the map has lon and lat
//# read
const place = given<NonNullable<PostRecord["place"]>>();
is<Eq<typeof place.lon, number>>();
is<Eq<typeof place.lat, number>>();

//## hidden | what the server hides is not there
//# hidden field
const record = given<PostRecord>();
record.title;
// @ts-expect-error
record.secret;
//# secrets of accounts
const record = given<UserRecord>();
record.name;
// @ts-expect-error
record.tokenKey;
// @ts-expect-error
record.password;

//## email | an account's email may be missing
//# optional
const email: string | undefined = given<UserRecord>().email;
is<Eq<undefined extends UserRecord["email"] ? true : false, true>>();

//## json | a json field can have a type
//# not any
is<Eq<IsAny<PostRecord["meta"]>, false>>();
//# a type of one's own
is<Eq<NonNullable<ReadingRecord["meta"]>, { reading: number }>>();

//## view | a view's columns have types
//# columns
is<Eq<StatsRecord["comments"], number>>();
is<Eq<Exclude<StatsRecord["status"], "">, "draft" | "published" | "archived">>();
const author: string = given<StatsRecord>().author;

//# from the inner side of a join
is<Eq<StatsRecord["status"], "draft" | "published" | "archived">>();
//# from the outer side of a join, where "" stands for no row
is<Eq<AuthorRecord["name"], string>>();
is<Eq<AuthorRecord["latest"], "draft" | "published" | "archived" | "">>();

//## readonly | a view cannot be written
//# create
await pb.collection("tags").create({ name: "a", code: "b" });
// @ts-expect-error
await pb.collection("post_stats").create({ id: "a" });

//## ids | an id knows its collection
//# assigned
const record = given<PostRecord>();
const author: PostRecord["author"] = record.author;
// @ts-expect-error
const other: PostRecord["author"] = record.id;

//## system | the server's own collections have types
//# superusers
const record = await pb.collection("_superusers").getOne("id");
is<Eq<typeof record.verified, boolean>>();

//### What is written

//## required | a new record needs what is required, and no more
//# type
const enough: PostCreate = { title: "abc", slug: "abc", status: "draft", author: "id" };
// @ts-expect-error
const less: PostCreate = { title: "abc", status: "draft", author: "id" };
//# client
await pb.collection("posts").create({ title: "abc", slug: "abc", status: "draft", author: "id" });
// @ts-expect-error
await pb.collection("posts").create({ title: "abc", status: "draft", author: "id" });

//## unknown | a key that is no field is an error
//# type
const right: PostUpdate = { title: "abc" };
// @ts-expect-error
const wrong: PostUpdate = { title: "abc", titel: "abc" };
//# client
await pb.collection("posts").update("id", { title: "abc" });
// @ts-expect-error
await pb.collection("posts").update("id", { title: "abc", titel: "abc" });

//## option | a value that the select does not have is an error
//# type
const right: PostUpdate = { status: "draft" };
// @ts-expect-error
const wrong: PostUpdate = { status: "bogus" };
//# client
await pb.collection("posts").update("id", { status: "draft" });
// @ts-expect-error
await pb.collection("posts").update("id", { status: "bogus" });

//## set | what the server fills in need not be given
//# autodates are no part of it
const right: CommentCreate = { body: "a", author: "id", post: "id" };
// @ts-expect-error
const wrong: CommentCreate = { body: "a", author: "id", post: "id", created: "2026-01-01 00:00:00.000Z" };
//# pattern
const right: TagCreate = { name: "a" };

//## upload | file fields take what can be uploaded
//# File
const right: PostUpdate = { cover: file, gallery: [file] };
// @ts-expect-error
const wrong: PostUpdate = { cover: 1 };
//# Blob
const right: PostUpdate = { cover: blob, gallery: [blob] };
// @ts-expect-error
const wrong: PostUpdate = { cover: 1 };
//# emptied
const right: PostUpdate = { cover: "" };
// @ts-expect-error
const wrong: PostUpdate = { cover: 1 };

//## date | a date can be written as a Date
//# written
const right: PostUpdate = { published_at: new Date() };
// @ts-expect-error
const wrong: PostUpdate = { published_at: 1 };

//## account | an account needs a password and its confirmation
//# create
const right: UserCreate = { email: "a@b.c", password: "12345678", passwordConfirm: "12345678", name: "a", role: "admin" };
// @ts-expect-error
const wrong: UserCreate = { email: "a@b.c", name: "a", role: "admin" };
//# change of password
const right: UserUpdate = { oldPassword: "12345678", password: "87654321", passwordConfirm: "87654321" };
// @ts-expect-error
const wrong: UserUpdate = { oldPassword: 1 };

//## partial | an update says only what changes
//# nothing and one
const none: PostUpdate = {};
const one: PostUpdate = { title: "abc" };
// @ts-expect-error
const wrong: PostUpdate = { title: 1 };

//## modifiers | an update takes "field+", "+field" and "field-"
//# numbers
const right: PostUpdate = { "views+": 1, "views-": 2 };
// @ts-expect-error
const wrong: PostUpdate = { "views+": "1" };
//# lists
const right: PostUpdate = { "tags+": "id", "+tags": ["id"], "tags-": ["id"] };
// @ts-expect-error
const wrong: PostUpdate = { "tags+": 1 };
//# files
const right: PostUpdate = { "gallery+": [file], "gallery-": "a.png" };
// @ts-expect-error
const wrong: PostUpdate = { "gallery-": 1 };

//### What is asked

//## collection | a collection that is not there is an error
//# name
pb.collection("posts");
// @ts-expect-error
pb.collection("postz");

//## expand | what is expanded has its type, from the call alone
//# single
const record = await pb.collection("posts").getOne("id", { expand: "author" });
const author = record.expand?.author;
is<Eq<NonNullable<typeof author>["name"], string>>();
//# nested
const record = await pb.collection("posts").getOne("id", { expand: "author,category.parent" });
const parent = record.expand?.category?.expand?.parent;
is<Eq<NonNullable<typeof parent>["name"], string>>();
//# back-relation
const record = await pb.collection("posts").getOne("id", { expand: "comments_via_post.author" });
const comment = record.expand?.comments_via_post?.[0];
is<Eq<NonNullable<typeof comment>["body"], string>>();
const by = comment?.expand?.author;
is<Eq<NonNullable<typeof by>["name"], string>>();
//# unique back-relation
const record = await pb.collection("users").getOne("id", { expand: "profiles_via_user" });
const profile = record.expand?.profiles_via_user;
is<Eq<NonNullable<typeof profile>["bio"], string>>();
//# wrong name
await pb.collection("posts").getOne("id", { expand: "author" });
// @ts-expect-error
await pb.collection("posts").getOne("id", { expand: "autor" });
//# not expanded
const record = await pb.collection("posts").getOne("id", { expand: "author" });
record.expand?.author;
// @ts-expect-error
record.expand?.category;

//## sure | a required relation that was expanded needs no "?"
//# required
const record = await pb.collection("posts").getOne("id", { expand: "author" });
const author = record.expand.author;
is<Eq<typeof author.name, string>>();
is<Eq<typeof author.role, "admin" | "editor" | "viewer">>();

//## named | a record with its relations can be named, for the props of a component
//# type
const record = given<PostWithAuthor>();
const author = record.expand?.author;
is<Eq<NonNullable<typeof author>["role"], "admin" | "editor" | "viewer">>();

//## fields | what is picked is all that is there
//# picked
const [slim] = await pb.collection("posts").getFullList({ fields: "id,title" });
is<Eq<keyof NonNullable<typeof slim>, "id" | "title">>();
//# wrong name
await pb.collection("posts").getFullList({ fields: "id,title" });
// @ts-expect-error
await pb.collection("posts").getFullList({ fields: "id,titel" });

//## sort | a sort by what is not there is an error
//# field
await pb.collection("posts").getFullList({ sort: "-title" });
// @ts-expect-error
await pb.collection("posts").getFullList({ sort: "-titel" });
//# through a relation
await pb.collection("posts").getFullList({ sort: "author.name" });
// @ts-expect-error
await pb.collection("posts").getFullList({ sort: "author.nam" });

//## placeholders | the placeholders of a filter are checked
//# missing
pb.filter("title ~ {:q}", { q: "x" });
// @ts-expect-error
pb.filter("title ~ {:q}", {});

//## filter | the fields in a filter are checked
//# name
await pb.collection("posts").getFullList({ filter: "title = 'x'" });
// @ts-expect-error
await pb.collection("posts").getFullList({ filter: "titel = 'x'" });
//# value
await pb.collection("posts").getFullList({ filter: "views > 3" });
// @ts-expect-error
await pb.collection("posts").getFullList({ filter: "views > 'x'" });

//### More of the client

//## batch | a batch is checked
//# payload
const batch = pb.createBatch();
batch.collection("tags").create({ name: "a", code: "b" });
// @ts-expect-error
batch.collection("tags").create({ nam: "a", code: "b" });
//# collection
const batch = pb.createBatch();
batch.collection("tags");
// @ts-expect-error
batch.collection("tagz");

//## realtime | what realtime sends has types
//# record
await pb.collection("comments").subscribe("*", (event) => {
  is<Eq<typeof event.record.body, string>>();
});
//# action
await pb.collection("comments").subscribe("*", (event) => {
  is<Eq<typeof event.action, "create" | "update" | "delete">>();
});
//# expanded
await pb.collection("comments").subscribe("*", (event) => {
  const author = event.record.expand?.author;
  is<Eq<NonNullable<typeof author>["name"], string>>();
}, { expand: "author" });

//## auth | who signs in has types
//# answer
const answer = await pb.collection("users").authWithPassword("a", "b");
is<Eq<typeof answer.record.name, string>>();
//# accounts only
await pb.collection("users").authWithPassword("a", "b");
// @ts-expect-error
await pb.collection("posts").authWithPassword("a", "b");
//# store
const account = pb.authStore.record;
is<Eq<NonNullable<typeof account>["name"], string>>();

//## live | a list that stays current
//# records
LIVE("comments", { filter: "author = 'id'", sort: "-created" }).subscribe(({ records: [first] }) => {
  is<Eq<NonNullable<typeof first>["body"], string>>();
});

//### At run time

//## names | the names of the collections
//# list
is<Eq<"posts" extends (typeof NAMES)[number] ? (string extends (typeof NAMES)[number] ? false : true) : false, true>>();

//## mimes | the types of file that a field takes
//# list
is<Eq<"image/png" extends (typeof MIMES)[number] ? true : false, true>>();

//## validate | a value can be held against the schema
//# checked
const right: boolean = VALID({ title: "abc", slug: "abc", status: "draft", author: "id" });
