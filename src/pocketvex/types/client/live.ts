import type { Check, RecordOptions } from "./client.js";
import type { CollectionName, Result } from "./types.js";
// ------ The second part of api-client.ts; what stands above this line is left out of it. ------

/** What a live list shows. It is replaced as a whole, and records that did not change stay the same objects. */
export interface LiveState<R> {
  /**
   * `loading` until the first answer, then `live`; `reconnecting` while the server's events cannot be heard;
   * `closed` when the last subscriber has left.
   */
  readonly status: "loading" | "live" | "reconnecting" | "closed";
  readonly records: readonly R[];
  /** Why the server could not be heard or did not answer, until it does. */
  readonly error: Error | null;
}
export interface LiveList<R> {
  /** Calls back at once and after every change, until the function that it returns is called. */
  readonly subscribe: (listener: (state: LiveState<R>) => void) => () => void;
  /** The state as it is; the same object until something changes. */
  readonly get: () => LiveState<R>;
  /** Reads everything again. */
  readonly refresh: () => void;
}
export interface LiveOptions<C extends CollectionName> extends Pick<RecordOptions<C>, "expand" | "fields" | "headers"> {
  filter?: string | undefined;
  /**
   * Records that are equal in it stand in the order of their ids. By fields of the record itself it spares reads:
   * what changed can be put into its place. Without it the order is what the server gives.
   */
  sort?: string | undefined;
  /** Only the first so many. Up to 1000 are one request; of a longer list more is read again when something changes. */
  limit?: number | undefined;
  /** Collections whose changes concern the list too: those that are expanded, that the filter looks into, that a view reads. */
  watch?: readonly CollectionName[] | undefined;
}

/**
 * The records of a collection, kept as they are on the server:
 *
 *     const posts = liveList(pb, "posts", { filter: "draft = false", sort: "-created", limit: 50 });
 *     const stop = posts.subscribe(({ records }) => draw(records));
 *
 * It is a Svelte store as it is, and fits React's `useSyncExternalStore(posts.subscribe, posts.get, posts.get)`.
 * The first subscriber opens it, the last one that leaves closes it.
 *
 * - When changes stop, the list is what the server returns for these options: nothing missing, nothing double, in the
 *   server's order. The server alone says what passes the filter: what changed is asked for by its ids.
 * - One read at a time. Under a stream of changes the pauses between reads grow to a second. A read that failed is
 *   tried again after growing pauses, but not one that the server refused (400, 401, 403, 404).
 * - After a broken connection everything is read once more; until then the old records stay.
 * - Another user's list begins empty. What may not be seen any longer (401, 403, 404) goes.
 * - Not heard of: a record that a rule hides from now on (PocketBase sends nothing), and changes in other collections
 *   than this one and those of `watch`. Both show after `refresh()` and after a reconnect; PocketBase ends a
 *   connection that was quiet for five minutes.
 * - The lists of a client share one connection, apart from that of `pb.realtime`.
 */
export function liveList<C extends CollectionName, const O extends LiveOptions<C> = {}>(
  pb: Client, collection: C, options?: O & Check<C, O, LiveOptions<C>>,
): LiveList<Result<C, O>> {
  const list = new Live(pb, collection, options ?? {});
  return list as unknown as LiveList<Result<C, O>>;
}

interface Row {
  readonly id: string;
  readonly [field: string]: unknown;
}
interface Change {
  action: "create" | "update" | "delete";
  record: Row;
}
/** What a list needs of the SDK. */
interface Client {
  readonly authStore: { readonly token: string; readonly record: object | null; onChange(callback: () => void): () => void };
  buildURL(path: string): string;
  send<T>(path: string, options: { [name: string]: unknown }): Promise<T>;
}
type Plan = LiveOptions<CollectionName>;

/** PocketBase's own limits: records on a page, keys of a sort; and how much of its filter (3500 characters) ids may take. */
const PAGE = 1000, SORT_KEYS = 8, ASKED = 50, ASKED_LENGTH = 1500;
/** Milliseconds: events are gathered for so long; reads are so far apart at first and at last; two changes so close may come in the wrong order. */
const GATHER = 20, PAUSE = 50, LONGEST_PAUSE = 1000, CLOSE = 1000;
/** The answers that do not change by asking again. */
const REFUSALS = [400, 401, 403, 404];

class Live {
  private state: LiveState<Row> = { status: "loading", records: [], error: null };
  private readonly listeners = new Set<{ call: (state: LiveState<Row>) => void }>();
  private readonly pb: Client;
  private readonly path: string;
  private readonly plan: Plan;
  private readonly order: Order;
  /** Cancels what is under way; another one from each opening to the next. */
  private run = new AbortController();
  private heard = false;
  private loaded = false;
  private lost: Error | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private reading = false;
  /** Whether nothing but whole reads will do. */
  private whole: boolean;
  private refused = false;
  private failures = 0;
  /** What the next pass has to see to: everything, or these ids; with the event where it tells enough. */
  private everything = true;
  private changed = new Map<string, Change | null>();
  /** When an event of a record was last heard. */
  private recent = new Map<string, number>();
  private lastRead = -Infinity;
  private pause = PAUSE;
  /** When the last read ended that took several pages, and how often in a row one came out too short. */
  private paged = -Infinity;
  private shifted = 0;
  readonly topics: readonly string[];

  constructor(pb: Client, collection: string, plan: Plan) {
    if (plan.limit !== undefined && !(Number.isInteger(plan.limit) && plan.limit > 0)) {
      throw new RangeError(`liveList: limit is ${plan.limit}, and has to be a whole number above 0`);
    }
    this.pb = pb;
    this.path = `/api/collections/${encodeURIComponent(collection)}/records`;
    this.plan = plan;
    this.order = new Order(plan.sort ?? "", plan.fields ?? "");
    this.whole = this.order.hidden;
    // Without the filter: an update that makes a record leave it would send nothing.
    const wanted = { query: { expand: plan.expand, fields: this.fields() }, headers: plan.headers };
    this.topics = [
      `${collection}/*?options=${encodeURIComponent(JSON.stringify(wanted))}`,
      ...(plan.watch ?? []).map((other) => `${other}/*?options=${encodeURIComponent('{"query":{"fields":"id"}}')}`),
    ];
  }

  readonly get = (): LiveState<Row> => this.state;

  readonly subscribe = (listener: (state: LiveState<Row>) => void): (() => void) => {
    const entry = { call: listener };
    if (this.listeners.size === 0) this.open();
    this.listeners.add(entry);
    call(listener, this.state);
    return () => {
      if (this.listeners.delete(entry) && this.listeners.size === 0) this.close();
    };
  };

  readonly refresh = (): void => {
    if (this.listeners.size > 0) this.readAgain();
  };

  private open(): void {
    this.begin();
    const run = this.run;
    // Not at once: who subscribes, leaves and subscribes again in one go opens one connection.
    queueMicrotask(() => {
      if (this.run === run && !run.signal.aborted) feedOf(this.pb).join(this);
    });
  }

  private close(): void {
    this.end();
    feedOf(this.pb).leave(this);
    this.state = { status: "closed", records: [], error: null };
  }

  private end(): void {
    this.run.abort();
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  /** Forgets everything: on opening, and when somebody else is signed in. */
  begin(): void {
    this.end();
    this.run = new AbortController();
    this.heard = this.loaded = this.reading = this.refused = false;
    this.lost = null;
    this.failures = this.shifted = 0;
    this.everything = true;
    this.changed.clear();
    this.show({ status: "loading", records: [], error: null });
  }

  /** The server sends its events from now on. */
  up(): void {
    if (this.heard) return;
    this.heard = true;
    this.lost = null;
    this.readAgain();
  }

  /** No events come any more; without an error a new connection is under way, and nothing is to be shown yet. */
  down(error: Error | null): void {
    this.heard = false;
    if (!error) return;
    this.lost = error;
    // A server whose events do not get through may still answer.
    if (!this.loaded) this.readAgain();
    this.show({ status: "reconnecting", error });
  }

  readAgain(): void {
    this.everything = true;
    this.refused = false;
    this.failures = 0;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.schedule(0);
  }

  event(topic: string, change: Change): void {
    const id = change.record?.id, now = performance.now();
    if (topic !== this.topics[0] || !id || now - this.paged < CLOSE) this.everything = true;
    else {
      // PocketBase may send the events of two changes in the wrong order: such a record is asked for.
      const sure = !this.changed.has(id) && now - (this.recent.get(id) ?? -Infinity) > CLOSE;
      this.changed.set(id, sure ? change : null);
      this.recent.set(id, now);
    }
    this.schedule(GATHER);
  }

  private schedule(wait: number): void {
    if (this.reading || this.refused || this.timer !== undefined) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.pass();
    }, wait);
  }

  /** Sees to what has gathered: from the events where they will do, else by one read. */
  private pass(): void {
    for (const [id, when] of this.recent) if (performance.now() - when > CLOSE) this.recent.delete(id);
    if (!this.everything) this.apply();
    if (!this.everything && this.changed.size === 0) return;
    const since = performance.now() - this.lastRead;
    if (since < this.pause) return this.schedule(this.pause - since);
    this.pause = since > LONGEST_PAUSE ? PAUSE : Math.min(2 * this.pause, LONGEST_PAUSE);
    void this.read();
  }

  /** Takes what the events say; leaves in `changed` what has to be asked for. */
  private apply(): void {
    let records: readonly Row[] | null = this.state.records;
    for (const [id, change] of this.changed) {
      if (!change || (change.action !== "delete" && this.plan.filter)) continue;
      this.changed.delete(id);
      records = change.action === "delete" ? this.without(records, id) : this.with(records, change.record);
      if (!records) break;
    }
    if (records) this.show({ records });
    else this.everything = true;
  }

  private async read(): Promise<void> {
    const { run, heard } = this;
    const asked = [...this.changed.keys()];
    const all = this.everything || this.whole || asked.length > ASKED || JSON.stringify(asked).length > ASKED_LENGTH;
    this.reading = true;
    this.everything = false;
    this.changed.clear();
    try {
      const records = all ? await this.fetchAll() : this.merge(asked, await this.fetchThese(asked));
      if (this.run !== run || run.signal.aborted) return;
      this.finish(records, heard);
    } catch (error) {
      if (this.run !== run || run.signal.aborted) return;
      this.fail(error instanceof Error ? error : new Error(String(error)), all);
    }
  }

  private finish(records: readonly Row[] | null, heard: boolean): void {
    this.reading = false;
    this.lastRead = performance.now();
    this.failures = 0;
    this.loaded ||= records !== null;
    if (!records) this.everything = true;
    if (this.everything || this.changed.size > 0) this.schedule(GATHER);
    const status = heard && this.heard ? "live" : this.state.status;
    if (records) this.show({ status, records: this.kept(records), error: this.lost });
  }

  private fail(error: Error, all: boolean): void {
    const { status } = error as { status?: number };
    this.reading = false;
    this.lastRead = performance.now();
    this.everything = true;
    // A filter that is fine by itself may be too long with ids in it.
    this.whole ||= !all && status === 400;
    this.refused = all && REFUSALS.includes(status ?? 0);
    // Without a connection there is no point in asking: everything is read when there is one.
    if (this.heard) this.schedule(backoff(this.failures++));
    if (all || !this.whole) this.show(this.refused && status !== 400 ? { records: [], error } : { error });
  }

  private async fetchAll(): Promise<Row[] | null> {
    const limit = this.plan.limit ?? Infinity, size = Math.min(limit, PAGE);
    const rows = new Map<string, Row>();
    for (let page = 1; ; page++) {
      const { items, totalItems } = await this.fetch(page, size, this.plan.filter);
      for (const row of items) rows.set(row.id, row);
      if (items.length === size && page * size < limit) continue;
      if (page > 1) {
        // What changes between two pages moves others from one to the other, unheard.
        this.paged = performance.now();
        this.shifted = rows.size < Math.min(limit, totalItems) ? this.shifted + 1 : 0;
        if (this.changed.size > 0 || (this.shifted > 0 && this.shifted <= 3)) this.everything = true;
      }
      return [...rows.values()].slice(0, limit);
    }
  }

  private async fetchThese(ids: readonly string[]): Promise<Row[]> {
    const these = ids.map((id) => `id = ${JSON.stringify(id)}`).join(" || ");
    // On a line of its own: the filter may end with a comment.
    const filter = this.plan.filter ? `(${this.plan.filter}\n) && (${these})` : these;
    return (await this.fetch(1, ids.length, filter)).items;
  }

  private fetch(page: number, perPage: number, filter: string | undefined): Promise<{ items: Row[]; totalItems: number }> {
    const { expand, headers } = this.plan;
    const query = {
      page, perPage, filter, expand, sort: this.order.sort || undefined, fields: this.fields(),
      skipTotal: page === 1 ? 1 : undefined,
    };
    // The key `null`: neither do other requests cancel this one, nor this one others.
    return this.pb.send(this.path, { method: "GET", query, headers, requestKey: null, signal: this.run.signal });
  }

  /** The fields that are asked for; the list cannot do without the id. */
  private fields(): string | undefined {
    return this.plan.fields ? `${this.plan.fields},id` : undefined;
  }

  /** The records after the server said which of `asked` are in the list; null where only a whole read can tell. */
  private merge(asked: readonly string[], rows: readonly Row[]): readonly Row[] | null {
    let records: readonly Row[] | null = this.state.records;
    for (const id of asked) {
      const row = rows.find((each) => each.id === id);
      if (records) records = row ? this.with(records, row) : this.without(records, id);
    }
    return records;
  }

  private without(records: readonly Row[], id: string): readonly Row[] | null {
    const rest = records.filter((row) => row.id !== id);
    if (rest.length === records.length) return records;
    return records.length === this.plan.limit ? null : rest;
  }

  private with(records: readonly Row[], row: Row): readonly Row[] | null {
    const before = records.find((each) => each.id === row.id);
    if (before && this.order.same(before, row)) return records.map((each) => (each.id === row.id ? row : each));
    const rest = records.filter((each) => each.id !== row.id);
    const place = this.order.place(rest, row);
    if (place === null) return null;
    const full = records.length === this.plan.limit;
    // The last one of a full list may stand behind one that is not in it.
    if (before && full && place === rest.length) return null;
    return [...rest.slice(0, place), row, ...rest.slice(place)].slice(0, this.plan.limit);
  }

  /** The same records, as the objects that they were where nothing in them changed. */
  private kept(records: readonly Row[]): readonly Row[] {
    const old = new Map(this.state.records.map((row) => [row.id, row]));
    return records.map((row) => {
      const before = old.get(row.id);
      return before && JSON.stringify(before) === JSON.stringify(row) ? before : row;
    });
  }

  private show(news: Partial<LiveState<Row>>): void {
    const { status, records, error } = { ...this.state, ...news };
    const now = this.state;
    const same = records.length === now.records.length && records.every((row, index) => row === now.records[index]);
    if (same && status === now.status && error === now.error) return;
    const state = (this.state = { status, records: same ? now.records : records, error });
    for (const entry of [...this.listeners]) {
      if (this.state === state && this.listeners.has(entry)) call(entry.call, state);
    }
  }
}

/** The order of a list, as far as its records tell it. */
class Order {
  /** What the server is asked to sort by. */
  readonly sort: string;
  /** Whether only the server knows it: relations, `@random`, parts of json, fields that are not asked for as they are. */
  readonly hidden: boolean;
  private readonly keys: { name: string; down: boolean }[];

  constructor(sort: string, fields: string) {
    const terms = sort.split(",").map((term) => term.trim()).filter((term) => term !== "");
    this.keys = terms.map((term) => ({ name: term.replace(/^[-+]/, ""), down: term.startsWith("-") }));
    const names = this.keys.map(({ name }) => name);
    this.hidden = fields.includes(":") || !names.every((name) => /^\w+$/.test(name));
    // Records that are equal in all keys have no order of their own: SQLite's depends on its indexes.
    const ties = names.length > 0 && names.length < SORT_KEYS && !names.includes("id") && !names.includes("@random");
    if (ties) this.keys.push({ name: "id", down: false });
    this.sort = this.keys.map(({ name, down }) => (down ? `-${name}` : name)).join(",");
  }

  /** Whether a record stays where it was. */
  same(before: Row, after: Row): boolean {
    return !this.hidden && this.keys.every(({ name }) => compare(before[name], after[name]) === 0);
  }

  /** Before which of the rows it stands; null where only the server can tell. */
  place(rows: readonly Row[], row: Row): number | null {
    if (this.hidden) return null;
    for (const [index, other] of rows.entries()) {
      const sign = this.compare(row, other);
      // Equal, or not to be told.
      if (!sign) return null;
      if (sign < 0) return index;
    }
    return rows.length;
  }

  private compare(one: Row, other: Row): number {
    for (const { name, down } of this.keys) {
      const sign = compare(one[name], other[name]);
      if (sign !== 0) return down ? -sign : sign;
    }
    return 0;
  }
}

/** As SQLite sorts: null, then numbers and bools, then text by its UTF-8 bytes; NaN where that cannot be told. */
function compare(one: unknown, other: unknown): number {
  const ranks = rank(one) - rank(other);
  if (ranks !== 0 || one === null) return ranks;
  if (typeof one === "string" && typeof other === "string") return compareText(one, other);
  return Number(one) - Number(other);
}
function rank(value: unknown): number {
  if (value === null) return 0;
  return typeof value === "number" || typeof value === "boolean" ? 1 : typeof value === "string" ? 2 : NaN;
}
function compareText(one: string, other: string): number {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at++;
  // In UTF-16 what is written as two units (from U+10000 on) begins below U+E000; in UTF-8 it stands behind.
  const [a, b] = [one, other].map((text) => text.charCodeAt(at)).map((unit) => (unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit));
  return at === one.length || at === other.length ? one.length - other.length : a! - b!;
}

const feeds = new WeakMap<Client, Feed>();
function feedOf(pb: Client): Feed {
  const feed = feeds.get(pb) ?? new Feed(pb);
  feeds.set(pb, feed);
  return feed;
}

/** The connection that the live lists of a client share: one stream of events, opened again when it breaks. */
class Feed {
  private readonly pb: Client;
  private readonly lists = new Set<Live>();
  private source: EventSource | null = null;
  private clientId = "";
  private run = new AbortController();
  private telling: Promise<void> = Promise.resolve();
  private waiting = false;
  /** Whether there is a connection, or one is being made. */
  private awake = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private opened = 0;
  private failures = 0;
  private problem: Error | null = null;
  private viewer = "";
  private account = "";
  private forget: () => void = () => undefined;

  constructor(pb: Client) {
    this.pb = pb;
  }

  join(list: Live): void {
    this.lists.add(list);
    if (this.awake) {
      for (const topic of list.topics) this.source?.addEventListener(topic, this.hear);
      if (this.problem) list.down(this.problem);
      return this.tell();
    }
    this.awake = true;
    [this.viewer, this.account] = this.signedIn();
    this.forget = this.pb.authStore.onChange(() => this.authChanged());
    this.open();
  }

  leave(list: Live): void {
    if (!this.lists.delete(list)) return;
    const heard = new Set([...this.lists].flatMap(({ topics }) => topics));
    for (const topic of list.topics) if (!heard.has(topic)) this.source?.removeEventListener(topic, this.hear);
    if (this.lists.size > 0) return this.tell();
    // Not at once: a list that takes its place in the same go joins first, and the connection stays.
    queueMicrotask(() => queueMicrotask(() => this.rest()));
  }

  // One for all lists and topics: Node warns of a leak where more than ten listen to the same.
  private readonly hear = (event: Event): void => {
    for (const list of this.lists) {
      if (list.topics.includes(event.type)) list.event(event.type, JSON.parse(String((event as MessageEvent).data)));
    }
  };

  private rest(): void {
    if (this.lists.size > 0 || !this.awake) return;
    this.awake = false;
    this.forget();
    this.drop();
    this.failures = 0;
    this.problem = null;
  }

  private open(patience = 15_000): void {
    this.drop();
    if (this.lists.size === 0) return;
    if (typeof EventSource === "undefined") {
      return this.broke(new Error('liveList needs EventSource, which is not there: Node has it with the package "eventsource"'));
    }
    let source: EventSource;
    try {
      source = this.source = new EventSource(this.pb.buildURL("/api/realtime"));
    } catch (error) {
      return this.broke(error instanceof Error ? error : new Error(String(error)));
    }
    this.opened = performance.now();
    this.timer = setTimeout(() => this.broke(new Error("The server's events did not begin in time.")), patience);
    source.onerror = () => this.broke(new Error("The connection for the server's events broke."));
    source.addEventListener("PB_CONNECT", (event: Event) => {
      this.clientId = (event as MessageEvent).lastEventId;
      this.tell();
    });
    for (const list of this.lists) for (const topic of list.topics) source.addEventListener(topic, this.hear);
  }

  private drop(): void {
    clearTimeout(this.timer);
    this.run.abort();
    this.run = new AbortController();
    if (this.source) this.source.onerror = null;
    this.source?.close();
    this.source = null;
    this.clientId = "";
  }

  private broke(error: Error): void {
    // One that held for a while was ended for being quiet, as PocketBase and proxies do: the next is made in silence.
    const held = this.clientId !== "" && performance.now() - this.opened > 10_000;
    this.drop();
    if (held) this.failures = 0;
    else this.problem = error;
    for (const list of [...this.lists]) list.down(this.problem);
    if (held && !this.problem) this.open(2_000);
    // One that breaks at once gets a slower start each time.
    else if (this.lists.size > 0) this.timer = setTimeout(() => this.open(), backoff(this.failures++));
  }

  /** Tells the server what is listened to, once for all that change in one go. */
  private tell(): void {
    if (this.waiting) return;
    this.waiting = true;
    this.telling = this.telling.then(() => {
      this.waiting = false;
      return this.subscribe();
    });
  }

  private async subscribe(): Promise<void> {
    const { run, clientId } = this, lists = [...this.lists];
    if (!clientId) return;
    const body = { clientId, subscriptions: [...new Set(lists.flatMap((list) => list.topics))] };
    try {
      await this.pb.send("/api/realtime", { method: "POST", body, requestKey: null, signal: run.signal });
      if (run.signal.aborted) return;
      clearTimeout(this.timer);
      this.problem = null;
      for (const list of lists) if (this.lists.has(list)) list.up();
    } catch (error) {
      if (!run.signal.aborted) this.broke(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** PocketBase keeps a connection to the user that it began with: another user needs another one. */
  private authChanged(): void {
    const [viewer, account] = this.signedIn();
    const lists = [...this.lists], another = viewer !== this.viewer, changed = account !== this.account;
    this.viewer = viewer;
    this.account = account;
    if (another) {
      this.drop();
      this.failures = 0;
      this.problem = null;
      for (const list of lists) if (this.lists.has(list)) list.begin();
      this.open();
    } else if (changed) for (const list of lists) list.readAgain();
  }

  /** Who is signed in, and what is known of the account. */
  private signedIn(): [viewer: string, account: string] {
    const { token, record } = this.pb.authStore;
    const { collectionId = "", id = token } = (record ?? {}) as { collectionId?: string; id?: string };
    return [`${collectionId}/${id}`, JSON.stringify(record)];
  }
}

/** A growing wait, in milliseconds, not the same for every visitor: up to some 15 seconds. */
function backoff(failures: number): number {
  return Math.min(250 * 2 ** failures, 15_000) * (0.75 + Math.random() / 2);
}

/** A listener that throws is the application's business, and no reason to keep the others waiting. */
function call<R>(listener: (state: LiveState<R>) => void, state: LiveState<R>): void {
  try {
    listener(state);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
