"""The chain of migrations. Each only expands while a release is live; a later release contracts."""
