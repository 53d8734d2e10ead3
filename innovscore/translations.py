"""Translations without gettext's programs: `python -m innovscore.translations compile|check|sync`.

The texts in the code are Chinese; the English ones lie in `<room>/locale/en/LC_MESSAGES/django.po`. `compile` makes
the .mo files, `check` says what is missing, wrong or unused, `sync` adds what is missing with an empty translation.
"""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polib

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("parks", "indicators", "enterprises", "scoring", "rankings", "finance", "cultivation")
ROOF = "parks"  # texts of innovscore/ and of shared templates lie on the ground floor
LANGUAGE = "en"
PLACEHOLDER = re.compile(r"%\((\w+)\)[sdfr]|%([sd])|\{(\w*)\}")
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}


@dataclass(frozen=True)
class Text:
    """One text of the code; `place` is the first file and line that says it."""

    msgid: str
    plural: str
    context: str | None
    room: str
    place: str

    @property
    def key(self) -> tuple[str | None, str]:
        return (self.context, self.msgid)


def _po_files() -> list[Path]:
    return sorted(
        file for room in (*ROOMS, "innovscore") for file in (ROOT / room).glob("locale/*/LC_MESSAGES/*.po")
    )


def compile_all() -> int:
    """Make each .mo that is older than its .po; how many were made."""
    made = 0
    for file in _po_files():
        target = file.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= file.stat().st_mtime:
            continue
        draft = file.with_suffix(".mo.new")
        polib.pofile(str(file)).save_as_mofile(str(draft))
        draft.replace(target)
        made += 1
    return made


# Finding the texts -------------------------------------------------------------------------------------------------


def _sources() -> Iterator[tuple[str, Path]]:
    for room in (*ROOMS, "innovscore"):
        for file in sorted((ROOT / room).rglob("*.py")):
            yield (room if room in ROOMS else ROOF), file
    for file in sorted((ROOT / "templates").rglob("*")):
        if file.suffix in (".html", ".txt", ".svg") and file.is_file():
            folder = file.relative_to(ROOT / "templates").parts[0]
            yield (folder if folder in ROOMS else ROOF), file


def _calls(file: Path) -> str:
    """Python source that contains the file's texts as calls."""
    source = file.read_text(encoding="utf-8")
    if file.suffix == ".py":
        return source
    from django.conf import settings
    from django.utils.translation.template import templatize

    if not settings.configured:
        settings.configure()
    return f"(\n{templatize(source)}\n)"  # in brackets the tokenizer does not mind a template's indentation


def find_texts() -> dict[tuple[str | None, str], Text]:
    """Every text of Python files and templates, by context and msgid."""
    from babel.messages.extract import extract

    found: dict[tuple[str | None, str], Text] = {}
    for room, file in _sources():
        stream = io.BytesIO(_calls(file).encode())
        for line, message, _comments, context in extract(
            "python", stream, keywords=KEYWORDS, options={"encoding": "utf-8"}
        ):
            single, plural = (message[0], message[1]) if isinstance(message, tuple) else (message, "")
            if not single:
                continue
            number = line if file.suffix == ".py" else line - 1
            text = Text(single, plural, context, room, f"{file.relative_to(ROOT)}:{number}")
            found.setdefault(text.key, text)
    return found


# Comparing ---------------------------------------------------------------------------------------------------------


def _catalogues() -> dict[str, polib.POFile]:
    files = {room: ROOT / room / "locale" / LANGUAGE / "LC_MESSAGES" / "django.po" for room in ROOMS}
    return {room: polib.pofile(str(file)) for room, file in files.items() if file.exists()}


def _entries(catalogues: dict[str, polib.POFile]) -> Iterator[tuple[str, polib.POEntry]]:
    for room, catalogue in catalogues.items():
        for entry in catalogue:
            if not entry.obsolete:
                yield room, entry


def _translations(entry: polib.POEntry) -> list[str]:
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def _placeholders(text: str) -> set[str]:
    return {match.group(0) for match in PLACEHOLDER.finditer(text)}


def _faults_of(room: str, entry: polib.POEntry, texts: dict[tuple[str | None, str], Text]) -> Iterator[str]:
    where = f"{room}: {entry.msgid!r}"
    if (entry.msgctxt, entry.msgid) not in texts:
        yield f"unused   {where}"
    if "fuzzy" in entry.flags:
        yield f"fuzzy    {where}"
    for translation in _translations(entry):
        if not translation.strip():
            yield f"empty    {where}"
        elif _placeholders(translation) != _placeholders(entry.msgid):
            yield f"differs  {where}: placeholders {sorted(_placeholders(entry.msgid))} in {translation!r}"
        elif "%(" in translation and "%" in re.sub(r"%%|%\(", "", translation):
            yield f"percent  {where}: write %% for a percent sign in {translation!r}"


def faults() -> list[str]:
    """Everything wrong with the English translations, one line each."""
    texts, catalogues = find_texts(), _catalogues()
    said: dict[tuple[str | None, str], tuple[str, list[str]]] = {}
    lines: list[str] = []
    for room, entry in _entries(catalogues):
        lines += _faults_of(room, entry, texts)
        key, words = (entry.msgctxt, entry.msgid), _translations(entry)
        if key in said and said[key][1] != words:
            lines.append(
                f"twice    {said[key][0]} and {room} translate {entry.msgid!r} differently; only the first counts"
            )
        said.setdefault(key, (room, words))
    lines += [
        f"missing  {text.room}: {text.msgid!r} ({text.place})"
        for key, text in texts.items()
        if key not in said
    ]
    return sorted(lines)


def sync() -> int:
    """Add what no room translates to the room that says it, with an empty translation; how many."""
    texts, catalogues = find_texts(), _catalogues()
    known = {(entry.msgctxt, entry.msgid) for _, entry in _entries(catalogues)}
    added = [text for key, text in texts.items() if key not in known]
    for room in {text.room for text in added}:
        catalogue = catalogues.get(room) or _new_catalogue(room)
        _add(catalogue, (text for text in added if text.room == room))
        catalogue.save()
    return len(added)


def _new_catalogue(room: str) -> polib.POFile:
    file = ROOT / room / "locale" / LANGUAGE / "LC_MESSAGES" / "django.po"
    file.parent.mkdir(parents=True, exist_ok=True)
    catalogue = polib.POFile(fpath=str(file), wrapwidth=110)
    catalogue.metadata = {
        "Language": LANGUAGE,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": "nplurals=2; plural=(n != 1);",
    }
    return catalogue


def _add(catalogue: polib.POFile, texts: Iterable[Text]) -> None:
    for text in sorted(texts, key=lambda text: text.place):
        entry = polib.POEntry(msgid=text.msgid, msgstr="", msgctxt=text.context)
        if text.plural:
            entry.msgid_plural, entry.msgstr_plural = text.plural, {0: "", 1: ""}
        if "%" in text.msgid and _placeholders(text.msgid):
            entry.flags.append("python-format")
        catalogue.append(entry)


def main(arguments: list[str]) -> int:
    """The command line; `check` is 1 when anything is wrong."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "innovscore.settings")
    action = arguments[0] if len(arguments) == 1 else ""
    if action == "compile":
        print(f"{compile_all()} catalogues compiled")
        return 0
    if action == "sync":
        print(f"{sync()} texts added; give them their English words and run `make check`")
        return 0
    if action == "check":
        lines = faults()
        print("\n".join([*lines, f"{len(lines)} faults in the translations"]))
        return 1 if lines else 0
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
