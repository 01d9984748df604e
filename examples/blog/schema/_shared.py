"""What several collections have in common: fields as mixins, rules as names."""

from pocketvex import Rules, field

SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"


class Timestamps:
    """When a record was made and last changed; the server keeps both."""

    created, updated = field.timestamps()


class Slugged:
    """The part of an address that names the record."""

    slug = field.text(required=True, max=80, pattern=SLUG, unique=True)


editor = Rules.role("editor")
