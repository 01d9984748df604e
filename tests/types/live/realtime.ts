// Events and batches.
import { equal, fits, problem } from "./check.js";
import { counted, taken } from "./world.js";
import type { World } from "./world.js";

/** Waits for what events bring; a minute without is a failure. */
async function until(what: string, holds: () => boolean): Promise<void> {
  for (const end = Date.now() + 60_000; !holds(); await new Promise((resolve) => setTimeout(resolve, 5))) {
    if (Date.now() > end) throw new Error(`never: ${what}`);
  }
}

export async function realtime(world: World): Promise<void> {
  await events(world);
  await cascade(world);
  await batch(world);
}

async function events(world: World): Promise<void> {
  const { guest, ada, admin, ids } = world;
  const heard: string[] = [];
  await guest.collection("posts").subscribe("*", (event) => {
    heard.push(`guest ${fits("an event for guests", event).action}`);
  }, { expand: "author,parent,tags,readers,locked,team" });
  await ada.collection("posts").subscribe("*", (event) => {
    heard.push(`ada ${fits("an event for ada", event).action}`);
  }, { expand: "author.team,comments_via_post.author", fields: "id,title,expand.author.nick,expand.comments_via_post" });
  await ada.collection("letters").subscribe("*", (event) => {
    heard.push(`letter ${fits("an event of letters", event).action}`);
  }, { expand: "team" });
  await guest.collection("comments").subscribe("*", (event) => {
    heard.push(`comment ${fits("a comment", event).action}`);
  }, { expand: "post.author,author", filter: guest.filter("body = {:body}", { body: "heard" }) });
  const post = await admin.collection("posts").create({ title: "new", status: "draft", author: ids.ben, readers: [ids.ada], locked: ids.code, team: ids.team });
  await admin.collection("posts").update(post.id, { title: "newer", tags: [ids.tag] });
  const comment = await admin.collection("comments").create({ body: "heard", post: post.id, author: ids.ada });
  const letter = await admin.collection("letters").create({ text: "new", team: ids.team });
  await counted(world);
  await admin.collection("comments").delete(comment.id);
  await admin.collection("letters").delete(letter.id);
  await admin.collection("posts").delete(post.id);
  const wanted = [
    "ada create", "ada delete", "ada update", "comment create", "comment delete", "guest create", "guest delete", "guest update",
    "letter create", "letter delete",
  ];
  await until(`${wanted.join()}, only ${heard.join()}`, () => wanted.every((one) => heard.includes(one)));
  for (const pb of [guest, ada]) await pb.realtime.unsubscribe();
}

/** Records that go because what they point to goes. */
async function cascade(world: World): Promise<void> {
  const { guest, admin, ada, ids } = world;
  const heard: string[] = [];
  const gone = await admin.collection("people").create({ email: "gone@example.com", password: "password1234", passwordConfirm: "password1234" });
  const post = await admin.collection("posts").create({ title: "goes", status: "draft", author: gone.id, readers: [ids.ada], locked: ids.code, team: ids.team });
  await admin.collection("comments").create({ body: "goes", post: post.id, author: ids.ada });
  const team = await admin.collection("teams").create({ name: "goes" });
  await admin.collection("letters").create({ text: "goes", team: team.id });
  await counted(world);
  await guest.collection("posts").subscribe("*", (event) => {
    heard.push(fits("a post that goes with its author", event).record.title);
  }, { expand: "author,readers" });
  await guest.collection("comments").subscribe("*", (event) => {
    heard.push(fits("a comment that goes with its post", event).record.body);
  }, { expand: "post.author,author" });
  await ada.collection("letters").subscribe("*", (event) => {
    heard.push(fits("a letter that goes with its team", event).record.text);
  }, { expand: "team" });
  await admin.collection("people").delete(gone.id);
  await admin.collection("teams").delete(team.id);
  await until("three that go", () => heard.length === 3);
  for (const pb of [guest, ada]) await pb.realtime.unsubscribe();
}

async function batch(world: World): Promise<void> {
  const { admin, ids } = world;
  const requests = admin.createBatch();
  requests.collection("tags").create({ name: "of a batch" });
  requests.collection("posts").update(ids.bare, { "n+": 2, "tags+": ids.tag }, { expand: "author", fields: "id,n,expand.author.nick" });
  requests.collection("tags").upsert({ id: "upsertedupserte", name: "upserted" });
  requests.collection("tags").upsert({ id: "upsertedupserte", name: "upserted again" });
  requests.collection("every").create({ words: "with a file", doc: new File(["x"], "batch.txt"), docs: [new File(["y"], "more.txt")] });
  requests.collection("tags").delete("upsertedupserte");
  const answers = fits("answers of a batch", await requests.send());
  equal("how they went", answers.map(({ status }) => status), [200, 200, 200, 200, 200, 204]);
  const wrong = admin.createBatch();
  wrong.collection("tags").create({ name: "lost" });
  // @ts-expect-error a name is required
  wrong.collection("tags").create({});
  if ((await taken(() => wrong.send())) === null) problem("half a batch is taken");
  equal("nothing of it is there", (await admin.collection("tags").getFullList({ filter: "name = 'lost'" })).length, 0);
}
