"""How much is said about each published post: a view, made by a query and read-only."""

from pocketvex import Rules, View


class PostStats(View):
    query = """
        SELECT
            posts.id,
            posts.title,
            posts.author,
            COUNT(comments.id) AS comments,
            (MAX(comments.created)) AS last_comment
        FROM posts
        LEFT JOIN comments ON comments.post = posts.id
        WHERE posts.status = 'published'
        GROUP BY posts.id
    """

    rules = Rules(list=Rules.public(), view=Rules.public())
