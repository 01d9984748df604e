"""The accounts. Email, password and `verified` are part of every auth collection."""

from pocketvex import Auth, Rules, field
from schema._shared import Timestamps

myself = Rules.owner("id")


class Users(Timestamps, Auth):
    name = field.text(max=255)
    avatar = field.file(
        mime_types=["image/jpeg", "image/png", "image/svg+xml", "image/gif", "image/webp"],
    )

    # Anybody may sign up. PocketBase itself keeps people from setting `verified`, or `email` later on.
    rules = Rules(list=myself, view=myself, create=Rules.public(), update=myself, delete=myself)

    password_auth = ["email"]
