"""What the blog is about."""

from pydantic import BaseModel, HttpUrl

from pocketvex import Base, Rules, field, index
from schema._shared import Slugged, Timestamps, editor
from schema.authors import Authors
from schema.categories import Categories
from schema.tags import Tags


class Preview(BaseModel):
    """How a post looks where it is linked; the generated types know these keys."""

    title: str
    description: str = ""
    image: HttpUrl | None = None
    keywords: list[str] = []


class Posts(Slugged, Timestamps, Base):
    title = field.text(required=True, max=200, presentable=True)
    body = field.editor(convert_urls=True)
    status = field.select("draft", "published", "archived", required=True)
    author = field.relation(Authors, required=True, cascade_delete=True)
    co_authors = field.relation(Authors, max=5)
    categories = field.relation(Categories, min=1, max=3, required=True)
    tags = field.relation(Tags, max=20)
    # Named, not imported: a comment points at its post, and a post at the comment that stands on top.
    pinned_comment = field.relation("comments")
    cover = field.file(max_size="5MB", mime_types=["image/jpeg", "image/png"], thumbs=["1200x630", "0x200"])
    attachments = field.file(max=10, max_size="20MB", protected=True)
    featured = field.bool()
    reading_minutes = field.number(min=0, max=600)
    published_at = field.date(min="2000-01-01")
    preview = field.json(Preview, max_size="16KB")
    channels = field.select("web", "newsletter", "feed", max=3)
    source = field.url(help="Where the text was first published")
    place = field.geo_point(help="Where the story happens")
    # The server keeps a hash and returns an empty text; a hook may let in whoever knows the word.
    passphrase = field.password(min=8, cost=12)

    writes = Rules.any(Rules.owner("author"), "@request.auth.id != '' && co_authors.id ?= @request.auth.id")
    reads = Rules.any("status = 'published'", writes, editor)
    rules = Rules(
        list=reads,
        view=reads,
        create=Rules.all(Rules.owner("author"), "featured = false"),
        update=Rules.any(
            Rules.all(
                writes,
                "@request.body.author:isset = false || @request.body.author = author",
                "@request.body.featured:isset = false",
            ),
            editor,
        ),
        delete=Rules.any(Rules.owner("author"), editor),
    )

    indexes = [
        index("author", "created DESC"),
        # Partial: drafts have no place in the list of what is new.
        index("published_at DESC", where="status = 'published'", name="idx_posts_newest"),
        # Partial and unique: each author has one featured post at most.
        index("author", unique=True, where="featured = TRUE", name="idx_posts_one_featured"),
    ]
