"""The codes of verdicts and findings, with what each means, why it matters and the safe way."""

from __future__ import annotations

from typing import NamedTuple


class Code(NamedTuple):
    title: str
    why: str
    todo: str


CODES: dict[str, Code] = {
    "PV101": Code("something new is added", "Existing rows keep their values.", "Nothing to do."),
    "PV102": Code(
        "a new required field on a collection with rows",
        "Every existing row gets the zero value, which a required field does not accept: the server refuses "
        "each later update of such a row, also one that does not touch the field.",
        "Give the field `backfill=…`, or make it optional, fill it, and make it required then.",
    ),
    "PV103": Code(
        "a unique index over rows that may hold duplicates",
        "The server refuses to make the index while two rows are equal in it; empty texts are equal too. The "
        "evidence counts every row that has an equal, and names the values with how often they stand there.",
        "Change or remove the rows that are equal first (in the draft, a step "
        '`["sql", "DELETE FROM …"]` runs before all others), or leave empty values out with `where=`.',
    ),
    "PV110": Code("an option is widened", "Every value that was allowed still is.", "Nothing to do."),
    "PV111": Code(
        "one value becomes a list",
        "The stored values become lists of one; the API and the types change their shape.",
        "Update the clients together with the schema.",
    ),
    "PV120": Code("a rename that was answered", "The id stays, and with it every value.", "Nothing to do."),
    "PV121": Code(
        "choices of a select go, and it is said what rows hold instead",
        "A migration writes the other choice into the rows; `down` writes back what they held before.",
        "Review the draft and run `pocketvex migrate up`.",
    ),
    "PV201": Code(
        "a field is removed",
        "Its values go with it. A migration keeps them aside, and `down` puts them back.",
        "Review the draft and run `pocketvex migrate up`.",
    ),
    "PV202": Code(
        "a collection is removed",
        "Its rows and files go with it. A migration renames it away instead, and `down` brings it back.",
        "Review the draft and run `pocketvex migrate up`.",
    ),
    "PV203": Code(
        "an option is narrowed",
        "Rows whose values the new option does not allow stay as they are, but the server refuses each later "
        "update of them until the value is changed.",
        "Correct those rows first, or keep the wider option. Where a field becomes required, give it "
        "`backfill=…`: a migration writes that into the rows that are empty.",
    ),
    "PV204": Code(
        "a list becomes one value",
        "PocketBase keeps the last element of each list and drops the others. A migration keeps them aside.",
        "Review the draft and run `pocketvex migrate up`.",
    ),
    "PV205": Code("an index is removed", "No data is lost; lookups may get slower.", "Nothing to do."),
    "PV206": Code(
        "a unique index over a system field is removed",
        "PocketBase refuses to remove it over its API.",
        "A migration does it: run `pocketvex migrate up`.",
    ),
    "PV301": Code(
        "a field gets another type or another target",
        "PocketBase cannot change either in place: the column is made anew. A migration keeps the old values "
        "aside, and `down` puts them back.",
        "Review the draft and run `pocketvex migrate up`.",
    ),
    "PV401": Code(
        "access is opened",
        'Somebody may see or change what was closed to them before. null (locked) and "" (public) are '
        "opposites.",
        "Check that it is meant.",
    ),
    "PV402": Code("access is closed", "Clients that relied on it are locked out.", "Check that it is meant."),
    "PV403": Code("an option is changed", "No data is touched.", "Nothing to do."),
    "PV404": Code("the query of a view is changed", "A view holds no data.", "Nothing to do."),
    "PV501": Code(
        "a collection should be of another type",
        "PocketBase cannot change the type of a collection.",
        "Declare a new collection of that type under another name, copy the rows, then remove the old one.",
    ),
    "PV502": Code(
        "a rename, or two changes?",
        "A thing is gone and another of its kind is new. As a rename it keeps its values; otherwise they "
        "are dropped. Nobody guesses.",
        'Say `renamed_from="old_name"` in the code, or `renamed_from=""` if the new one really is new.',
    ),
    "PV503": Code(
        "a choice goes that rows hold: what instead?",
        "A row that holds a choice which is not in the list can no longer be updated. Nobody guesses what it "
        "should hold.",
        'Say `remap={"old": "new"}` in the code ("" for nothing), or answer with `--answer`.',
    ),
    "PV504": Code(
        "PocketBase refuses every save of the collection",
        "Its name is the id of a collection, its own or another's, which PocketBase takes once and never "
        "again; or an index of it names no table, as 0.37.5 and 0.38.0 leave it; or a rule of it has a "
        "mistake that came there by other ways than a save.",
        "Give it another name with `renamed_from`; update PocketBase to 0.38.1 or later; correct the rule.",
    ),
    "PV601": Code(
        "the server has what neither the code nor the history explain",
        "Somebody changed the server by hand, in the dashboard for example. It is kept.",
        "Adopt it (`pocketvex schema pull NAME`), revert it (`pocketvex schema apply --confirm NAME`), or "
        "ignore it with a reason (`[ignore]` in pocketvex.toml).",
    ),
    "PV701": Code(
        "a mistake in a rule",
        "The server would refuse it: a name that is not there, or something that the filter language of this "
        "version does not have. Nothing is sent. A server looks at rules only when it saves a collection: "
        "what it holds already is a finding of `schema lint`.",
        "Correct it where the carets are.",
    ),
    "PV702": Code(
        "a part of a rule is ignored",
        "PocketBase reads over a name before a parenthesis, and takes a missing operator for the last one: "
        "it accepts the rule, and means something else by it.",
        "Write the operator, or take the part away.",
    ),
    "PV703": Code(
        "an account may write what a rule trusts about it",
        "A rule gives rights by a field of the account, as a role, and another one lets people set that "
        "field themselves: whoever wants the rights takes them.",
        "Add `@request.body.FIELD:isset = false` to the create and the update rule, or make it hidden.",
    ),
    "PV704": Code(
        "a guest passes as the owner of nothing",
        "For a guest `@request.auth.id` is empty. So is a relation without a value: the two are equal, and "
        "the rule lets everybody at the records that nobody owns.",
        "Use `Rules.owner(…)`, add `@request.auth.id != ''`, or make the relation required.",
    ),
    "PV705": Code(
        "the list shows what the view rule hides",
        "The list rule lets more people through than the view rule, and a list shows whole records.",
        "Give both the same rule, or narrow the list rule.",
    ),
    "PV706": Code(
        "a record can be viewed that the list does not show",
        "Who knows an id reads the record, and `expand` follows relations by the view rule: from another "
        "list all of them may be read at once.",
        "Give both the same rule, or silence it where that is meant.",
    ),
    "PV707": Code(
        "an index is never needed",
        "Another index does what it does. It takes room, and time on each write.",
        "Remove it.",
    ),
    "PV708": Code(
        "a relation is looked up without an index",
        "SQLite reads every row of the collection for it, for each list or each record.",
        "Declare the index.",
    ),
    "PV709": Code(
        "required means more than it says",
        "PocketBase takes false and 0 for empty: a required bool must be true, a required number not 0.",
        "Leave `required` out; give a number `min` or `max` where 0 is wrong.",
    ),
    "PV710": Code(
        "a field has a name that clients cannot use",
        "The language of rules and filters, or JavaScript, has no plain way to write it.",
        "Rename the field: its values stay.",
    ),
    "PV711": Code(
        "a name that nothing has",
        "The server looks up what stands behind `@request.auth.` and `@request.body.` only when somebody "
        "asks, and what is not there is empty: a comparison is never true, or, where it says `!=`, it lets "
        "everybody through. After a rename a rule, an index or a view may still say the old name.",
        "Correct the name, or declare the field; for accounts it is enough that one auth collection has it.",
    ),
    "PV712": Code(
        "a comparison with what is no choice of the field",
        "No record holds it: the comparison is never true, or, where it says `!=`, it leaves nobody "
        "out. A slip of the pen, or a choice that has another name by now: no rule, view or index is changed "
        "with it.",
        "Compare with one of the choices, or declare this one.",
    ),
    "PV720": Code(
        "PocketBase refuses it when the collection is saved",
        "A server may hold it all the same: an older version took it, or a migration wrote it that checks "
        "nothing. Nothing new of the kind is sent, and PocketBase takes no other change of that collection "
        "meanwhile.",
        "Correct it, on the server first where it holds it.",
    ),
    "PV721": Code(
        "an option cannot do what it says",
        "PocketBase takes it without a word: a choice that stands twice, a range that holds nothing, a name "
        "to sign in by that no field has.",
        "Correct it.",
    ),
    "PV790": Code(
        "a comment silences nothing",
        "What it was about is gone, or was never found here. Left alone, it would hide the next one.",
        "Remove the comment.",
    ),
    "PV801": Code(
        "the project cannot be worked with as it is",
        "Other commands stop at it, or pass over a part of the configuration.",
        "The finding says what to correct.",
    ),
    "PV802": Code(
        "a check was late, or broke",
        "Nothing is known of what it looks at. The other checks are not affected.",
        "Run `pocketvex doctor` again; the command that is about it says more.",
    ),
    "PV803": Code(
        "a library is missing, or of a version that PocketVex was not made for",
        "Another program changed the environment that PocketVex is installed in.",
        "Install PocketVex into an environment of its own.",
    ),
    "PV804": Code(
        "the credentials of a host are not set",
        "A command about that host asks on a terminal, and stops elsewhere.",
        "Set the variables, or sign in with `pocketvex login`.",
    ),
    "PV805": Code(
        "a server is reached without encryption",
        "Whoever carries the traffic can read the password and every record.",
        "Put TLS in front of it, or a tunnel, and write https:// into the configuration.",
    ),
    "PV806": Code(
        "another PocketBase than the one that is meant",
        "Migrations are tried on the version that is pinned; another one may judge otherwise.",
        "Pin the version that production runs.",
    ),
    "PV807": Code(
        "a file of the history is not as it was sealed",
        "A server that ran it before never sees the edit, and a new one is built otherwise.",
        "Restore it; see `pocketvex migrate verify`.",
    ),
    "PV808": Code(
        "generated files are stale",
        "The front end is checked against a schema that is not this one.",
        "Run `pocketvex types generate`.",
    ),
    "PV809": Code(
        "a secret of the schema is not set here",
        "What is sent from here leaves out the provider that needs it.",
        "Set the variable where `dev` and `migrate up` run.",
    ),
    "PV810": Code(
        "something private is, or may get, into version control",
        "The local folder holds the data, the password and the token of the embedded server.",
        "Take it out with `git rm --cached`, ignore it, and change what was pushed.",
    ),
    "PV811": Code(
        "others on this machine can read a secret",
        "A password or a token lies in a file that is open to all users.",
        "Close it: `pocketvex doctor --fix`.",
    ),
    "PV812": Code(
        "caches take much room",
        "Shadows are kept so that commands need not build them again.",
        "Delete `.pocketvex/shadow` at any time.",
    ),
    "PV813": Code(
        "the server cannot be looked at",
        "It does not answer, does not let us in, or is no PocketBase.",
        "`pocketvex util test-connection` looks at that alone.",
    ),
    "PV820": Code(
        "the clocks differ",
        "Tokens expire by the server's clock, and migrations are named and ordered by this machine's.",
        "Set both by NTP.",
    ),
    "PV821": Code(
        "the server limits who signs in, and how often",
        "A job of CI that signs in often, or from another address, is refused.",
        "Add its address, or use a token.",
    ),
    "PV822": Code(
        "no recent backup",
        "PocketVex makes one before a migration that takes values away; nothing else is saved by it.",
        "Give the server a schedule, and try once to restore one.",
    ),
    "PV823": Code(
        "the server keeps no logs",
        "What went wrong cannot be looked up afterwards.",
        "Keep some days of them.",
    ),
    "PV824": Code(
        "automigrate is on",
        "PocketBase writes a file for each change in its dashboard: beside those of PocketVex they are "
        "a second history.",
        "Start the server with `--automigrate=false`.",
    ),
    "PV825": Code(
        "a running server has lost the locks on its database",
        "A second process that opens the files believes to be alone, and what the server writes afterwards "
        "is lost.",
        "Restart the server.",
    ),
    "PV826": Code(
        "migrations did not run on a server",
        "The code is ahead of it.",
        "Run `pocketvex migrate up`.",
    ),
    "PV827": Code(
        "the server has what neither code nor history explain",
        "Somebody changed it in the dashboard, or with another tool. PocketVex leaves it alone.",
        "Take it into the code with `pocketvex schema pull`, or agree to its removal by name.",
    ),
}
