import PocketBase from "pocketbase";
import { z } from "zod";
import { Shape as Comments } from "./src/schema/comments";
import { Shape as Posts } from "./src/schema/posts";
import { Shape as Tags } from "./src/schema/tags";
import { Shape as Users } from "./src/schema/users";
import type { AuthorstatsResponse, PoststatsResponse, PostsResponse, TypedPocketBase, UsersResponse } from "./types";

export const pb = new PocketBase("http://127.0.0.1:8090") as TypedPocketBase;
const NewUser = Users.extend({ passwordConfirm: z.string() });
// Payloads are what the Zod schemas take.
export type PostRecord = PostsResponse;
export type PostCreate = z.input<typeof Posts>;
export type PostUpdate = Partial<PostCreate>;
export type UserRecord = UsersResponse;
export type UserCreate = z.input<typeof NewUser>;
export type UserUpdate = Partial<UserCreate>;
export type CommentCreate = z.input<typeof Comments>;
export type TagCreate = z.input<typeof Tags>;
export type PostWithAuthor = PostsResponse;
export type AuthorRecord = AuthorstatsResponse;
export type StatsRecord = PoststatsResponse;
export type ReadingRecord = PostsResponse;
export const STATUS = Posts.shape.status.options;
export const VALID = (value: unknown): boolean => Posts.safeParse(value).success;

//# view/columns -- the columns are written by hand
//# view/from the inner side of a join -- the columns are written by hand
//# view/from the outer side of a join, where "" stands for no row -- the columns are written by hand
