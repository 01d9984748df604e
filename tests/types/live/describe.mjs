// Compiles the modules of a folder, and writes down for each call of `fits`, `verdicts` and `described` what the
// compiler takes its value for: those descriptions are held against what a server really returns.
import { createRequire } from "node:module";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [, , folder, library, ...flags] = process.argv;
const ts = createRequire(import.meta.url)(library);
const files = readdirSync(folder).filter((name) => name.endsWith(".ts")).map((name) => join(folder, name));
const { options, errors } = ts.parseCommandLine(flags);
const program = ts.createProgram(files, { ...options, outDir: folder });
const emitted = program.emit();
const wrong = [...errors, ...ts.getPreEmitDiagnostics(program), ...emitted.diagnostics];
if (wrong.length > 0) {
  const host = { getCanonicalFileName: (name) => name, getCurrentDirectory: () => folder, getNewLine: () => "\n" };
  console.error(ts.formatDiagnostics(wrong, host));
  process.exit(1);
}

const checker = program.getTypeChecker();
const seen = new Map();
const types = [];

/** The place of a type in the list; a type that holds itself is written once. */
function place(type, node) {
  if (!seen.has(type)) {
    seen.set(type, types.length);
    const own = types.push({}) - 1;
    types[own] = description(type, node);
  }
  return seen.get(type);
}

function description(type, node) {
  const { flags } = type, F = ts.TypeFlags;
  if (flags & F.Any) throw new Error(`any at ${node.getSourceFile().fileName}: ${node.getText()}`);
  if (flags & F.Unknown) return { kind: "unknown" };
  if (flags & F.Never) return { kind: "never" };
  if (flags & (F.Undefined | F.Void)) return { kind: "undefined" };
  if (flags & F.Null) return { kind: "null" };
  if (type.isStringLiteral() || type.isNumberLiteral()) return { kind: "literal", value: type.value };
  if (flags & F.BooleanLiteral) return { kind: "literal", value: checker.typeToString(type) === "true" };
  if (flags & F.String) return { kind: "string" };
  if (flags & F.Number) return { kind: "number" };
  if (type.isUnion()) return { kind: "union", of: type.types.map((one) => place(one, node)) };
  if (type.isIntersection() && type.types.some((one) => one.flags & F.String)) return id(type, node);
  if (checker.isArrayType(type)) return { kind: "array", of: place(checker.getTypeArguments(type)[0], node) };
  if (checker.isTupleType(type)) return { kind: "tuple", of: checker.getTypeArguments(type).map((one) => place(one, node)) };
  if (flags & F.Object || type.isIntersection()) return object(type, node);
  throw new Error(`${checker.typeToString(type)} at ${node.getText()}`);
}

/** A string that says which collection's record it is the id of. */
function id(type, node) {
  const [flavor] = checker.getPropertiesOfType(type).filter((member) => member.getName().startsWith("__@flavor"));
  const collection = checker.getNonNullableType(checker.getTypeOfSymbolAtLocation(flavor, node));
  return { kind: "id", of: collection.value };
}

function object(type, node) {
  if (["File", "Blob", "Date", "FormData"].includes(type.symbol?.getName())) return { kind: type.symbol.getName() };
  const members = {};
  for (const member of checker.getPropertiesOfType(type)) {
    members[member.getName()] = {
      optional: Boolean(member.flags & ts.SymbolFlags.Optional),
      of: place(checker.getTypeOfSymbolAtLocation(member, node), node),
    };
  }
  const index = type.getStringIndexType();
  return { kind: "object", members, index: index === undefined ? null : place(index, node) };
}

const labels = {};
function visit(node) {
  if (ts.isCallExpression(node) && ["fits", "verdicts", "described"].includes(node.expression.getText())) {
    const label = node.arguments[0];
    if (!ts.isStringLiteral(label)) throw new Error(`the label must be a literal: ${node.getText()}`);
    if (label.text in labels) throw new Error(`two calls are called '${label.text}'`);
    const about = node.typeArguments?.[0];
    const type = about ? checker.getTypeFromTypeNode(about) : checker.getTypeAtLocation(node.arguments[1]);
    labels[label.text] = place(checker.getAwaitedType(type) ?? type, node);
  }
  ts.forEachChild(node, visit);
}
for (const source of program.getSourceFiles()) {
  if (files.includes(source.fileName) && !source.fileName.endsWith("check.ts")) visit(source);
}
writeFileSync(join(folder, "described.json"), JSON.stringify({ types, labels }));
