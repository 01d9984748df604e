"""What readers say, and what others answer."""

from pocketvex import Base, Rules, field, index
from schema._shared import Timestamps, editor
from schema.authors import Authors
from schema.posts import Posts


class Comments(Timestamps, Base):
    post = field.relation(Posts, required=True, cascade_delete=True)
    author = field.relation(Authors, required=True, cascade_delete=True)
    answers = field.relation("self", cascade_delete=True)
    text = field.text(required=True, max=2000)

    reads = Rules.any("post.status = 'published'", Rules.owner("post.author"), editor)
    rules = Rules(
        list=reads,
        view=reads,
        create=Rules.all(Rules.owner("author"), "post.status = 'published'"),
        # The text is theirs to change; where it stands and whose it is are not.
        update=Rules.all(
            Rules.owner("author"),
            "@request.body.post:isset = false",
            "@request.body.author:isset = false",
            "@request.body.answers:isset = false",
        ),
        delete=Rules.any(Rules.owner("author"), editor),
    )

    indexes = [index("post", "created"), index("author")]
