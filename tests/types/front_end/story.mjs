// What a page shows, in a browser's stead: `node story.mjs <react|svelte|vue> <url>`
// It ends by itself, so a list that leaves its connection open makes it hang.
import assert from "node:assert/strict";
import { EventSource } from "eventsource";
import { Window } from "happy-dom";
import PocketBase, { BaseAuthStore } from "pocketbase";

const [framework, url] = process.argv.slice(2);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function until(what, holds) {
  for (const end = Date.now() + 20_000; Date.now() < end; await pause(10)) if (holds()) return;
  assert.fail(`never: ${what}; ${document.body.innerHTML}; ${complaints.join("\n")}`);
}

// What there is: Ada, and two posts of hers
const admin = new PocketBase(url, new BaseAuthStore()).autoCancellation(false);
await admin.collection("_superusers").authWithPassword("admin@example.com", "password1234");
const [email, password] = [`${framework}@example.com`, "password1234"];
const ada = await admin.collection("users").create({ name: "Ada", email, password, passwordConfirm: password });
const posts = admin.collection("posts");
for (const each of await posts.getFullList()) await posts.delete(each.id);
const post = (title, status = "published") => posts.create({ title, status, author: ada.id });
const old = await post("old one");
await post("a draft", "draft");

// A browser
const complaints = [];
for (const kind of ["error", "warn"]) console[kind] = (...said) => complaints.push(said.join(" "));
// Vue waits three seconds for its developer tools, but not in jsdom.
const window = new Window({ url, settings: { navigator: { userAgent: "jsdom" } } });
for (const name of Object.getOwnPropertyNames(window)) if (!(name in globalThis)) globalThis[name] = window[name];
// As browsers have it: to set no files changes nothing.
const files = Object.getOwnPropertyDescriptor(window.HTMLInputElement.prototype, "files");
Object.defineProperty(window.HTMLInputElement.prototype, "files", { ...files, set(value) { if (value) files.set.call(this, value); } });
const opened = [];
class Counted extends EventSource {
  constructor(address) {
    super(address);
    opened.push(this);
  }
}
Object.assign(globalThis, { window, document: window.document, EventSource: Counted });
const { mount, pb } = await import(`./dist/${framework}.js`);

function put(name, props) {
  const at = document.body.appendChild(document.createElement("div"));
  return [at, mount(name, at, props)];
}
const button = (at, text) => [...at.querySelectorAll("button")].find((each) => each.textContent.startsWith(text));
/** As a person does it: React looks at the setter of the element, and then for the event. */
function type(input, value) {
  Object.getOwnPropertyDescriptor(window.HTMLInputElement.prototype, "value").set.call(input, value);
  input.dispatchEvent(new window.Event("input", { bubbles: true }));
}

// A list that stays current, and changes its options
const [list, endList] = put("Posts");
const shown = () => [...list.querySelectorAll("li")].map((item) => item.textContent).join("; ");
const busy = () => list.querySelector("ul")?.getAttribute("aria-busy") !== "false";
const shows = (expected) => until(expected, () => shown() === expected && !busy());
await shows("old one, Ada");
assert.equal(opened.length, 1, "one connection, in StrictMode too");
await post("new one");
await shows("new one, Ada; old one, Ada");
await posts.update(old.id, { title: "older" });
await shows("new one, Ada; older, Ada");
button(list, "draft").click();
await shows("a draft, Ada");
assert.equal(opened.length, 1, "other options keep the connection");
await post("two drafts", "draft");
await shows("two drafts, Ada; a draft, Ada");

// Who is signed in
const [account, endAccount] = put("Account");
await until("a guest", () => button(account, "Sign in"));
await pb.collection("users").authWithPassword(email, password);
await until("Ada", () => button(account, "Sign out Ada"));

// A form: what the server refuses is said, what it takes is in the list
const [form, endForm] = put("PostForm", { author: ada.id });
await until("a form", () => form.querySelector("input"));
type(form.querySelector("input"), "x");
await pause(0);
button(form, "Save").click();
await until("the reason", () => /at least 3|less than|must be/i.test(form.querySelector("em").textContent));
type(form.querySelector("input"), "by Ada");
await pause(0);
button(form, "Save").click();
await shows("by Ada, Ada; two drafts, Ada; a draft, Ada");
await until("no reason", () => form.querySelector("em").textContent === "");
button(account, "Sign out").click();
await until("a guest again", () => button(account, "Sign in"));

for (const end of [endList, endAccount, endForm]) end();
await until("closed", () => opened.every((source) => source.readyState === EventSource.CLOSED));
assert.deepEqual(complaints, []);
await window.happyDOM.close();
