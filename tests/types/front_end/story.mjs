// The list of posts of a page, in a browser's stead: `node story.mjs <react|svelte|vue> <url>`
// It ends by itself, so a list that leaves its connection open makes it hang.
import assert from "node:assert/strict";
import { EventSource } from "eventsource";
import { Window } from "happy-dom";
import PocketBase, { BaseAuthStore } from "pocketbase";

const [framework, url] = process.argv.slice(2);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function until(what, holds) {
  for (const end = Date.now() + 20_000; Date.now() < end; await pause(10)) if (holds()) return;
  assert.fail(`never: ${what}; ${document.body.innerHTML}`);
}

const admin = new PocketBase(url, new BaseAuthStore()).autoCancellation(false);
await admin.collection("_superusers").authWithPassword("admin@example.com", "password1234");
const secret = { password: "password1234", passwordConfirm: "password1234" };
const ada = await admin.collection("users").create({ name: "Ada", email: `${framework}@example.com`, ...secret });
const post = (title, status = "published") => admin.collection("posts").create({ title, status, author: ada.id });

const complaints = [];
for (const kind of ["error", "warn"]) console[kind] = (...said) => complaints.push(said.join(" "));
const window = new Window({ url });
for (const name of Object.getOwnPropertyNames(window)) if (!(name in globalThis)) globalThis[name] = window[name];
Object.assign(globalThis, { window, document: window.document, EventSource });
const opened = [];
globalThis.EventSource = class extends EventSource {
  constructor(address) {
    super(address);
    opened.push(this);
  }
};

const old = await post("old one");
await post("a draft", "draft");
const at = document.body.appendChild(document.createElement("div"));
const { mount } = await import(`./dist/${framework}.js`);
const unmount = mount(at);
const shown = () => [...at.querySelectorAll("li")].map((item) => item.textContent).join("; ");
const shows = (expected) => until(expected, () => shown() === expected && at.querySelector("ul").ariaBusy !== "true");

await shows("old one, Ada");
await post("new one");
await shows("new one, Ada; old one, Ada");
await admin.collection("posts").update(old.id, { title: "older" });
await shows("new one, Ada; older, Ada");
[...at.querySelectorAll("button")].find((button) => button.textContent === "draft").click();
await shows("a draft, Ada");
await post("two drafts", "draft");
await shows("two drafts, Ada; a draft, Ada");

unmount();
await until("closed", () => opened.every((source) => source.readyState === EventSource.CLOSED));
for (const each of await admin.collection("posts").getFullList()) await admin.collection("posts").delete(each.id);
assert.deepEqual(complaints, []);
await window.happyDOM.close();
console.log(`${opened.length} opened`);
