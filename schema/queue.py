"""The meetings that wait for their transcript."""

from pocketvex import Base, Rules, field, index
from schema._shared import Timestamps, not_sent, owner, same_owner
from schema.users import Users

# The worker, a superuser, keeps these. An owner who could set them would jump the queue or fake a result.
workers_part = not_sent("position", "started_at", "completed_at", "error_message")


class Queue(Timestamps, Base):
    user = field.relation(Users, required=True, cascade_delete=True)
    meeting_id = field.text(required=True, max=200)
    status = field.select("pending", "processing", "completed", "failed", "cancelled", required=True)
    position = field.number(min=0, only_int=True)
    queued_at = field.created()
    started_at = field.date()
    completed_at = field.date()
    error_message = field.text(max=2000)

    rules = Rules(
        list=owner,
        view=owner,
        create=Rules.all(owner, "status = 'pending'", workers_part),
        # The one change that is the owner's to make is to cancel what is not finished.
        update=Rules.all(
            owner,
            same_owner,
            "status = 'pending' || status = 'processing'",
            "@request.body.status = 'cancelled'",
            not_sent("meeting_id"),
            workers_part,
        ),
        # What is being worked on must be cancelled first, so that the worker does not lose its row.
        delete=Rules.all(owner, "status != 'processing'"),
    )

    indexes = [index("status", "position"), index("user", "queued_at")]
