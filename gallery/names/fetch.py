"""Writes the examples of `names` into a folder: names.csv, first and last names with the country that has them."""

import csv
import sys
from collections import defaultdict
from importlib import import_module
from pathlib import Path
from typing import Any

import faker
from faker.config import AVAILABLE_LOCALES

NAMES = 300  # that a country must have for itself
PARTS = ("first_names", "last_names")


def fetch(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "names.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["name", "country"])
        writer.writerows(rows())


def rows() -> list[tuple[str, str]]:
    """(name, country), for every name that the lists of one country alone have."""
    countries = defaultdict(set)
    for locale in sorted(AVAILABLE_LOCALES):
        country = locale.partition("_")[2]
        for name in _names(locale) if country else ():
            countries[name].add(country)
    own = defaultdict(list)
    for name, found in countries.items():
        if len(found) == 1:
            own[found.pop()].append(name)
    return sorted((name, country) for country, names in own.items() if len(names) >= NAMES for name in names)


def _names(locale: str) -> set[str]:
    """All first and last names of a locale's provider, whatever their lists are called."""
    if not (Path(faker.__file__).parent / "providers" / "person" / locale).exists():
        return set()
    provider: Any = import_module(f"faker.providers.person.{locale}").Provider
    lists = [getattr(provider, key) for key in dir(provider) if key.startswith(PARTS)]
    names = [name for one in lists if isinstance(one, dict | list | tuple) for name in one]
    return {name.strip() for name in names if name.strip()}


if __name__ == "__main__":
    fetch(Path(sys.argv[1]))
