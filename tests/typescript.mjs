// The compiler as a process that goes on: `node typescript.mjs <the compiler as a module>`.
// A line on stdin is the arguments of a `tsc`, a line on stdout is what it says. Each call is a program of its
// own with nothing checked yet; what stays from one to the next is TypeScript's library and the packages, read.
import { createInterface } from "node:readline";
import { createRequire } from "node:module";

const ts = createRequire(import.meta.url)(process.argv[2]);
const registry = ts.createDocumentRegistry();
const read = new Map();

function compile(args) {
  const { options, fileNames, errors } = ts.parseCommandLine(args);
  const host = ts.createCompilerHost(options), settings = registry.getKeyForCompilationSettings(options);
  const really = host.getSourceFile;
  host.getSourceFile = (name, version, onError) => {
    if (!/[\\/]node_modules[\\/]/.test(name)) return really(name, version, onError);
    const key = `${name} ${version.impliedNodeFormat} ${settings}`;
    if (!read.has(key)) read.set(key, really(name, version, onError));
    return read.get(key);
  };
  const program = ts.createProgram(fileNames, options, host);
  const emitted = program.emit();
  const wrong = [...errors, ...ts.getPreEmitDiagnostics(program), ...emitted.diagnostics];
  return ts.formatDiagnostics(ts.sortAndDeduplicateDiagnostics(wrong), host);
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(compile(JSON.parse(line))));
}
