from __future__ import annotations

import html
import re
from importlib.resources import files
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from desk_cases import documents
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


def raised() -> set[str]:
    """Return the messages of the errors that the store raises while the server runs; one with values is a template."""
    kinds = ("Store", "NotStored", "Refused", "StaleDecision", "StoreBusy", "StoreFull", "StoreUnavailable")
    terminal = [(f"{name}.py", "ignore") for name in ("backup", "migrate", "portable")]
    found = extract_from_dir(
        str(WEB.parent / "store"),
        method_map=[*terminal, ("**.py", "python")],
        keywords=dict.fromkeys(f"{kind}Error" for kind in (*kinds, "StoreDamaged")),
    )
    return {message if isinstance(message, str) else message[0] for _, _, message, _, _ in found}


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
    known, asked = english(), shown() | raised()
    assert len(asked) > 200
    assert len(raised()) > 40
    assert sorted(text for text in asked if not known.get(text)) == []
    wrong = [text for text in asked if sorted(HOLE.findall(text)) != sorted(HOLE.findall(known[text]))]
    assert wrong == []


def test_nothing_stays_nothing_in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(languages, "current", lambda: "en")
    assert (languages.gettext(""), languages.gettext("담당")) == ("", "Officer")


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


@pytest.mark.parametrize(
    ("path", "form", "said"),
    [
        ("/items/77", None, "There is no document 77."),
        ("/rounds/77", None, "There is no round 77."),
        ("/rounds/1/hours?hours=soon", None, "“soon” cannot be read as a length of time."),
        ("/rounds/1/queue?node=Z9", None, "The plan 2019 has no code “Z9”."),
        ("/items/1/undo", {"key": "u"}, "There is no decision to take back"),
        ("/items/1/decide", {"action": "pick", "typed": "zzz"}, "Nothing in the plan 2019 fits “zzz”."),
        ("/rounds/1/agreement", None, "Only rounds that two people code independently"),
        ("/rounds", {"name": "첫 차수"}, "There is a round “첫 차수” already."),
        ("/uploads/1", {"kind": "task"}, "No file was chosen."),
    ],
)
def test_what_goes_wrong_is_told_in_english_too(
    tmp_path: Path, path: str, form: dict[str, str] | None, said: str
) -> None:
    with make_store(tmp_path) as store:
        project = store.create_project("첫 차수", "2019", "officer")
        store.add_items(project.id, documents(1))
        browser = Browser(make_app(tmp_path, store), "reviewer")
        browser.get("/language/en")
        asked = {"version": "1", "key": "k", **form} if form is not None else None
        answer = browser.get(path) if asked is None else browser.post(path, asked)
        assert said in html.unescape(answer.text)


@pytest.mark.parametrize(
    ("path", "came", "to"),
    [
        ("/items/1/decide", "/items/1?order=title", "/items/1%3Forder%3Dtitle"),
        ("/items/1/decide", "", "/items/1"),
        ("/rounds", "/rounds/new", "/rounds/new"),
        ("/rounds", "", "/"),
    ],
)
def test_the_language_of_a_form_s_answer_changes_on_the_page_of_the_form(
    tmp_path: Path, path: str, came: str, to: str
) -> None:
    with make_store(tmp_path) as store:
        project = store.create_project("첫 차수", "2019", "officer")
        store.add_items(project.id, documents(1))
        browser = Browser(make_app(tmp_path, store), "reviewer")
        headers = {"Referer": f"http://testserver{came}"} if came else {}
        form = {"action": "typed", "version": "1", "key": "k", "name": ""}
        page = browser.post(path, form, headers=headers).text
        assert f'href="/language/en?next={to}"' in page


def test_an_english_page_says_that_notes_of_the_record_are_korean(tmp_path: Path) -> None:
    with make_store(tmp_path) as store:
        project = store.create_project("첫 차수", "2019", "officer")
        ((document, answer),) = documents(1)
        store.add_items(project.id, [(document, answer | {"notes": ["주관기관을 확인하세요."]})])
        browser = Browser(make_app(tmp_path, store), "officer")
        hint = "Notes that belong to a recommendation are shown in Korean"
        assert hint not in browser.get("/items/1").text
        browser.get("/language/en")
        assert hint in browser.get("/items/1").text
