"""The people of the studio: Django users, with a role each as a Django group."""

from __future__ import annotations

import secrets

from django.contrib.auth.models import Group, User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from digest.errors import Refused

ROLES = ("editor", "operator", "administrator")


def add_user(name: str, role: str, password: str) -> User:
    """A new person with one role. Raises Refused for a taken name, unknown role, weak password."""
    if role not in ROLES:
        raise Refused(f"there is no role '{role}'", mend=f"Known: {', '.join(ROLES)}")
    if not name or len(name) > 150 or any(not c.isprintable() or c.isspace() for c in name):
        raise Refused(f"'{name}' cannot be a user's name", mend="Use letters and digits")
    if User.objects.filter(username__iexact=name).exists():
        raise Refused(
            f"there is a user '{name}' already", mend=f"`digest users password {name}` renews it"
        )
    user = User(username=name)
    _set_password(user, password)
    with transaction.atomic():
        user.save()
        user.groups.add(Group.objects.get_or_create(name=role)[0])
    return user


def set_password(name: str, password: str) -> User:
    """A new password for someone who is there. Raises Refused."""
    user = User.objects.filter(username__iexact=name).first()
    if user is None:
        known = ", ".join(User.objects.values_list("username", flat=True)) or "nobody"
        raise Refused(f"there is no user '{name}'", mend=f"There are: {known}")
    _set_password(user, password)
    user.save()
    return user


def new_password() -> str:
    """A password to print once: 16 characters, easy to copy by hand."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    groups = ("".join(secrets.choice(alphabet) for _ in range(4)) for _ in range(4))
    return "-".join(groups)


def _set_password(user: User, password: str) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        reasons = " ".join(error.messages)
        raise Refused(f"that password is too weak: {reasons}", mend="Choose another") from None
    user.set_password(password)
