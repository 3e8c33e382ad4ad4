from __future__ import annotations

import re
from importlib.resources import files
from io import BytesIO
from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from hyeoksin.web import languages
from web_client import Browser, make_app, make_store

WEB = Path(str(files("hyeoksin.web")))
WORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "marked": None}
HOLE = re.compile(r"%\(\w+\)s|{\w*}|%%")


def shown() -> set[str]:
    """Return the Korean message ids of all pages."""
    found = extract_from_dir(
        str(WEB),
        method_map=[("api/**", "ignore"), ("**.py", "python"), ("templates/**.html", "jinja2")],
        options_map={"templates/**.html": {"extensions": "jinja2.ext.i18n", "silent": "false"}},
        keywords=WORDS,
    )
    texts = {message if isinstance(message, str) else message[0] for _, _, message, _, _ in found}
    return {text for text in texts if re.search("[가-힣]", text)}


def english() -> dict[str, str]:
    known: dict[str, str] = {}
    for file in sorted((WEB / "locale" / "en").glob("*.po")):
        for message in read_po(BytesIO(file.read_bytes())):
            for name, text in zip(
                *(x if isinstance(x, tuple) else (x,) for x in (message.id, message.string)), strict=True
            ):
                known[name] = text
    return known


def test_every_korean_message_has_english_with_the_same_holes() -> None:
    known, asked = english(), shown()
    assert len(asked) > 200
    assert sorted(text for text in asked if not known.get(text)) == []
    wrong = [text for text in asked if sorted(HOLE.findall(text)) != sorted(HOLE.findall(known[text]))]
    assert wrong == []


def test_the_language_holds_for_one_request(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    app = make_app(tmp_path, store)
    english_one, korean_one = Browser(app, "admin"), Browser(app, "admin")
    answer = english_one.get("/language/en?next=/users")
    assert (answer.status_code, answer.headers["location"]) == (303, "/users")
    page = english_one.get("/users").text
    assert '<html lang="en">' in page
    assert not re.search("[가-힣]", page.replace("한국어", ""))
    assert '<html lang="ko">' in korean_one.get("/users").text
    assert korean_one.get("/language/xx").status_code == 404
    assert languages.current() == "ko"
    store.close()
