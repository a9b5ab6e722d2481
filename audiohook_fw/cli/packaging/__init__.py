"""What a plugin's distribution must have: rules as data, and what reads a distribution for them."""

from __future__ import annotations

from typing import Final

from .contents import (
    DECLARES_SUMMARY,
    INDEPENDENT,
    PUBLIC_IMPORTS,
    README_COMPLETE,
    SETTINGS_DESCRIBED,
    TESTS_CONTRACT,
    TYPED,
)
from .metadata import ENTRY_POINT, LICENCE, NAMES_FOLLOW, REQUIRES_CORE, REQUIRES_PYTHON, VERSION
from .package import About, Package, Source
from .reading import GROUP, directory_of, from_directory, from_distribution, from_file
from .rule import Finding, Outcome, PackagingRule

__all__ = [
    "GROUP",
    "PACKAGING_RULES",
    "About",
    "Finding",
    "Outcome",
    "Package",
    "PackagingRule",
    "Source",
    "directory_of",
    "from_directory",
    "from_distribution",
    "from_file",
]

PACKAGING_RULES: Final[tuple[PackagingRule, ...]] = (
    ENTRY_POINT,
    NAMES_FOLLOW,
    VERSION,
    REQUIRES_CORE,
    REQUIRES_PYTHON,
    LICENCE,
    TYPED,
    DECLARES_SUMMARY,
    SETTINGS_DESCRIBED,
    README_COMPLETE,
    TESTS_CONTRACT,
    PUBLIC_IMPORTS,
    INDEPENDENT,
)
"""Every rule, in the order in which they are checked."""
