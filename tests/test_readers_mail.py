"""E-mails and pages saved as one file: subject, date and body, and what is attached."""

from __future__ import annotations

import base64
import io
import zipfile
from email.message import EmailMessage
from email.mime.application import MIMEApplication
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import SMTP
from pathlib import Path

import pytest

from hyeoksin.domain import Document
from hyeoksin.errors import InputError, RowError
from hyeoksin.readers import Columns, read, read_told

OFFICE = Path(__file__).parent / "data" / "office"
TABLE = "과제명,내용\n진료버스,섬으로 간다\n".encode("cp949")
BODY = "섬에 병원이 없습니다.\n의사가 섬을 돌면 좋겠습니다."


def mail(subject: str = "섬마을 진료버스 제안", body: str = BODY, charset: str = "utf-8") -> EmailMessage:
    message = EmailMessage()
    message["Subject"] = subject
    message["From"] = "보낸 이 <someone@example.go.kr>"
    message["Date"] = "Tue, 05 Mar 2024 23:30:00 +0900"
    message.set_content(body, charset=charset)
    return message


def saved(folder: Path, message: EmailMessage, name: str = "제안.eml") -> Path:
    path = folder / name
    path.write_bytes(message.as_bytes(policy=SMTP))
    return path


def test_the_body_is_a_document_and_attachments_are_read(tmp_path: Path) -> None:
    message = mail()
    message.add_attachment(TABLE, maintype="text", subtype="csv", filename="과제 목록.csv")
    message.add_attachment(
        (OFFICE / "list.hwpx").read_bytes(), maintype="application", subtype="x-hwp", filename="목록.hwp"
    )
    message.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="서명.png")
    message.add_attachment("BEGIN:VCALENDAR", subtype="calendar", filename="회의.ics")
    message.add_attachment(b"\0", maintype="application", subtype="pkcs7-signature", filename="smime.p7s")
    message.add_attachment(b"", maintype="application", subtype="octet-stream", filename="../빈 것.hwp")
    items = list(read_told(saved(tmp_path, message), Columns()))
    assert items[0] == Document("제안", BODY, "섬마을 진료버스 제안", "제안.eml", "2024-03-05")
    assert [item.source for item in items[1:]] == [
        "제안.eml/과제 목록.csv#row=2", *(f"제안.eml/목록.hwp#table=1&row={n}" for n in (2, 3, 4)), "제안.eml/.._빈 것.hwp",
    ]  # fmt: skip
    assert isinstance(items[-1], RowError)


@pytest.mark.parametrize("charset", ["utf-8", "euc-kr", "ks_c_5601-1987"])
def test_korean_mail_of_any_charset_is_read(tmp_path: Path, charset: str) -> None:
    codec = "utf-8" if charset == "utf-8" else "cp949"
    subject = base64.b64encode("섬".encode(codec)).decode()
    head = f'Subject: =?{charset}?B?{subject}?=\nContent-Type: text/plain; charset="{charset}"\n\n'
    path = tmp_path / "a.eml"
    path.write_bytes(head.encode() + "똠방각하의 섬\r\n둘째 줄".encode(codec))
    (item,) = read(path)
    assert isinstance(item, Document)
    assert (item.title, item.text, item.date) == ("섬", "똠방각하의 섬\n둘째 줄", None)


@pytest.mark.parametrize("page", ["<html><title>편지</title><body>", ""])
def test_a_body_that_is_a_web_page_stands_under_the_subject(tmp_path: Path, page: str) -> None:
    message = mail()
    message.set_content(page + "<p>" + "섬에 병원이 없습니다. " * 20 + "</p>", subtype="html")
    (item,) = read(saved(tmp_path, message))
    assert isinstance(item, Document)
    told = (item.id, item.title, item.source, item.date)
    assert told == ("제안", "섬마을 진료버스 제안", "제안.eml", "2024-03-05")
    assert item.text.startswith("섬에 병원이 없습니다.")


def test_a_form_in_a_body_keeps_its_title_and_what_stands_below_it(tmp_path: Path) -> None:
    message = mail("제안합니다")
    form = "<table><tr><th>제목<td>이동 진료<tr><th>제안일<td>2024-03-01</table>"
    message.set_content(f"{form}<p>섬에는 병원이 없어 배를 타고 나가야 한다.</p>", subtype="html")
    (item,) = read(saved(tmp_path, message))
    assert item == Document(
        "제안.eml", "섬에는 병원이 없어 배를 타고 나가야 한다.", "이동 진료", "제안.eml", "2024-03-01", meta={"메일 제목": "제안합니다"}
    )  # fmt: skip


def test_a_page_saved_as_one_file_is_read_without_its_pictures(tmp_path: Path) -> None:
    message = EmailMessage()
    message["Subject"] = "과제 목록"
    page = (OFFICE / "list.html").read_bytes().decode("cp949")
    message.set_content(page, subtype="html", charset="euc-kr")
    message.add_related(b"\x89PNG", maintype="image", subtype="png", filename="a.png")
    items = list(read(saved(tmp_path, message, "목록.mht")))
    expected = [item for item in read(OFFICE / "list.html") if isinstance(item, Document)]
    assert [(i.title, i.source) for i in items if isinstance(i, Document)] == [
        (e.title, e.source.replace("list.html", "목록.mht")) for e in expected
    ]


def test_a_forwarded_mail_and_one_in_a_zip_are_read(tmp_path: Path) -> None:
    outer = mail("전달", "아래 제안을 보세요.")
    outer.add_attachment(mail())
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("속.eml", mail("속 편지").as_bytes(policy=SMTP))
    outer.add_attachment(packed.getvalue(), maintype="application", subtype="zip", filename="묶음.zip")
    items = [item for item in read(saved(tmp_path, outer)) if isinstance(item, Document)]
    assert [(item.title, item.source) for item in items] == [
        ("전달", "제안.eml"), ("섬마을 진료버스 제안", "제안.eml/전달.eml"), ("속 편지", "제안.eml/묶음.zip/속.eml"),
    ]  # fmt: skip


def test_mails_within_mails_end(tmp_path: Path) -> None:
    message = mail("0")
    for number in range(1, 6):
        outer = mail(str(number))
        outer.add_attachment(message)
        message = outer
    items = list(read(saved(tmp_path, message)))
    assert [item.title for item in items if isinstance(item, Document)] == ["5", "4", "3"]
    assert isinstance(items[-1], RowError)
    assert "겹을 넘습니다" in items[-1].reason


def test_a_body_without_text_hides_no_attachment(tmp_path: Path) -> None:
    message = mail(body=" ")
    message.add_attachment(TABLE, maintype="text", subtype="csv", filename="과제.csv")
    assert [item.source for item in read(saved(tmp_path, message))] == ["제안.eml/과제.csv#row=2"]
    message.get_payload(0).set_content("<p></p>", subtype="html")  # type: ignore[union-attr]
    assert [item.source for item in read(saved(tmp_path, message))] == ["제안.eml", "제안.eml/과제.csv#row=2"]
    (only,) = read_told(saved(tmp_path, mail(body=" ")), Columns())
    assert isinstance(only, RowError)
    assert "글이 없습니다" in only.reason


def plain(text: str) -> MIMEText:
    return MIMEText(text, "plain", "utf-8")


def page(text: str) -> MIMEText:
    return MIMEText(f"<html><head><title>편지</title></head><body>{text}</body></html>", "html", "utf-8")


def attached() -> MIMEApplication:
    part = MIMEApplication(TABLE)
    part.add_header("Content-Disposition", "attachment", filename="과제.csv")
    return part


def parts(kind: str, *inner: MIMEBase) -> MIMEBase:
    return MIMEMultipart(kind, _subparts=inner)


FIRST, SECOND = "우물가에 등불을 답니다.", "밤마다 마을 사람이 돌봅니다."


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (
            parts("alternative", plain(FIRST), parts("mixed", page(FIRST), attached(), page(SECOND))),
            FIRST,
        ),
        (parts("mixed", parts("mixed", plain(FIRST), attached()), plain(SECOND)), f"{FIRST}\n{SECOND}"),
        (parts("mixed", plain(FIRST), attached(), plain(SECOND)), f"{FIRST}\n{SECOND}"),
        (parts("mixed", plain(FIRST), attached(), page(f"<p>{SECOND}</p>")), f"{FIRST}\n{SECOND}"),
        (parts("signed", parts("mixed", plain(FIRST), attached())), FIRST),
        (parts("mixed", parts("alternative", plain("\n"), page("<div>&nbsp;</div>")), attached()), None),
        (attached(), None),
    ],
)
def test_no_part_of_a_mail_is_lost(tmp_path: Path, message: MIMEBase, text: str | None) -> None:
    message["Subject"] = "등불"
    path = tmp_path / "등불.eml"
    path.write_bytes(message.as_bytes())
    *body, last = read(path)
    assert [(item.title, item.text) for item in body if isinstance(item, Document)] == (
        [("등불", text)] if text else []
    )
    assert isinstance(last, Document)
    assert (last.source, last.title) == ("등불.eml/과제.csv#row=2", "진료버스")


@pytest.mark.parametrize(
    "message",
    [
        parts("alternative", plain(" "), page(f"<p>{FIRST}</p><p>{SECOND}</p>")),
        parts("mixed", page(f"<p>{FIRST}</p>"), plain(SECOND)),
        parts("mixed", page(f"<p>{FIRST}</p>"), page(f"<p>{SECOND}</p>")),
    ],
)
def test_a_page_is_the_body_where_it_comes_first_or_alone_says_something(
    tmp_path: Path, message: MIMEBase
) -> None:
    path = tmp_path / "등불.eml"
    path.write_bytes(message.as_bytes())
    (item,) = read(path)
    assert isinstance(item, Document)
    assert item.text.split("\n") == [FIRST, SECOND]


def test_a_mail_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from hyeoksin.readers import limits, mail

    monkeypatch.setattr(limits, "MAX_MAIL_BYTES", 99)
    with pytest.raises(InputError, match="따로 저장해"):
        list(mail.mail_items(saved(tmp_path, globals()["mail"]()), Columns(), lambda *_: iter(()), 0))
