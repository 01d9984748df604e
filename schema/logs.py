"""What happened, written by the server alone."""

from pocketvex import Base, Rules, field, index
from schema._shared import owner
from schema.users import Users


class Logs(Base):
    level = field.select("trace", "debug", "info", "warn", "error", "fatal", required=True)
    msg = field.text(required=True, max=5000)
    ts = field.date(required=True)
    # Without cascade: a log outlives the account, and is then nobody's but the superusers'.
    user = field.relation(Users)
    component = field.text(max=100)
    metadata = field.json(max_size="64KB")

    # `owner` demands a signed-in account, so that a guest never matches a row without a user.
    rules = Rules(list=owner, view=owner)

    indexes = [index("user", "ts"), index("level")]
