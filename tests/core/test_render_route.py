"""The hook that is written for a server: it agrees with the client, and means no name of a schema."""

from __future__ import annotations

from pocketvex.plan.mentions import Gone, find_mentions
from pocketvex.render.migration import server_route as route


def test_the_hook_and_the_client_agree() -> None:
    text = route.route_text()
    assert f'routerAdd("POST", "{route.PATH}", ' in text
    assert f"const protocol = {route.PROTOCOL};" in text
    assert f"const patience = {route.PATIENCE};" in text
    assert f'($os.getenv("{route.HOOK_KEY}") || "").length >= {route.SHORTEST}' in text


def test_a_field_that_goes_is_not_meant_by_it() -> None:
    gone = [Gone("posts.file", "posts", "file")]
    assert not find_mentions(gone, {f"pb_hooks/{route.NAME}": route.route_text()})
