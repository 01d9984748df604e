"""Words that posts are found by."""

from pocketvex import Base, Rules, field
from schema._shared import Slugged, editor


class Tags(Slugged, Base):
    name = field.text(required=True, max=40, presentable=True)

    rules = Rules(
        list=Rules.public(),
        view=Rules.public(),
        create=Rules.authenticated(),
        update=editor,
        delete=editor,
    )
