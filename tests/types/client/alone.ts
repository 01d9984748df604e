// What the compiler once took minutes for, wherever it met it first; other files have it answered from memory.
import { createClient } from "./api-client.js";
import type { RecordEvent } from "./api-client.js";
import type { Expanded } from "./types.js";

const pb = createClient("http://127.0.0.1:8090");
const card = (shown: Expanded<"posts", "author,tags">): string => shown.title;
card(await pb.collection("posts").getOne("id", { expand: "author,tags" }));

const stop = await pb.collection("comments").subscribe("*", (event) => event.record.expand.author.name, { expand: "author" });
await stop();
const heard = (event: RecordEvent<"comments">): string => event.record.body;
await pb.collection("comments").subscribe("*", heard, { expand: "author,post.author" });
