"""What a permission and a role are, as a sentence."""

from __future__ import annotations

from jifen.domain.principal import Permission
from jifen.present.catalogue import catalogue_of


def permission_said(permission: Permission, language: str) -> str:
    """What it permits."""
    return catalogue_of(language).say(f"permission.{permission}")


def role_said(role: str, language: str) -> str:
    """Who has this role."""
    return catalogue_of(language).say(f"role.{role}")
