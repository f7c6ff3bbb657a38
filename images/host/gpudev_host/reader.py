"""Reads plain JSON values, and collects everything that is wrong, each with its path."""
from __future__ import annotations

import re
from typing import Any

from .aws.imds import parse_time


class Reader:
    """Collects problems; what could not be read stands as an empty value, and is never used."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def root(self, value: Any) -> Value:
        return Value(self, "", value, True)

    def problem(self, path: str, what: str) -> None:
        self.problems.append(f"{path or 'the document'}: {what}")


class Value:
    """One value of the document and where it stands."""

    def __init__(self, reader: Reader, path: str, value: Any, present: bool) -> None:
        self._reader, self._path, self._value, self._present = reader, path, value, present

    def __getitem__(self, name: str) -> Value:
        inside = self._value if isinstance(self._value, dict) else {}
        if self._present and not isinstance(self._value, dict):
            self._wrong("is no object")
        path = f"{self._path}.{name}" if self._path else name
        return Value(self._reader, path, inside.get(name), name in inside)

    @property
    def absent(self) -> bool:
        return not self._present or self._value is None

    def _wrong(self, what: str) -> None:
        problem = f"{self._path or 'the document'}: {what}"
        if problem not in self._reader.problems:
            self._reader.problems.append(problem)

    def items(self) -> list[Value]:
        if not isinstance(self._value, list):
            self._wrong("is no list")
            return []
        return [Value(self._reader, f"{self._path}[{i}]", one, True) for i, one in enumerate(self._value)]

    def text(self, form: re.Pattern[str]) -> str:
        if not isinstance(self._value, str):
            self._wrong("is missing" if self.absent else "is no text")
            return ""
        if form.fullmatch(self._value) is None:
            self._wrong(f"{self._value[:80]!r} has not the form {form.pattern}")
        return self._value

    def optional_text(self, form: re.Pattern[str]) -> str | None:
        return None if self.absent else self.text(form)

    def long_text(self, most: int) -> str:
        if not isinstance(self._value, str):
            self._wrong("is missing" if self.absent else "is no text")
            return ""
        try:
            size = len(self._value.encode())
        except UnicodeEncodeError:
            self._wrong("is no Unicode text")
            return ""
        if "\0" in self._value or size > most:
            self._wrong(f"has a NUL character or more than {most} bytes")
        return self._value

    def texts(self, form: re.Pattern[str]) -> tuple[str, ...]:
        return tuple(one.text(form) for one in self.items())

    def texts_by(self, key: re.Pattern[str], form: re.Pattern[str]) -> dict[str, str]:
        if self.absent:
            return {}
        if not isinstance(self._value, dict):
            self._wrong("is no object")
            return {}
        for name in self._value:
            if key.fullmatch(name) is None:
                self._wrong(f"{name[:80]!r} has not the form {key.pattern}")
        return {name: self[name].text(form) for name in self._value}

    def whole(self, least: int, most: int = 2**53) -> int:
        if isinstance(self._value, bool) or not isinstance(self._value, int):
            self._wrong("is missing" if self.absent else "is no whole number")
            return least
        if not least <= self._value <= most:
            self._wrong(f"{self._value} is not between {least} and {most}")
        return self._value

    def optional_whole(self, least: int, most: int = 2**53) -> int | None:
        return None if self.absent else self.whole(least, most)

    def flag(self) -> bool:
        if not isinstance(self._value, bool):
            self._wrong("is neither true nor false")
            return False
        return self._value

    def one_of(self, *choices: str) -> str:
        if self._value not in choices:
            self._wrong(f"{str(self._value)[:80]!r} is none of {', '.join(choices)}")
            return choices[0]
        return self._value

    def optional_time(self) -> float | None:
        if self.absent:
            return None
        try:
            return parse_time(self._value)
        except (ValueError, TypeError, AttributeError):
            self._wrong(f"{str(self._value)[:80]!r} is no ISO 8601 time")
            return None
