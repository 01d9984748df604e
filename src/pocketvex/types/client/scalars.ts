declare const flavor: unique symbol;
/** A record id that knows its collection: any string will do, but an `Id<"users">` is no `Id<"posts">`. */
export type Id<C extends CollectionName> = string & { readonly [flavor]?: C };
/** UTC, with a space: `2026-01-31 10:00:00.000Z`. */
export type DateTime = string;
/** The name that a file is stored under; `pb.files.getURL(record, name)` makes a URL of it. */
export type FileName = string;
export type HTML = string;
export interface GeoPoint {
  lon: number;
  lat: number;
}
/** What a file field takes. */
export type Upload = File | Blob;
/** What a modifier takes: one value or several. */
export type Many<T> = T | readonly T[];
/**
 * What is in json fields, where you know it better:
 * `declare module "./types.js" { interface JsonOverrides { "posts.meta": Meta | null } }`
 */
export interface JsonOverrides {}
/** What is in a json field: what you say, else what the schema says, else unknown. */
export type Json<Field extends string, Declared = unknown> = Field extends keyof JsonOverrides ? JsonOverrides[Field] : Declared;
