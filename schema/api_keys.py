"""The keys to the services that meetings are fetched from, one row for each account."""

from pocketvex import Base, Rules, field
from schema._shared import Timestamps, owner, same_owner
from schema.users import Users


class ApiKeys(Timestamps, Base):
    user = field.relation(Users, required=True, unique=True, cascade_delete=True)
    # Hidden fields are returned to superusers only, and PocketBase ignores them in what others send:
    # the server encrypts a key and stores it, the owner sees that there is a row and may delete it.
    encrypted_fathom = field.text(hidden=True)
    encrypted_loom = field.text(hidden=True)

    rules = Rules(
        list=owner,
        view=owner,
        create=owner,
        update=Rules.all(owner, same_owner),
        delete=owner,
    )
