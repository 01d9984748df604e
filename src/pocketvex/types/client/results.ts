export type CollectionName = keyof Collections;
/** The collections that can sign in. */
export type AuthCollection = { [C in CollectionName]: Collections[C]["kind"] extends "auth" ? C : never }[CollectionName];
/** The collections that can be written to: all but views. */
export type WritableCollection = { [C in CollectionName]: Collections[C]["kind"] extends "view" ? never : C }[CollectionName];
export type RecordOf<C extends CollectionName> = Collections[C]["record"];
/** What a new record is made of; `never` for a view. */
export type CreateOf<C extends CollectionName> = Collections[C]["create"];
/** What changes a record: whole values, or `key+`, `+key` and `key-`; `never` for a view. */
export type UpdateOf<C extends CollectionName> = Collections[C]["update"];

/** What can be expanded: the collection's own relations, and those that point to it (`comments_via_post`). */
export type RelationKey<C extends CollectionName> = keyof Collections[C]["relations"] & string;
interface Relation {
  to: CollectionName;
  /** Whether there may be several. */
  many: boolean;
  /** Whether everyone who gets the record gets what it points to: it is required, and no rule hides it. */
  always: boolean;
  /** What it points to only superusers view: others get no `expand` for it, not even an empty one. */
  locked?: true;
  /** A record that is deleted together with what it points to: the event of it comes without. */
  cascade?: true;
}
type RelationOf<C extends CollectionName, K> = K extends keyof Collections[C]["relations"]
  ? Collections[C]["relations"][K] extends infer R extends Relation ? R : never
  : never;
type Target<C extends CollectionName, K> = RelationOf<C, K>["to"];

/** The message of a compile error: what is wrong with an option. */
export interface Invalid<Message extends string> {
  readonly "invalid option": Message;
}

/** Whether a string is not known word for word: `string`, or a template with one in it. */
type Dynamic<S extends string> = {} extends { [K in S]: 1 } ? true : false;
type Trim<S extends string> = S extends ` ${infer R}` ? Trim<R> : S extends `${infer R} ` ? Trim<R> : S;
// What was found goes along in `Found`: so the compiler takes a thousand names, and not fifty.
type Split<S extends string, Found extends string = never> =
  S extends `${infer A},${infer B}` ? Split<B, Found | Trim<A>> : Found | Trim<S>;
type Head<P extends string> = P extends `${infer H}.${string}` ? H : P;
type Tail<P extends string, H extends string> = P extends `${H}.${infer T}` ? T : never;

/** What editors suggest for `expand`; longer paths and lists (`"author,tags"`) are checked as well. */
export type ExpandPath<C extends CollectionName> =
  | RelationKey<C>
  | { [K in ForwardKey<C>]: `${K}.${ForwardKey<Target<C, K>>}` }[ForwardKey<C>];
type ForwardKey<C extends CollectionName> = Exclude<RelationKey<C>, `${string}_via_${string}`>;

type BadPath<C extends CollectionName, P extends string, Level extends 0[] = [0]> = Level["length"] extends 7
  ? "expand goes 6 levels deep at most"
  : P extends `${infer H}.${infer T}`
    ? H extends RelationKey<C> ? BadPath<Target<C, H>, T, [...Level, 0]> : `'${H}' is not a relation of '${C}'`
    : P extends RelationKey<C> ? never : `'${P}' is not a relation of '${C}'`;
type Checked<S extends string, Problem extends string> = [Problem] extends [never] ? S : Invalid<Problem>;

/** The string itself where every path in it can be expanded, else what is wrong. */
export type CheckExpand<C extends CollectionName, E extends string> =
  Dynamic<E> extends true ? E : E extends "" ? E : Checked<E, Split<E> extends infer P extends string ? P extends unknown ? BadPath<C, P> : never : never>;

type FieldName<C extends CollectionName> = keyof RecordOf<C> & string;
/** Without `:excerpt(…)`, whose parameters may hold a comma. */
type Plain<F extends string> = F extends `${infer A}:excerpt(${string})${infer B}` ? Plain<`${A}${B}`> : F;
type BadField<C extends CollectionName, F extends string, E extends string> =
  F extends "*" ? never
  : F extends "expand" | "expand.*" ? [E] extends [never] ? "nothing is expanded" : never
  : F extends `expand.${infer P}` ? BadExpandedField<C, P, E>
  : F extends FieldName<C> ? never
  : F extends `${infer H}.${string}` ? H extends FieldName<C> ? HasParts<RecordOf<C>[H]> extends true ? never : `'${F}': '${H}' has no parts` : `'${H}' is not a field of '${C}'`
  : `'${F}' is not a field of '${C}'`;
type BadExpandedField<C extends CollectionName, P extends string, E extends string> =
  string extends E ? never
  : Head<P> extends infer H extends string
    ? H extends Head<E>
      ? Target<C, H> extends infer T extends CollectionName
        ? Tail<P, H> extends infer F extends string
          ? [F] extends [never] ? never : BadField<T, F, Tail<E, H>>
          : never
        : never
      : `'${H}' is not expanded`
    : never;
/** Whether `name.part` can mean anything: json and geo points have parts. */
type HasParts<T> = unknown extends T ? true : Exclude<T, null> extends string | number | boolean | readonly unknown[] ? false : true;
/** The string itself where every field in it is one, else what is wrong. `E` is the string that is expanded. */
export type CheckFields<C extends CollectionName, F extends string, E extends string = never> =
  Dynamic<F> extends true ? F : F extends "" ? F : Checked<F, Split<Plain<F>> extends infer P extends string ? P extends unknown ? BadField<C, P, [E] extends [never] ? E : Dynamic<E> extends true ? string : Split<E>> : never : never>;

type SortTerm<S extends string> = S extends `-${infer R}` ? R : S extends `+${infer R}` ? R : S;
type SortField<C extends CollectionName> = Exclude<FieldName<C>, "collectionId" | "collectionName">;
type CanSort<C extends CollectionName, P extends string> =
  P extends SortField<C> ? true
  : P extends `${infer H}.${infer T}`
    ? H extends RelationKey<C> ? CanSort<Target<C, H>, T>
    : H extends SortField<C> ? HasParts<RecordOf<C>[H]>
    : false
  : P extends `${infer N}:${"lower" | "length"}` ? N extends SortField<C> ? true : false
  : P extends "@random" ? true
  : P extends "@rowid" ? Collections[C]["kind"] extends "view" ? false : true
  : false;
type BadSort<C extends CollectionName, S extends string> =
  CanSort<C, SortTerm<S>> extends true ? never : `cannot sort '${C}' by '${SortTerm<S>}'`;
/** More than the eight that the server takes, 0.23 to 0.40. */
type TooMany = `${string},${string},${string},${string},${string},${string},${string},${string},${string}`;
/** The string itself where the collection can be sorted by all of it, else what is wrong. */
export type CheckSort<C extends CollectionName, S extends string> =
  Dynamic<S> extends true ? S : S extends "" ? S
  : Checked<S, S extends TooMany ? "sort takes 8 fields at most" : Split<S> extends infer P extends string ? P extends unknown ? BadSort<C, P> : never : never>;

/** The names of the placeholders in a filter: `"post"` of `"post = {:post}"`. */
export type FilterParameter<S extends string, Found extends string = never> =
  S extends `${string}{:${infer P}}${infer R}` ? FilterParameter<R, Found | P> : Found;
/** What the SDK can write into a filter. */
export type FilterValue = string | number | boolean | Date | null | readonly unknown[] | { readonly [key: string]: unknown };

/** What the paths that start with `H` go on with; `never` where all of it is meant. */
type Below<F extends string, H extends string> = "*" extends Tail<F, H> ? never : Tail<F, H>;
/** The record with `E` expanded, and of its fields only `F`, where `never` stands for nothing and for all; `D`: as it was deleted. */
type Shaped<C extends CollectionName, E extends string, F extends string, D extends boolean> = Shape<C, E, F, D>["of"];
// A member of an interface, and further down a condition that always holds, keep the name off the result. Two results
// of one name the compiler compares by how the name's parameters relate, and to find that out it follows the relations
// of all collections. Here no condition: where C is not known yet, a record has to be a record all the same.
interface Shape<C extends CollectionName, E extends string, F extends string, D extends boolean> {
  of: [E] extends [never] ? Kept<C, F> : Kept<C, F> & ExpandPart<C, E, F, D>;
}
type Kept<C extends CollectionName, F extends string> = [F] extends [never] ? RecordOf<C> : Picked<C, F>;
type Picked<C extends CollectionName, F extends string> = "*" extends F
  ? RecordOf<C>
  : Pick<RecordOf<C>, Extract<F, keyof RecordOf<C>>> &
    { [P in Exclude<F, keyof RecordOf<C> | "expand" | `expand.${string}`> as Head<P>]: unknown };
type ExpandPart<C extends CollectionName, E extends string, F extends string, D extends boolean> =
  [F] extends [never] ? Expand<C, E, Head<E>, never, D>
  : [Below<F, "expand">] extends [never]
    ? [Extract<F, "*" | "expand" | "expand.*">] extends [never] ? {} : Expand<C, E, Head<E>, never, D>
  : Expand<C, E, Extract<Head<E>, Head<Below<F, "expand">>>, Below<F, "expand">, D>;
type Expand<C extends CollectionName, E extends string, H extends string, F extends string, D extends boolean> =
  [H extends unknown ? RelationOf<C, H> extends { locked: true } ? never : H : never] extends [never]
    ? { expand?: Expansion<C, E, H, F, D> } : { expand: Expansion<C, E, H, F, D> };
type Expansion<C extends CollectionName, E extends string, H extends string, F extends string, D extends boolean> = [C] extends [CollectionName]
  ? { [K in SureKey<C, H, D>]: Expanding<C, E, K, F, D> } & { [K in Exclude<H, SureKey<C, H, D>>]?: Expanding<C, E, K, F, D> }
  : never;
type Expanding<C extends CollectionName, E extends string, K extends string, F extends string, D extends boolean> =
  RelationOf<C, K>["many"] extends true ? Shaped<Target<C, K>, Tail<E, K>, Below<F, K>, D>[] : Shaped<Target<C, K>, Tail<E, K>, Below<F, K>, D>;
type SureKey<C extends CollectionName, H extends string, D extends boolean> = H extends unknown
  ? RelationOf<C, H>["always"] extends true ? D extends true ? RelationOf<C, H> extends { cascade: true } ? never : H : H : never
  : never;

/** What a request with these options returns for a record. */
export type Result<C extends CollectionName, O = {}> = Returned<C, ExpandOf<O>, FieldsOf<O>, false>;
/** The same of a record that was deleted, maybe together with one that it points to. */
export type DeletedResult<C extends CollectionName, O = {}> = Returned<C, ExpandOf<O>, FieldsOf<O>, true>;
/** The paths that options expand; `never` and `""` for none, `string` where they are not known. */
type ExpandOf<O> = O extends { expand: infer E extends string | undefined } ? E extends string ? E : "" : never;
type FieldsOf<O> = O extends { fields: infer F extends string | undefined } ? F extends undefined | "" ? "*" : F : never;
type Returned<C extends CollectionName, E extends string, F extends string, D extends boolean> =
  [F] extends [never] ? WithExpand<C, E, never, D>
  : Dynamic<F> extends true ? Partial<WithExpand<C, E, never, D>>
  : F extends unknown ? WithExpand<C, E, Split<Plain<F>>, D> : never;
type WithExpand<C extends CollectionName, E extends string, F extends string, D extends boolean> =
  [E] extends [never] ? Shaped<C, never, F, D>
  : Dynamic<E> extends true ? Shaped<C, never, F, D> & { expand?: { [key: string]: unknown } }
  : E extends "" ? Shaped<C, never, F, D> : Shaped<C, Split<E>, F, D>;
/** `Expanded<"posts", "author,comments_via_post.author">`: a record with its relations, for a component's props. */
export type Expanded<C extends CollectionName, E extends string> = Result<C, { expand: E }>;
