// Every collection as it is read, by everyone who reads.
import { equal, fits } from "./check.js";
import type { Id } from "./types.js";
import { readers, since } from "./world.js";
import type { World } from "./world.js";

// What a person knows of the columns that a query computes: it is held against the server as well.
declare module "./types.js" {
  interface JsonOverrides {
    "counts.total": number; "counts.mean": number; "counts.last": string; "counts.titles": string;
    "columns.twice": number; "columns.word": "many" | "few"; "columns.part": number | null; "columns.sure_title": string;
    "columns.one": 1; "columns.letter": "x"; "columns.none": null; "columns.meta": { a: number } | null;
    "inside.comments": number; "inside.first_author": Id<"people"> | null; "with_first.author": Id<"people">;
    "from_inner.status": "draft" | "published"; "both_kinds.author": Id<"people"> | ""; "both.word": string;
  }
}

export async function records(world: World): Promise<void> {
  for (const { pb, reader, name } of readers(world)) {
    fits("teams", await pb.collection("teams").getFullList(), reader);
    fits("tags", await pb.collection("tags").getFullList(), reader);
    fits("people", await pb.collection("people").getFullList(), reader);
    fits("every", await pb.collection("every").getFullList(), reader);
    fits("a list", await pb.collection("every").getList(1, 2, { skipTotal: true }), reader);
    fits("one", await pb.collection("every").getOne(world.ids.full), reader);
    fits("one that is empty", await pb.collection("every").getOne(world.ids.empty), reader);
    fits("the first", await pb.collection("every").getFirstListItem("words = 'one'"), reader);
    fits("posts", await pb.collection("posts").getFullList(), reader);
    fits("comments", await pb.collection("comments").getFullList(), reader);
    fits("profiles", await pb.collection("profiles").getFullList(), reader);
    fits("letters", await pb.collection("letters").getFullList(), reader);
    if (since(world, 0, 27)) fits("places", await pb.collection("places").getFullList(), reader);
    fits("keyed", await pb.collection("keyed").getFullList(), reader);
    fits("counts", await pb.collection("counts").getFullList(), reader);
    fits("columns", await pb.collection("columns").getFullList(), reader);
    fits("hidden_too", await pb.collection("hidden_too").getFullList(), reader);
    fits("addresses", await pb.collection("addresses").getFullList(), reader);
    fits("outer_posts", await pb.collection("outer_posts").getFullList(), reader);
    fits("inner_posts", await pb.collection("inner_posts").getFullList(), reader);
    fits("over_outer", await pb.collection("over_outer").getFullList(), reader);
    fits("both", await pb.collection("both").getFullList(), reader);
    fits("both_kinds", await pb.collection("both_kinds").getFullList(), reader);
    fits("inside", await pb.collection("inside").getFullList(), reader);
    fits("with_first", await pb.collection("with_first").getFullList(), reader);
    fits("from_inner", await pb.collection("from_inner").getFullList(), reader);
    const lone = fits("lone", await pb.collection("lone").getFullList(), reader);
    equal(`rows of lone for ${name}`, lone.length, 1);
  }
  fits("vault", await world.admin.collection("vault").getFullList(), "superuser");
  fits("superusers", await world.admin.collection("_superusers").getFullList(), "superuser");
  await emails(world);
}

async function emails(world: World): Promise<void> {
  const shown: { [reader: string]: string[] } = {};
  for (const { pb, name } of readers(world)) {
    const found = await pb.collection("people").getFullList({ sort: "nick" });
    shown[name] = found.filter((one) => one.email !== undefined).map((one) => one.nick);
  }
  equal("whose address is seen", shown, {
    guest: ["cyn"], ada: ["ada", "cyn"], ben: ["ada", "ben", "cyn"], superuser: ["ada", "ben", "cyn"],
  });
}
