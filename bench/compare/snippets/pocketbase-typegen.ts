import PocketBase from "pocketbase";
import { Collections, PostsStatusOptions } from "./types";
import type {
  AuthorStatsResponse, Create, PostStatsResponse, PostsResponse, TypedPocketBase, Update, UsersResponse,
} from "./types";

export const pb = new PocketBase("http://127.0.0.1:8090") as TypedPocketBase;
export type PostRecord = PostsResponse;
export type PostCreate = Create<"posts">;
export type PostUpdate = Update<"posts">;
export type UserRecord = UsersResponse;
export type UserCreate = Create<"users">;
export type UserUpdate = Update<"users">;
export type CommentCreate = Create<"comments">;
export type TagCreate = Create<"tags">;
export type PostWithAuthor = PostsResponse<unknown, { author: UsersResponse }>;
export type AuthorRecord = AuthorStatsResponse;
export type StatsRecord = PostStatsResponse;
export type ReadingRecord = PostsResponse<{ reading: number }>;
export const STATUS = Object.values(PostsStatusOptions);
export const NAMES = Object.values(Collections);
