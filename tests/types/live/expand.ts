// What expand brings, for everyone who reads: keys that the types are sure of are there.
import { equal, fits, problem, verdicts } from "./check.js";
import type { CheckExpand } from "./types.js";
import { counted, readers } from "./world.js";
import type { World } from "./world.js";

const PATHS = [
  "author", "parent", "tags", "readers", "locked", "team", "author.team", "author.boss", "parent.parent.author",
  "comments_via_post", "comments_via_post.author", "profiles_via_post", "posts_via_parent", "columns_via_parent",
  "outer_posts_via_post", "profiles_via_post.user.team", "parent.parent.parent.parent.parent.parent",
  "parent.parent.parent.parent.parent.parent.parent", "title", "cover", "meta", "nope", "Author", "author.nope",
  "posts_via_author", "comments_via_author", "author.posts_via_author", "tags.posts_via_tags", "id",
  "profiles_via_tag", "author.profiles_via_user", "author.profiles_via_user.post.author", "collectionName",
  "posts_via_PARENT"
] as const;
type Paths = { [P in (typeof PATHS)[number]]: CheckExpand<"posts", P> };

export async function expand(world: World): Promise<void> {
  const { post, ada, bare } = world.ids;
  for (const [path, allowed] of verdicts<Paths>("paths of posts")) {
    // As a superuser, who may view everything: whether there is such a path at all.
    const found: unknown = await world.admin.collection("posts").getOne(post, { expand: path as string });
    if (reaches(found, path.split(".")) !== allowed) problem(`expand=${path} is ${allowed ? "" : "not "}allowed by the types`);
  }
  for (const { pb, reader, name } of readers(world)) {
    const posts = pb.collection("posts");
    fits("each alone: author", await posts.getFullList({ expand: "author" }), reader);
    fits("each alone: parent", await posts.getFullList({ expand: "parent" }), reader);
    fits("each alone: tags", await posts.getFullList({ expand: "tags" }), reader);
    fits("each alone: readers", await posts.getFullList({ expand: "readers" }), reader);
    fits("each alone: locked", await posts.getFullList({ expand: "locked" }), reader);
    fits("each alone: team", await posts.getFullList({ expand: "team" }), reader);
    fits("each alone: comments", await posts.getFullList({ expand: "comments_via_post" }), reader);
    fits("nothing", await posts.getFullList({ expand: "" }), reader);
    fits("spaces", await posts.getFullList({ expand: " author , tags" }), reader);
    fits("all at once", await posts.getFullList({ expand: "author.team,parent.parent.tags,locked,team,comments_via_post.author,profiles_via_post.user" }), reader);
    fits("views that point back", await posts.getFullList({ expand: "columns_via_parent.writer,outer_posts_via_post.author" }), reader);
    fits("one that is bare", await posts.getOne(bare, { expand: "author,parent,tags,locked,posts_via_parent" }), reader);
    fits("from a person", await pb.collection("people").getOne(ada, { expand: "profiles_via_user.post,profiles_via_mate,posts_via_author.readers,team,boss,people_via_boss" }), reader);
    fits("from everyone", await pb.collection("people").getFullList({ expand: "profiles_via_user,profiles_via_mate,posts_via_author,team,boss.boss,people_via_boss.boss" }), reader);
    fits("from tags", await pb.collection("tags").getFullList({ expand: "posts_via_tags.author,every_via_marks.owner,profiles_via_tag,columns_via_tags.readers" }), reader);
    fits("empty relations", await pb.collection("every").getFullList({ expand: "owner.boss,marks" }), reader);
    fits("composite", await pb.collection("profiles").getFullList({ expand: "user,post.profiles_via_post,tag,mate.profiles_via_mate" }), reader);
    fits("of letters", await pb.collection("letters").getFullList({ expand: "team.people_via_team,team.letters_via_team" }), reader);
    fits("of a view", await pb.collection("columns").getFullList({ expand: "author,parent.author,tags,readers,writer.posts_via_author,team" }), reader);
    fits("of an outer join", await pb.collection("outer_posts").getFullList({ expand: "post.author,author,tags" }), reader);
    fits("of an inner join", await pb.collection("inner_posts").getFullList({ expand: "author,readers" }), reader);
    fits("of a view of a view", await pb.collection("over_outer").getFullList({ expand: "author" }), reader);
    fits("of a lone row", await pb.collection("lone").getFullList({ expand: "author" }), reader);
    fits("of subselects", await pb.collection("inside").getFullList({ expand: "author" }), reader);
    const path: string = name === "guest" ? "author" : "tags";
    fits("a path that is not known", await posts.getFullList({ expand: path }), reader);
  }
  const full = await world.guest.collection("posts").getOne(post, { expand: "comments_via_post.author,author.profiles_via_user" });
  equal("who wrote comments", full.expand.comments_via_post?.map((one) => one.expand.author.nick).sort(), ["ada", "ben"]);
  equal("one profile", full.expand.author.expand.profiles_via_user?.slot, "1");
  await counted(world);
}

/** Whether the record has something at the end of the path. */
function reaches(record: unknown, path: readonly string[]): boolean {
  const [key, ...rest] = path;
  if (key === undefined) return record !== undefined;
  const found = (record as { expand?: { [key: string]: unknown } }).expand?.[key];
  const one: unknown = Array.isArray(found) ? found[0] : found;
  return one !== undefined && reaches(one, rest);
}
