"""What several collections have in common."""

from pocketvex import Rules, field


class Timestamps:
    """When a record was made and last changed; the server keeps both."""

    created, updated = field.timestamps()


owner = Rules.owner("user")
"""The account that `user` points at. On create the rule sees the new record: nobody makes rows for others."""

same_owner = "@request.body.user:isset = false || @request.body.user = @request.auth.id"
"""On update `owner` sees the stored record only: what the request makes of `user` needs a condition too."""


def not_sent(*names: str) -> str:
    """The request leaves these fields alone: they are the server's to set."""
    return " && ".join(f"@request.body.{name}:isset = false" for name in names)
