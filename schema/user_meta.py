"""What the service knows about an account, one row each."""

from pocketvex import Base, Rules, field
from schema._shared import Timestamps, not_sent, owner, same_owner
from schema.users import Users

# What somebody has paid for, proved or lost is decided by the server, never by themselves.
flags_alone = not_sent("active", "verified", "premium")


class UserMeta(Timestamps, Base):
    user = field.relation(Users, required=True, unique=True, cascade_delete=True)
    # Below the owner's own folder: no part begins with a dot, so no path leads out of it.
    file_path = field.text(max=500, pattern=r"^([\w-][\w.-]*/)*[\w-][\w.-]*$")
    active = field.bool()
    verified = field.bool()
    premium = field.bool()

    # No delete: the row goes with the account.
    rules = Rules(
        list=owner,
        view=owner,
        create=Rules.all(owner, flags_alone),
        update=Rules.all(owner, same_owner, flags_alone),
    )
