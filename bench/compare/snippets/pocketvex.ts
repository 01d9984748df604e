import { createClient, liveList } from "./api-client";
import { posts_status } from "./types";
import type { CreateOf, Expanded, RecordOf, UpdateOf } from "./types";

declare module "./types" {
  interface JsonOverrides {
    "posts.meta": { reading: number } | null;
  }
}

export const pb = createClient("http://127.0.0.1:8090");
export type PostRecord = RecordOf<"posts">;
export type PostCreate = CreateOf<"posts">;
export type PostUpdate = UpdateOf<"posts">;
export type UserRecord = RecordOf<"users">;
export type UserCreate = CreateOf<"users">;
export type UserUpdate = UpdateOf<"users">;
export type CommentCreate = CreateOf<"comments">;
export type TagCreate = CreateOf<"tags">;
export type PostWithAuthor = Expanded<"posts", "author">;
export type AuthorRecord = RecordOf<"author_stats">;
export type StatsRecord = RecordOf<"post_stats">;
export type ReadingRecord = RecordOf<"posts">;
export { liveList };
export const STATUS = posts_status;

//# live/records
liveList(pb, "comments", { filter: "author = 'id'", sort: "-created" }).subscribe(({ records: [first] }) => {
  is<Eq<NonNullable<typeof first>["body"], string>>();
});
