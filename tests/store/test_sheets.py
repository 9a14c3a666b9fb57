import pytest

from promptctl.errors import FileError, PromptctlError
from promptctl.store.sheets import Sheet, read_sheet, written_sheet


def refusal(data: bytes, **options: str) -> tuple[str, str, str]:
    """The slug, place and cure of what is wrong; of the first where there are several."""
    with pytest.raises(PromptctlError) as caught:
        read_sheet(data, "f.csv", **options)
    return caught.value.slug, str(caught.value.at), caught.value.fix or ""


def cells(sheet: Sheet) -> list[list[str]]:
    return [list(row.cells.values()) for row in sheet.rows]


@pytest.mark.parametrize(
    ("encoding", "read_as"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("gb18030", "gb18030"), ("gbk", "gb18030")],
)
def test_utf8_and_chinese_spreadsheets_are_told_apart(encoding: str, read_as: str):
    sheet = read_sheet("工单,expected\n我的钱什么时候退？,退款\n".encode(encoding), "f")

    assert (sheet.columns, sheet.encoding) == (("工单", "expected"), read_as)
    assert cells(sheet) == [["我的钱什么时候退？", "退款"]]


def test_a_western_encoding_is_refused_and_not_read_as_rare_characters():
    slug, at, cure = refusal("ticket,expected\nrésumé naïf,où\n".encode("cp1252"))

    assert (slug, at) == ("not-utf8", "f.csv:2:1")
    assert "CSV UTF-8" in cure


def test_cells_keep_line_ends_quotes_and_spaces():
    sheet = read_sheet(b'id,why\r\na," x\n""y"", z "\r\n', "f")

    assert cells(sheet) == [["a", ' x\n"y", z ']]


def test_rows_are_numbered_as_a_spreadsheet_does_and_placed_by_line():
    sheet = read_sheet(b'id,why\na,"1\n2"\n,\n\nb,x\n', "f")

    assert [(row.number, row.line) for row in sheet.rows] == [(2, 2), (5, 6)]


@pytest.mark.parametrize(
    ("data", "slug", "at", "cure"),
    [
        (b"", "bad-csv", "f.csv:1:1", "first row"),
        (b"\n\n", "bad-csv", "f.csv:1:1", "first row"),
        (b"id;expected\na;b\n", "bad-csv", "f.csv:1:1", "--separator ';'"),
        (b'id;expected\n"a";b\n', "bad-csv", "f.csv:1:1", "--separator ';'"),
        (b"id\texpected\na\tb\n", "bad-csv", "f.csv:1:1", "--separator $'\\t'"),
        (b"id,expected\na,b,c\n", "bad-csv", "f.csv:2:1", "comma"),
        (b"id,expected\na\n", "bad-csv", "f.csv:2:1", "missing"),
        (b'id,expected\na,"b\nc,d\n', "bad-csv", "f.csv:2:1", "never closed"),
        (b'id,expected\na,"b"c\n', "bad-csv", "f.csv:2:1", "twice"),
        (b"id,why,id\na,b,c\n", "bad-csv", "f.csv:1:1", "rename"),
        (b"id,,why\na,b,c\n", "bad-csv", "f.csv:2:1", "name the column"),
        ("id,why\na,b\n".encode("utf-16"), "not-utf8", "f.csv:1:1", "CSV UTF-8"),
    ],
)
def test_what_is_wrong_is_named_with_its_place_and_its_cure(data: bytes, slug: str, at: str, cure: str):
    found = refusal(data)

    assert found[:2] == (slug, at)
    assert cure in found[2]


def test_all_rows_of_the_wrong_length_are_named():
    with pytest.raises(PromptctlError) as caught:
        read_sheet(b"id,why\na\nb,c\nd,e,f\n", "f")

    assert [str(error.at) for error in caught.value.each()] == ["f:2:1", "f:4:1"]


def test_another_separator_and_an_encoding_can_be_named():
    assert cells(read_sheet(b"id;why\na;b,c\n", "f", separator=";")) == [["a", "b,c"]]
    with pytest.raises(FileError):
        read_sheet("é,a\nx,y\n".encode("cp1252"), "f", encoding="utf-8")


def test_a_sheet_begins_with_the_mark_by_which_spreadsheets_know_utf8():
    text = written_sheet(["id", "why"], [{"id": "a", "why": 'say "hi",\nok'}, {"id": "b"}])

    assert text == '\ufeffid,why\r\na,"say ""hi"",\nok"\r\nb,\r\n'
