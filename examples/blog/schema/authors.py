"""The accounts: people who write, and the editors among them."""

from pocketvex import Auth, Rules, env, field, index
from schema._shared import Timestamps, editor

SIGN_IN_CODE = {
    "subject": "Your code for {APP_NAME}",
    "body": "<p>Hello,</p><p>your code is <strong>{OTP}</strong>.</p>",
}

CONFIRM_ADDRESS = {
    "subject": "Confirm your address for {APP_NAME}",
    "body": '<p>Welcome!</p><p><a href="{APP_URL}/confirm/{TOKEN}">This is my address</a></p>',
}


class Authors(Timestamps, Auth):
    username = field.text(required=True, min=3, max=30, pattern=r"^\w[\w.-]*$", presentable=True)
    name = field.text(max=120)
    role = field.select("author", "editor")
    bio = field.editor(max_size="100KB")
    website = field.url(except_domains=["example.org"])
    portrait = field.file(
        max_size="2MB",
        mime_types=["image/jpeg", "image/png", "image/webp"],
        thumbs=["80x80", "320x320f"],
    )

    rules = Rules(
        list=Rules.public(),
        view=Rules.public(),
        # Everybody may sign up, and only an editor, or the server, makes somebody an editor.
        create="@request.body.role:isset = false",
        update=Rules.any(Rules.all(Rules.owner("id"), "@request.body.role:isset = false"), editor),
        delete=Rules.owner("id"),
    )

    # One `ada`, however it is typed. From PocketBase 0.25 on the case does not matter at sign-in either.
    indexes = [index("username COLLATE NOCASE", unique=True)]

    password_auth = ["email", "username"]
    otp = {"enabled": True, "duration": "5m", "length": 8, "email_template": SIGN_IN_CODE}
    # A second step for those who can do harm; the others sign in with one.
    mfa = {"enabled": True, "duration": "10m", "rule": "role = 'editor'"}
    oauth2 = {
        "enabled": True,
        "providers": [
            {
                "name": "github",
                "client_id": "blog-example",
                "client_secret": env("BLOG_GITHUB_SECRET"),
            },
        ],
        "mapped_fields": {"name": "name", "avatar_url": "portrait"},
    }
    auth_alert = True
    tokens = {"auth": "7d", "verification": "3d", "password_reset": "30m", "file": "3m"}
    templates = {"verification": CONFIRM_ADDRESS}
