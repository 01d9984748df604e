"""What a person has to say to the table: how each tool was used, and why a cell is as it is."""

from __future__ import annotations

from collections.abc import Mapping

USED: Mapping[str, str] = {
    "pocketvex": "`types generate`, of an export of the server; `createClient` of `api-client.ts`",
    "pocketbase-typegen": "`--url` with a login; its `TypedPocketBase`, `Create` and `Update`",
    "pocketbase-types": "`--url` with a login, by `node`, since its command has no `#!` line; its "
    "`PocketBaseType`; it has no types of payloads, so its records without what the server makes stand for "
    "them",
    "pocketbase-zod-schema": "`generate-types`, of Zod code that says what the server has; its "
    "`TypedPocketBase`; payloads are the input of the Zod schemas",
    "typed-pocketbase": "its command on a server of PocketBase 0.22.27, the last that it can log in to; "
    "its client",
    "pocketbase-ts": "its client with a schema written by hand: what makes one is a hook of PocketBase, "
    "which npm does not hold",
}

HOW = """
The server is PocketBase {pocketbase} where nothing else is said, the compiler TypeScript {typescript} with
`--strict`. `yes` means that every check of the cell passed, `no` that none did; `—` is what cannot be asked
of the tool. A check is a piece of TypeScript that must compile, with lines that must not
(`@ts-expect-error`), in the way of the tool where it has one of its own: `bench/compare/snippets` has them
by the name in the last column, and `found.json` beside it what the compiler said where one failed. What is
not a question of types is run: `hostile.py`, `habits.py` and `ways.py`.

Not in the table, because npm did not give them here: `pocketbase-zod-generator`,
`pocketbase-auto-generate-types`, `pocketforge`, `@thisux/pockettypes` and `@karnak19/pbkit`, of which the
last two want Bun. What their documents say was not checked; `pocketforge` and `@karnak19/pbkit` are said to
watch, and the latter to write Zod and TanStack Query. `pocketbase-schema-generator` is a hook of PocketBase
and no package.
"""

NOTES: Mapping[str, Mapping[str, str]] = {
    "pocketvex": {
        "filter": "The filter stays PocketBase's own string.",
        "code": "Python, of which it makes the database and migrations as well.",
        "called": "From Python.",
    },
    "pocketbase-typegen": {
        "expand": "One writes the type beside the string: `getOne<PostsResponse<unknown, { author: "
        "UsersResponse }>>(…)`. Nothing holds the two together.",
        "any": "In the condition of a helper; no field is `any`.",
        "watch": "Its README has a hook of PocketBase that runs it: see [bench.md](bench.md).",
        "sqlite": "It has `--db`. The module that it needs is compiled or fetched when it is installed, and "
        "no script of a package is run here.",
    },
    "pocketbase-types": {
        "required": "It has no types of payloads.",
        "expand": "One writes the type beside the string, and nothing holds the two together.",
        "watch": "Its README has a hook of PocketBase and an endpoint of the app: see [bench.md](bench.md).",
    },
    "pocketbase-zod-schema": {
        "files": "`FilesField().optional()` comes out as a single `string`.",
        "expand": "Everything that could be expanded may be there, whatever the call asks for.",
        "validate": "The schema is Zod.",
        "code": "Zod schemas in TypeScript, of which it makes migrations as well.",
    },
    "typed-pocketbase": {
        "expand": "By `select: { expand: { author: true } }` in place of the string.",
        "filter": 'Filters are built by functions: `eq("title", "x")`.',
        "plain": "Views extend a type that is not there. Its README writes a `.d.ts`: under `--skipLibCheck` "
        "nobody is told.",
    },
    "pocketbase-ts": {
        "expand": 'By `expand: [{ key: "author" }]` in place of the string.',
        "filter": 'Filters are built by functions: `eq("title", \'"x"\')`.',
    },
}
