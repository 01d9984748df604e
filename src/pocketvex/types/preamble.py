"""The parts of `types.ts` that are the same for every schema."""

PREAMBLE = """\
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
"""

SCHEMA_MAP = """\
export type CollectionName = keyof Collections;
export type RecordOf<C extends CollectionName> = Collections[C]["record"];
/** What a new record is made of; `never` for a view. */
export type CreateOf<C extends CollectionName> = Collections[C]["create"];
/** What changes a record: whole values, or `key+`, `+key` and `key-`; `never` for a view. */
export type UpdateOf<C extends CollectionName> = Collections[C]["update"];
"""
