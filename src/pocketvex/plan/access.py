"""The verdict on who may do what: rules, auth options and the providers of a sign-in, before and after."""

from __future__ import annotations

from typing import Any

from pocketvex.diff.compare import covers
from pocketvex.diff.operations import ChangeOption
from pocketvex.plan.verdicts import Access, Judgement, Verdict
from pocketvex.rules.narrower import equivalent, narrower
from pocketvex.schema.auth import without_secrets


def access_of_rule(before: str | None, after: str | None, filled: tuple[str, ...] = ()) -> Judgement:
    """`filled` are the fields that are empty in no record."""
    words = f"{rule_words(before)} → {rule_words(after)}"
    if equivalent(before, after):
        return Judgement(Verdict.SAFE, "PV403", f"{words}: the same in other words")
    if narrower(after, before, filled):
        return Judgement(Verdict.SAFE, "PV402", words, Access.CLOSES)
    return Judgement(Verdict.SAFE, "PV401", words, Access.OPENS)


def rule_words(rule: str | None) -> str:
    """`null` and `""` in words that nobody confuses."""
    return {None: "locked (superusers only)", "": "public (everybody)"}.get(rule, f"`{rule}`")


def access_of_option(operation: ChangeOption) -> Judgement:
    """Of an auth option, a rule among them or not."""
    option, before = operation.option, without_secrets(operation.before)
    after = without_secrets(operation.after)
    words = f"{option} {short(before)} → {short(after)}"
    if option in ("authRule", "manageRule"):
        judged = access_of_rule(before, after)
        return judged._replace(reason=f"{option} {judged.reason}")
    if option == "oauth2.providers":
        return _access_of_providers(before or [], after or [])
    enables = option.endswith(".enabled") and option.split(".")[0] in ("passwordAuth", "oauth2", "otp")
    disables_mfa = option in ("mfa.enabled", "authAlert.enabled") and not after
    shorter = option == "otp.length" and (after or 0) < (before or 0)
    if (enables and after) or disables_mfa or shorter or option == "mfa.rule":
        return Judgement(Verdict.SAFE, "PV401", words, Access.OPENS)
    return Judgement(Verdict.SAFE, "PV403", words)


def _access_of_providers(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> Judgement:
    """A list that only loses some closes; whoever is new, or another application, lets others in."""
    known = {provider["name"]: provider for provider in before}
    wanted = {provider["name"]: provider for provider in after}
    new = [name for name in wanted if name not in known]
    changed = [name for name in wanted if name in known and not covers(wanted[name], known[name])]
    gone = [name for name in known if name not in wanted]
    groups = (("added", new), ("changed", changed), ("removed", gone))
    words = "; ".join(f"{what}: {', '.join(names)}" for what, names in groups if names)
    reason = f"sign-in with others: {words or 'in another order'}"
    if new or changed:
        return Judgement(Verdict.SAFE, "PV401", reason, Access.OPENS)
    code, access = ("PV402", Access.CLOSES) if gone else ("PV403", Access.SAME)
    return Judgement(Verdict.SAFE, code, reason, access)


def short(value: Any) -> str:
    """A value in a sentence, at most 60 characters."""
    text = "none" if value is None else '""' if value == "" else str(value)
    return text if len(text) <= 60 else text[:57] + "…"
