// Signing in: what comes back, and what the store holds.
import { createClient } from "./api-client.js";
import { equal, fits } from "./check.js";
import { PASSWORD, account, client, counted } from "./world.js";
import type { World } from "./world.js";

export async function auth(world: World): Promise<void> {
  const { admin, ids } = world;
  const pb = client(world);
  const people = pb.collection("people");
  const heard: (string | undefined)[] = [];
  pb.authStore.onChange((_token, record) => heard.push(record?.nick));
  const first = fits("with a password", await people.authWithPassword("ada@example.com", PASSWORD));
  equal("her own address", first.record.email, "ada@example.com");
  fits("the store", pb.authStore.record);
  const expanded = fits("with expand", await people.authWithPassword("ada@example.com", PASSWORD, { expand: "team,boss,posts_via_author.readers,profiles_via_user" }));
  equal("the team, which one must be signed in to view", expanded.record.expand.team?.name, "one");
  fits("without a boss or team", await client(world).collection("people").authWithPassword("cyn@example.com", PASSWORD, { expand: "team,boss,posts_via_author" }));
  fits("refreshed", await people.authRefresh());
  const refreshed = fits("refreshed with expand", await people.authRefresh({ expand: "team,boss.boss,comments_via_author.post" }));
  equal("her team", refreshed.record.expand.team?.name, "one");
  fits("the store after that", pb.authStore.record);
  equal("what the store told", [...new Set(heard)], ["ada"]);
  const changed = fits("changed by herself", await people.update(ids.ada, { nick: "ada" }, { expand: "team,boss" }));
  fits("the store after a change", pb.authStore.record);
  equal("the team after a change", changed.expand.team?.name, "one");
  pb.authStore.clear();
  fits("an empty store", pb.authStore.record);

  await admin.send("/api/collections/_otps/records", {
    method: "POST",
    body: { id: "oneoneoneoneone", collectionRef: first.record.collectionId, recordRef: ids.cyn, password: "12345678" },
  });
  fits("with a code", await people.authWithOTP("oneoneoneoneone", "12345678", { expand: "team,boss" }));
  await admin.send("/api/collections/_otps/records", {
    method: "POST",
    body: { id: "twotwotwotwotwo", collectionRef: first.record.collectionId, recordRef: ids.ada, password: "12345678" },
  });
  const coded = await people.authWithOTP("twotwotwotwotwo", "12345678", { expand: "team" });
  equal("the team by a code", coded.record.expand.team?.name, "one");
  const other = await admin.collection("people").impersonate(ids.ben, 60);
  fits("impersonated", other.authStore.record);
  fits("read by the impersonated", await other.collection("people").getFullList({ expand: "boss" }));

  await oauth2(world);
  const root = createClient<"_superusers">(world.url);
  fits("a superuser", await root.collection("_superusers").authWithPassword(world.email, PASSWORD), "superuser");
  fits("a superuser refreshed", await root.collection("_superusers").authRefresh(), "superuser");
  fits("the store of a superuser", root.authStore.record, "superuser");

  const made = fits("an account made by a guest", await world.guest.collection("people").create(account("dan"), { expand: "team,posts_via_author" }));
  equal("nobody sees the address", made.email, undefined);
  await counted(world);
  await admin.collection("people").delete(made.id);
}

async function oauth2(world: World): Promise<void> {
  const { admin, ids, provider } = world;
  await admin.send("/api/collections/people", {
    method: "PATCH",
    body: {
      oauth2: {
        enabled: true, mappedFields: { name: "nick" },
        providers: [{
          name: "oidc", clientId: "us", clientSecret: "word", authURL: `${provider}/auth`, tokenURL: `${provider}/token`,
          userInfoURL: `${provider}/user`, displayName: "Ours", pkce: false,
        }],
      },
    },
  });
  const pb = client(world);
  const found = await pb.collection("people").authWithOAuth2Code(
    "oidc", "any", "", "http://127.0.0.1/redirect", { role: "member", team: ids.team }, { expand: "team,boss" },
  );
  await counted(world);
  fits("by a provider", found);
  equal("who it is", [found.record.email, found.record.role, found.record.expand.team?.name], ["eve@example.com", "member", "one"]);
  equal("what is said of it", found.meta?.["email"], "eve@example.com");
  fits("the store after a provider", pb.authStore.record);
  await admin.collection("people").delete(found.record.id);
}
