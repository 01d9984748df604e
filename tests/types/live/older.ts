// Rows that are older than what the types say of them.
import { equal } from "./check.js";
import { taken } from "./world.js";
import type { World } from "./world.js";

interface RawCollection {
  id: string;
  fields: { name: string; required?: boolean }[];
}

/** PocketBase lets a field become required over rows without a value: they stay as they are, and the types trust that no one does that. */
export async function older(world: World): Promise<void> {
  const { admin } = world;
  const { id, fields } = await admin.send<RawCollection>("/api/collections/letters", {});
  const required = async (name: string, wanted: boolean): Promise<unknown> => admin.send(`/api/collections/${id}`, {
    method: "PATCH",
    body: { fields: fields.map((one) => (one.name === name ? { ...one, required: wanted } : one)) },
  });
  await required("team", false);
  // @ts-expect-error a team is required
  const letter = await admin.collection("letters").create({ text: "older" });
  equal("a field becomes required over an empty row", await taken(() => required("team", true)), null);
  const found = await admin.collection("letters").getOne(letter.id, { expand: "team" });
  equal("an older row", [found.team, found.expand], ["", {}]);
  const refused = await taken(() => admin.collection("letters").update(letter.id, { text: "newer" }));
  equal("an older row cannot be changed as it is", refused === null, false);
  await admin.collection("letters").delete(letter.id);
}
