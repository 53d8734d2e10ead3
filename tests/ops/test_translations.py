"""The tool for translations finds texts as Django would, and sees each fault."""

from __future__ import annotations

from pathlib import Path

import polib
import pytest

from innovscore import translations

CODE = """
from django.utils.translation import gettext as _, ngettext, pgettext

title = _("积分榜")
many = ngettext("%(n)s 家企业", "%(n)s 家企业们", 3)
state = pgettext("board", "公示")
"""
PAGE = """{% load i18n %}
  <p title='it"s'>{% translate "金融超市" %} {{ _("授信额度") }}</p>
    {% blocktranslate trimmed with n=total %}
      共 {{ n }} 家
    {% endblocktranslate %}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "rankings").mkdir()
    (tmp_path / "rankings" / "views.py").write_text(CODE, encoding="utf-8")
    (tmp_path / "templates" / "finance").mkdir(parents=True)
    (tmp_path / "templates" / "finance" / "market.html").write_text(PAGE, encoding="utf-8")
    (tmp_path / "templates" / "base.html").write_text(
        '{% load i18n %}{% translate "首页" %}', encoding="utf-8"
    )
    monkeypatch.setattr(translations, "ROOT", tmp_path)
    return tmp_path


def catalogue(project: Path, room: str) -> polib.POFile:
    return polib.pofile(str(project / room / "locale" / "en" / "LC_MESSAGES" / "django.po"))


def test_texts_are_found_in_python_and_templates_and_belong_to_a_room(project: Path) -> None:
    found = {text.msgid: text.room for text in translations.find_texts().values()}
    assert found == {
        "积分榜": "rankings",
        "%(n)s 家企业": "rankings",
        "公示": "rankings",
        "金融超市": "finance",
        "授信额度": "finance",
        "共 %(n)s 家": "finance",
        "首页": "parks",
    }


def test_sync_adds_what_is_missing_once(project: Path) -> None:
    assert len([line for line in translations.faults() if line.startswith("missing")]) == 7
    assert translations.sync() == 7
    assert translations.sync() == 0
    assert {entry.msgid for entry in catalogue(project, "finance")} == {"金融超市", "授信额度", "共 %(n)s 家"}
    assert {line.split()[0] for line in translations.faults()} == {"empty"}


def test_each_fault_is_named(project: Path) -> None:
    translations.sync()
    finance, rankings = catalogue(project, "finance"), catalogue(project, "rankings")
    for entry in finance:
        entry.msgstr = "Market"
    finance.append(polib.POEntry(msgid="不再使用", msgstr="Unused"))
    finance.find("金融超市").flags.append("fuzzy")
    finance.append(polib.POEntry(msgid="积分榜", msgstr="Board of finance"))
    finance.save()
    rankings.find("积分榜").msgstr = "Board"
    rankings.save()

    kinds = {line.split()[0] for line in translations.faults()}

    assert kinds == {"unused", "fuzzy", "differs", "twice", "empty"}


def test_compiled_once_and_again_after_a_change(project: Path) -> None:
    translations.sync()
    assert translations.compile_all() == 3
    assert translations.compile_all() == 0
    assert (project / "parks" / "locale" / "en" / "LC_MESSAGES" / "django.mo").exists()
