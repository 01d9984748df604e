"""The options of auth collections: one model per group. Loaded where any are stated."""

# Without `from __future__ import annotations`: pydantic would have to evaluate them, for every class anew.

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic.alias_generators import to_camel

from pocketvex.schema import units

Seconds = Annotated[int, BeforeValidator(units.duration)]
Secret = str | dict[str, str]
"""The secret itself is never stored: `{"env": "NAME"}` says where it is to be read."""


def _alias(name: str) -> str:
    special = {
        "auth_url": "authURL",
        "token_url": "tokenURL",
        "user_info_url": "userInfoURL",
        "avatar_url": "avatarURL",
    }
    return special.get(name) or to_camel(name)


class Group(BaseModel):
    model_config = ConfigDict(alias_generator=_alias, populate_by_name=True, extra="allow", defer_build=True)


class Template(Group):
    subject: str = ""
    body: str = ""


class AuthAlert(Group):
    enabled: bool = False
    email_template: Template | None = None


class MappedFields(Group):
    id: str = ""
    name: str = ""
    username: str = ""
    avatar_url: str = ""


class Provider(Group):
    name: str
    client_id: str = ""
    client_secret: Secret = ""
    auth_url: str = ""
    token_url: str = ""
    user_info_url: str = ""
    display_name: str = ""
    pkce: bool | None = None
    extra: Annotated[dict[str, Any], BeforeValidator(lambda value: value or {})] = {}


class Oauth2(Group):
    enabled: bool = False
    providers: Annotated[list[Provider], BeforeValidator(lambda value: value or [])] = []
    mapped_fields: MappedFields | None = None


class PasswordAuth(Group):
    enabled: bool = False
    identity_fields: Annotated[list[str], BeforeValidator(lambda value: value or [])] = []


class Mfa(Group):
    enabled: bool = False
    duration: Seconds = 0
    rule: str = ""


class Otp(Group):
    enabled: bool = False
    duration: Seconds = 0
    length: int = 0
    email_template: Template | None = None


class Token(Group):
    duration: Seconds = 0


class AuthOptions(Group):
    auth_rule: str | None = None
    manage_rule: str | None = None
    auth_alert: AuthAlert | None = None
    oauth2: Oauth2 | None = None
    password_auth: PasswordAuth | None = None
    mfa: Mfa | None = None
    otp: Otp | None = None
    auth_token: Token | None = None
    password_reset_token: Token | None = None
    email_change_token: Token | None = None
    verification_token: Token | None = None
    file_token: Token | None = None
    verification_template: Template | None = None
    reset_password_template: Template | None = None
    confirm_email_change_template: Template | None = None
