"""A tree of categories."""

from pocketvex import Base, Rules, field, index
from schema._shared import Slugged, editor


class Categories(Slugged, Base):
    name = field.text(required=True, max=80, presentable=True)
    parent = field.relation("self")
    position = field.number(min=0, max=999, only_int=True)

    rules = Rules(
        list=Rules.public(),
        view=Rules.public(),
        create=editor,
        update=editor,
        delete=editor,
    )

    indexes = [index("parent", "position")]
