"""Who gets the newsletter; nobody but the server reads the list."""

from pocketvex import Base, Rules, field
from schema._shared import Timestamps


class Subscribers(Timestamps, Base):
    email = field.email(required=True, unique=True, except_domains=["example.com", "example.net"])
    confirmed_at = field.date()
    token = field.text(hidden=True, min=32, max=32, autogenerate_pattern="[a-z0-9]{32}")

    # A row that claims to be confirmed is refused: the server writes that after the click on the link.
    rules = Rules(create="@request.body.confirmed_at:isset = false")
