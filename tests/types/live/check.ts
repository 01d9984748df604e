// Holds values against what the compiler takes them for. The descriptions come from `describe.mjs`.

export type Description =
  | { kind: "unknown" | "never" | "undefined" | "null" | "string" | "number" | "File" | "Blob" | "Date" | "FormData" }
  | { kind: "literal"; value: string | number | boolean }
  | { kind: "union" | "tuple"; of: number[] }
  | { kind: "array"; of: number }
  | { kind: "id"; of: string }
  | { kind: "object"; members: { [name: string]: { optional: boolean; of: number } }; index: number | null };

interface Descriptions {
  types: Description[];
  labels: { [label: string]: number };
}

/** What does not fit, with the place. */
export const problems: string[] = [];
/** The calls that were reached. */
export const reached = new Set<string>();
/** What the fields that only superusers see are called, by collection. */
export const hidden = new Map<string, readonly string[]>();
/** The ids of records that exist or existed, by collection. */
const ids = new Map<string, Set<string>>();
/** The ids that a type says are of a collection, until it is known which there are. */
let claims: { of: string; id: string; where: string }[] = [];

export function learn(collection: string, found: readonly string[]): void {
  ids.set(collection, new Set([...(ids.get(collection) ?? []), ...found]));
}

/** Holds every id that was seen against the records that there are. */
export function settled(): void {
  for (const { of, id, where } of claims) {
    if (id !== "" && !ids.get(of)?.has(id)) problems.push(`${where}: ${id} is the id of no record of ${of}`);
  }
  claims = [];
}

let known: Descriptions = { types: [], labels: {} };
export function describedBy(descriptions: Descriptions): void {
  known = descriptions;
}

/** Whose answer it is: superusers see hidden fields as well. */
export type Reader = "superuser" | "other";

/** Checks that the value is of the type that the compiler sees in its place, with nothing besides; returns it. */
export function fits<T>(label: string, value: T, reader: Reader = "other"): T {
  reached.add(label);
  const found = mismatch(known.labels[label] ?? -1, value, reader, label);
  if (found !== null) problems.push(found);
  return value;
}

/** What the compiler says of each string: whether it lets it pass. */
export function verdicts<T extends { [text: string]: unknown }>(label: string): Map<keyof T & string, boolean> {
  const found = described<T>(label);
  const result = new Map<keyof T & string, boolean>();
  if (found.kind === "object") {
    for (const [name, { of }] of Object.entries(found.members)) result.set(name, type(of).kind === "literal");
  }
  return result;
}

/** The type itself, as a description. */
export function described<_T>(label: string): Description {
  reached.add(label);
  return type(known.labels[label] ?? -1);
}

export function type(of: number): Description {
  const found = known.types[of];
  if (found === undefined) throw new Error(`no type ${of}`);
  return found;
}

export function problem(text: string): void {
  problems.push(text);
}

export function equal(label: string, found: unknown, wanted: unknown): void {
  if (JSON.stringify(found) !== JSON.stringify(wanted)) {
    problems.push(`${label}: ${JSON.stringify(found)} is not ${JSON.stringify(wanted)}`);
  }
}

/** Where and why the value does not fit, or null. */
function mismatch(of: number, value: unknown, reader: Reader, where: string): string | null {
  const wanted = type(of);
  const wrong = `${where}: ${JSON.stringify(value)?.slice(0, 300)} is no ${shown(wanted)}`;
  switch (wanted.kind) {
    case "unknown":
      return null;
    case "literal":
      return value === wanted.value ? null : wrong;
    case "null":
      return value === null ? null : wrong;
    case "undefined":
      return value === undefined ? null : wrong;
    case "string":
    case "number":
      return typeof value === wanted.kind ? null : wrong;
    case "id":
      if (typeof value !== "string") return wrong;
      claims.push({ of: wanted.of, id: value, where });
      return null;
    case "union": {
      const found = wanted.of.map((one) => mismatch(one, value, reader, where));
      return found.includes(null) ? null : (found.find((one) => one !== null && !one.startsWith(`${where}: `)) ?? wrong);
    }
    case "array":
      if (!Array.isArray(value)) return wrong;
      return first(value.map((one, at) => mismatch(wanted.of, one, reader, `${where}[${at}]`)));
    case "tuple":
      if (!Array.isArray(value) || value.length !== wanted.of.length) return wrong;
      return first(wanted.of.map((one, at) => mismatch(one, value[at], reader, `${where}[${at}]`)));
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value)
        ? inside(wanted, value as { [name: string]: unknown }, reader, where)
        : wrong;
    default:
      return wrong;
  }
}

function inside(wanted: Extract<Description, { kind: "object" }>, value: { [name: string]: unknown }, reader: Reader, where: string): string | null {
  const collection = value["collectionName"];
  const secret = reader === "superuser" && typeof collection === "string" ? (hidden.get(collection) ?? []) : [];
  for (const [name, { optional, of }] of Object.entries(wanted.members)) {
    if (name in value) {
      const found = mismatch(of, value[name], reader, `${where}.${name}`);
      if (found !== null) return found;
    } else if (!optional) return `${where}.${name} is missing in ${JSON.stringify(value).slice(0, 300)}`;
  }
  for (const name of Object.keys(value)) {
    if (name in wanted.members || secret.includes(name)) continue;
    if (wanted.index === null) return `${where}.${name} is there, and no member of the type`;
    const found = mismatch(wanted.index, value[name], reader, `${where}.${name}`);
    if (found !== null) return found;
  }
  return null;
}

function first(found: readonly (string | null)[]): string | null {
  return found.find((one) => one !== null) ?? null;
}

function shown(wanted: Description): string {
  return wanted.kind === "union" ? wanted.of.map((one) => shown(type(one))).join(" | ") : JSON.stringify(wanted).slice(0, 200);
}
