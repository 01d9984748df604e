import PocketBase from "pocketbase";
import { COLLECTIONS, POSTS_RECORD_COVER_MIME_TYPES, POSTS_RECORD_STATUS_OPTIONS } from "./types";
import type {
  AuthorStatsResponse, CommentsRecord, PocketBaseType, PostStatsResponse, PostsRecord, PostsResponse, TagsRecord, UsersRecord, UsersResponse,
} from "./types";

export const pb = new PocketBase("http://127.0.0.1:8090") as PocketBaseType;
// It has no types of payloads: the records without what the server makes are the nearest.
export type PostRecord = PostsResponse;
export type PostCreate = Omit<PostsRecord, "id">;
export type PostUpdate = Partial<PostsRecord>;
export type UserRecord = UsersResponse;
export type UserCreate = Omit<UsersRecord, "id" | "tokenKey">;
export type UserUpdate = Partial<UsersRecord>;
export type CommentCreate = Omit<CommentsRecord, "id">;
export type TagCreate = Omit<TagsRecord, "id">;
export type PostWithAuthor = PostsResponse<{ author: UsersResponse }>;
export type AuthorRecord = AuthorStatsResponse;
export type StatsRecord = PostStatsResponse;
export const STATUS = Object.values(POSTS_RECORD_STATUS_OPTIONS);
export const NAMES = Object.values(COLLECTIONS);
export const MIMES = Object.values(POSTS_RECORD_COVER_MIME_TYPES);
