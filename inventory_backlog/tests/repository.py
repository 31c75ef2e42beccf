"""The repository around the addons. Copied into another one, they come without it."""

from pathlib import Path
from unittest import skipUnless

ROOT = Path(__file__).parents[2]
# Not README.md: every repository has one.
IS_THERE = (ROOT / "docs/developers.md").is_file()

needs_repository = skipUnless(IS_THERE, "the repository of the addons is not there")
