import PocketBase from "pocketbase";
import type {
  AuthMethodsList, BaseAuthStore, ListResult, OAuth2AuthConfig, OTPResponse, RecordModel, RecordService, SendOptions,
  UnsubscribeFunc,
} from "pocketbase";
import type {
  AuthCollection, CheckExpand, CheckFields, CheckSort, CollectionName, CreateOf, DeletedResult, ExpandPath, FilterParameter,
  FilterValue, Invalid, RecordOf, Result, UpdateOf, WritableCollection,
} from "./types.js";

/** The official SDK's client, typed: `createClient("http://127.0.0.1:8090").collection("posts")`. */
export function createClient<Account extends AuthCollection = DefaultAccount>(
  url?: string, authStore?: BaseAuthStore | null, language?: string,
): TypedPocketBase<Account> {
  return new PocketBase(url, authStore, language) as unknown as TypedPocketBase<Account>;
}

/** Who signs in where nothing else is said: everyone but superusers. */
type DefaultAccount = [Exclude<AuthCollection, "_superusers">] extends [never] ? AuthCollection : Exclude<AuthCollection, "_superusers">;

type IdOf<C extends CollectionName> = RecordOf<C>["id"];
// `undefined` is what is not sent: an option that depends on something can always be written down.
interface RequestOptions {
  headers?: { [name: string]: string } | undefined;
  /** Further query parameters. */
  query?: { [name: string]: unknown } | undefined;
  /** Requests with the same key cancel each other; `null` is for a request that nothing cancels. */
  requestKey?: string | null | undefined;
  signal?: AbortSignal | null | undefined;
  // The SDK's own words: without the library of browsers there are no such names.
  cache?: NonNullable<SendOptions["cache"]> | undefined;
  keepalive?: boolean | undefined;
  fetch?: NonNullable<SendOptions["fetch"]> | undefined;
}
interface ExpandOptions<C extends CollectionName> extends RequestOptions {
  expand?: ExpandPath<C> | (string & {}) | undefined;
}
export interface RecordOptions<C extends CollectionName> extends ExpandOptions<C> {
  fields?: (keyof RecordOf<C> & string) | (string & {}) | undefined;
}
type SortName<C extends CollectionName> = Exclude<keyof RecordOf<C> & string, "collectionId" | "collectionName">;
export interface FirstOptions<C extends CollectionName> extends RecordOptions<C> {
  sort?: SortName<C> | `-${SortName<C>}` | (string & {}) | undefined;
}
export interface ListOptions<C extends CollectionName> extends FirstOptions<C> {
  filter?: string | undefined;
  /** Spares the server counting all records; `totalItems` and `totalPages` are -1 then. */
  skipTotal?: boolean | undefined;
}
export interface FullListOptions<C extends CollectionName> extends ListOptions<C> {
  /** How many records each request asks for. */
  batch?: number | undefined;
}
export interface SubscribeOptions<C extends CollectionName> extends RecordOptions<C> {
  filter?: string | undefined;
}

/** Holds options against the schema: what is wrong becomes an `Invalid<"…">` in the compiler's message. */
export type Check<C extends CollectionName, O, Known> =
  (O extends { expand: infer E extends Maybe } ? { expand: CheckExpand<C, E & string> | E & undefined } : unknown) &
  (O extends { fields: infer F extends Maybe } ? { fields: CheckFields<C, F & string, ExpandOf<O>> | F & undefined } : unknown) &
  (O extends { sort: infer S extends Maybe } ? { sort: CheckSort<C, S & string> | S & undefined } : unknown) &
  { [K in Exclude<keyof O, keyof Known> & string]: Invalid<`'${K}' is not an option; for a query parameter of that name use 'query'`> };
type ExpandOf<O> = O extends { expand: infer E extends Maybe } ? E & string : never;
type Maybe = string | undefined;

/** What every collection offers; a view offers nothing more. */
export interface ReadService<C extends CollectionName> {
  readonly collectionIdOrName: string;
  readonly baseCrudPath: string;
  readonly baseCollectionPath: string;
  getFullList<const O extends FullListOptions<C> = {}>(options?: O & Check<C, O, FullListOptions<C>>): Promise<Result<C, O>[]>;
  getList<const O extends ListOptions<C> = {}>(page?: number, perPage?: number, options?: O & Check<C, O, ListOptions<C>>): Promise<ListResult<Result<C, O>>>;
  /** The first record that passes the filter, in the order of `sort`; throws a 404 where none does. */
  getFirstListItem<const O extends FirstOptions<C> = {}>(filter: string, options?: O & Check<C, O, FirstOptions<C>>): Promise<Result<C, O>>;
  getOne<const O extends RecordOptions<C> = {}>(id: IdOf<C>, options?: O & Check<C, O, RecordOptions<C>>): Promise<Result<C, O>>;
  /** Calls back on every change of a record (its id) or of any (`"*"`), as far as the rules show it. */
  subscribe<const O extends SubscribeOptions<C> = {}>(
    topic: "*" | IdOf<C>, callback: (event: RecordEvent<C, O>) => void, options?: O & Check<C, O, SubscribeOptions<C>>,
  ): Promise<UnsubscribeFunc>;
  unsubscribe(topic?: "*" | IdOf<C>): Promise<void>;
}
/** What a subscription with these options hears. What goes together with what it points to comes without that. */
export type RecordEvent<C extends CollectionName, O = {}> = Events<Result<C, O>, DeletedResult<C, O>>["event"];
// Of the records and not of the options, and without a name: telling how events of other options relate takes the
// compiler seconds.
interface Events<R, D> {
  event: { action: "create" | "update"; record: R } | { action: "delete"; record: D };
}
export interface WriteService<C extends CollectionName> extends ReadService<C> {
  create<const O extends RecordOptions<C> = {}>(body: CreateOf<C> | FormData, options?: O & Check<C, O, RecordOptions<C>>): Promise<Result<C, O>>;
  update<const O extends RecordOptions<C> = {}>(id: IdOf<C>, body: UpdateOf<C> | FormData, options?: O & Check<C, O, RecordOptions<C>>): Promise<Result<C, O>>;
  delete(id: IdOf<C>, options?: RequestOptions): Promise<boolean>;
}
export interface AuthService<C extends CollectionName> extends WriteService<C>,
  Pick<RecordService, "requestPasswordReset" | "confirmPasswordReset" | "requestVerification" | "confirmVerification" | "requestEmailChange" | "confirmEmailChange" | "unlinkExternalAuth"> {
  listAuthMethods(options?: RequestOptions): Promise<AuthMethodsList>;
  /** Without `fields`: they would take the token out of the answer. */
  authWithPassword<const O extends ExpandOptions<C> = {}>(identity: string, password: string, options?: O & Check<C, O, ExpandOptions<C>>): Promise<AuthResult<C, O>>;
  requestOTP(email: string, options?: RequestOptions): Promise<OTPResponse>;
  authWithOTP<const O extends ExpandOptions<C> = {}>(otpId: string, password: string, options?: O & Check<C, O, ExpandOptions<C>>): Promise<AuthResult<C, O>>;
  authWithOAuth2(options: Omit<OAuth2Options, "createData"> & { createData?: Partial<CreateOf<C>> }): Promise<AuthResult<C>>;
  authWithOAuth2Code<const O extends ExpandOptions<C> = {}>(
    provider: string, code: string, codeVerifier: string, redirectURL: string, createData?: Partial<CreateOf<C>>, options?: O & Check<C, O, ExpandOptions<C>>,
  ): Promise<AuthResult<C, O>>;
  authRefresh<const O extends ExpandOptions<C> = {}>(options?: O & Check<C, O, ExpandOptions<C>>): Promise<AuthResult<C, O>>;
  listExternalAuths(id: IdOf<C>, options?: RequestOptions): Promise<RecordModel[]>;
  /** A client that acts as this account, for as many seconds; for superusers. */
  impersonate(id: IdOf<C>, duration: number, options?: RequestOptions): Promise<TypedPocketBase<Extract<C, AuthCollection>>>;
}
interface OAuth2Options extends RequestOptions, Pick<OAuth2AuthConfig, "provider" | "scopes" | "urlCallback" | "createData"> {}
/** The account that signed in; its own address is always there. */
export interface AuthResult<C extends CollectionName, O = {}> {
  token: string;
  record: Result<C, O> & { email: string };
  /** What the OAuth2 provider said. */
  meta?: { [key: string]: unknown };
}
/** Requests that succeed or fail together. */
export interface TypedBatch {
  collection<C extends WritableCollection>(name: C): BatchService<C>;
  send(options?: RequestOptions): Promise<{ status: number; body: unknown }[]>;
}
export interface BatchService<C extends WritableCollection> {
  create<const O extends RecordOptions<C> = {}>(body: CreateOf<C> | FormData, options?: O & Check<C, O, RecordOptions<C>>): void;
  update<const O extends RecordOptions<C> = {}>(id: IdOf<C>, body: UpdateOf<C> | FormData, options?: O & Check<C, O, RecordOptions<C>>): void;
  /** Changes the record of this id, or makes it. */
  upsert<const O extends RecordOptions<C> = {}>(body: (CreateOf<C> & { id: string }) | FormData, options?: O & Check<C, O, RecordOptions<C>>): void;
  delete(id: IdOf<C>, options?: RequestOptions): void;
}

/** What was expanded when the account signed in stays with it. */
type Account<C extends AuthCollection> = C extends unknown ? RecordOf<C> & { email: string; expand?: { [key: string]: unknown } } : never;
export interface TypedAuthStore<C extends AuthCollection> extends Omit<BaseAuthStore, "record" | "model" | "save" | "onChange"> {
  readonly record: Account<C> | null;
  save(token: string, record?: Account<C> | null): void;
  /** Returns the function that ends it. */
  onChange(callback: (token: string, record: Account<C> | null) => void, fireImmediately?: boolean): () => void;
}

/** The SDK's client with the collections of this schema; `Account` says who signs in with it. */
export interface TypedPocketBase<Account extends AuthCollection = DefaultAccount>
  extends Omit<PocketBase, "collection" | "filter" | "createBatch" | "authStore" | "send" | "autoCancellation" | "cancelRequest" | "cancelAllRequests"> {
  readonly authStore: TypedAuthStore<Account>;
  collection<C extends AuthCollection>(name: C): AuthService<C>;
  collection<C extends WritableCollection>(name: C): WriteService<C>;
  collection<C extends CollectionName>(name: C): ReadService<C>;
  createBatch(): TypedBatch;
  /** Writes values into a filter, quoted as they must be: every `{:name}` has to be given. */
  filter<const S extends string>(
    raw: S,
    ...values: string extends S ? [values?: { readonly [name: string]: FilterValue }]
      : [FilterParameter<S>] extends [never] ? [] : [values: { readonly [P in FilterParameter<S>]: FilterValue }]
  ): string;
  send<T = unknown>(path: string, options: SendOptions): Promise<T>;
  autoCancellation(enable: boolean): this;
  cancelRequest(requestKey: string): this;
  cancelAllRequests(): this;
}
