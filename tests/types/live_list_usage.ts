// What the compiler says of live lists; the collections are those of tests/live/test_live_list.py.
import PocketBase from "pocketbase";
import { createClient, liveList } from "./api-client.js";
import type { LiveList, LiveState } from "./api-client.js";
import type { Expanded, PostsRecord } from "./types.js";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const sure = <T extends true>(_: T | undefined): void => undefined;

const pb = createClient("http://127.0.0.1:8090");

const posts = liveList(pb, "posts");
sure<Equal<typeof posts, LiveList<PostsRecord>>>(true);
const stop: () => void = posts.subscribe(({ records, status, error }) => {
  sure<Equal<typeof records, readonly PostsRecord[]>>(true);
  sure<Equal<typeof status, "loading" | "live" | "reconnecting" | "closed">>(true);
  sure<Equal<typeof error, Error | null>>(true);
});
stop();
posts.refresh();

const shown = liveList(pb, "posts", {
  filter: pb.filter("room = {:room}", { room: "a" }), sort: "-n,title", expand: "owner", limit: 20, watch: ["people"],
});
const nick: string | undefined = shown.get().records[0]?.expand.owner?.nick;
const titled: LiveList<Pick<PostsRecord, "title">> = liveList(pb, "posts", { fields: "title" });
liveList(createClient<"people">(), "counts", { watch: ["posts"] });
liveList(new PocketBase(), "posts");

// React: useSyncExternalStore; Svelte: a store; both written down here as their packages do.
declare function useSyncExternalStore<S>(subscribe: (onStoreChange: () => void) => () => void, getSnapshot: () => S, getServerSnapshot?: () => S): S;
interface Readable<T> {
  subscribe(this: void, run: (value: T) => void, invalidate?: () => void): () => void;
}
const state: LiveState<Expanded<"posts", "owner">> = useSyncExternalStore(shown.subscribe, shown.get, shown.get);
const store: Readable<LiveState<PostsRecord>> = posts;

// @ts-expect-error no such collection
liveList(pb, "post");
// @ts-expect-error 'owners' is not a relation of 'posts'
liveList(pb, "posts", { expand: "owners" });
// @ts-expect-error cannot sort 'posts' by 'name'
liveList(pb, "posts", { sort: "name" });
// @ts-expect-error 'name' is not a field of 'posts'
liveList(pb, "posts", { fields: "name" });
// @ts-expect-error no such option
liveList(pb, "posts", { where: "n > 1" });
// @ts-expect-error no such collection to watch
liveList(pb, "posts", { watch: ["users2"] });
// @ts-expect-error the records of a state are not to be written
posts.get().records.push(posts.get().records[0]!);

export const used: readonly unknown[] = [nick, titled, state, store];
