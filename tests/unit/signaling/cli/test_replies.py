"""The command `sangdam replies` exports the saved replies of a site as CSV and imports them."""

from __future__ import annotations

from pathlib import Path

from .commands import a_shop, done, run


def test_replies_go_out_as_csv_and_come_back(folder: Path, tmp_path: Path) -> None:
    a_shop(folder)
    table = tmp_path / "replies.csv"
    table.write_text("language,title,text\nko,배송,이틀 걸려요.\n", "utf-8")
    assert done(folder, "replies", "import", "shop", str(table)) == "Added 1, changed 0.\n"
    out = done(folder, "replies", "export", "shop")
    assert out.splitlines()[1] == "ko,배송,이틀 걸려요."
    assert done(folder, "replies", "import", "shop", "-", typed=out) == "Added 0, changed 0.\n"


def test_a_bad_file_is_refused_with_its_line(folder: Path, tmp_path: Path) -> None:
    a_shop(folder)
    table = tmp_path / "replies.csv"
    table.write_text("language,title,text\nde,Lieferung,Zwei Tage.\n", "utf-8")
    result = run(folder, "replies", "import", "shop", str(table))
    assert result.exit_code == 1
    assert "line 2" in result.output
