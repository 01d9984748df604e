// Runs every module against one server: `node run.mjs <url> <version> <email of the superuser>`.
import { readFileSync } from "node:fs";
import { EventSource } from "eventsource";
import { describedBy, problem, problems, reached } from "./check.js";
import { provider } from "./provider.mjs";
import { built, counted } from "./world.js";

globalThis.EventSource = EventSource;
const [url, version, email] = process.argv.slice(2);
const descriptions = JSON.parse(readFileSync(new URL("described.json", import.meta.url), "utf8"));
describedBy(descriptions);
const oauth2 = await provider();
const world = await built({ url, version: version.split(".").map(Number), email, provider: oauth2.url });
for (const name of ["records", "expand", "pick", "payloads", "auth", "realtime", "older"]) {
  const { [name]: scenario } = await import(`./${name}.js`);
  try {
    await scenario(world);
    await counted(world);
  } catch (error) {
    problem(`${name} stopped: ${error.stack} ${JSON.stringify(error.response ?? {})} ${error.url ?? ""}`);
  }
}
const missed = Object.keys(descriptions.labels).filter((label) => !reached.has(label));
console.log(JSON.stringify({ problems, missed, checks: reached.size }));
process.exit(0);
