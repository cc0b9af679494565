"""Residents come from files that people made (contract 6, resident import)."""
import csv

from world import phone


def write(world, data):
    path = world.directory / "in.csv"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def names(world):
    return sorted(r["name"] for r in world.cli("resident", "list").ok().lines)


def test_a_good_file_is_imported_and_again_changes_nothing(venus):
    """Header in any order, more columns allowed; the same file again adds nobody."""
    path = write(venus, "tags,phone,备注,name,building,area\n老人;篮球,13800000001,x,王小明,1栋,460106\n,138-0000-0002,y,李雷,2栋,460106\n")
    venus.cli("resident", "import", path).ok()
    assert names(venus) == ["李雷", "王小明"]
    venus.cli("resident", "import", path).ok()
    rows = venus.cli("resident", "list").ok().lines
    assert len(rows) == 2
    one = next(r for r in rows if r["name"] == "王小明")
    assert phone(1) in str(one) and "老人" in str(one) and "篮球" in str(one)


def test_chinese_header_bom_and_gb18030(venus):
    """姓名,手机,区划,楼栋,标签; what Excel writes: a BOM, or GB18030; several tags separated by 、"""
    text = "姓名,手机,区划,楼栋,标签\r\n王小明,13800000001,460106,1栋,老人、篮球\r\n"
    venus.cli("resident", "import", write(venus, b"\xef\xbb\xbf" + text.encode())).ok()
    venus.cli("resident", "import", write(venus, text.replace("王小明", "韓梅梅𠀀").replace("0001", "0002").encode("gb18030"))).ok()
    assert names(venus) == sorted(["王小明", "韓梅梅𠀀"])


def test_every_bad_row_is_told_by_number_column_and_reason_and_nothing_is_imported(venus):
    """import reports every bad row, and imports nothing unless told --partial (exit 1)."""
    path = write(venus, "name,phone,area,building,tags\n"
                 "王小明,13800000001,460106,1栋,\n"
                 "李雷,0898-66666666,460106,1栋,\n"
                 "韩梅梅,1.38E+10,460106,1栋,\n"
                 ",13800000004,460106,1栋,\n"
                 "赵六,,460106,1栋,\n"
                 "孙七,13800000006,4601,1栋,\n"
                 "周八,13800000007,abc,1栋,\n")
    r = venus.cli("resident", "import", path, as_json=False)
    assert r.code == 4, r
    told = r.out + r.err
    for row, column in ((3, "phone"), (4, "phone"), (5, "name"), (6, "phone"), (8, "area")):
        assert any(str(row) in line and column in line for line in told.splitlines()), f"row {row} {column}: {told}"
    assert names(venus) == []
    r = venus.cli("resident", "import", path, "--partial")
    assert r.code == 1
    assert "王小明" in names(venus) and "李雷" not in names(venus)


def test_bad_rows_are_kept_in_a_table_and_whole_numbers_are_taken(venus):
    """--errors: line, column and reason, for the spreadsheet that the file came from."""
    path = write(venus, "name,phone\n王小明,1.3800000001E+10\n李雷,1.38E+10\n,13800000003\n")
    bad = venus.directory / "bad.csv"
    assert venus.cli("resident", "import", path, "--dry-run", "--errors", bad).code == 4
    rows = list(csv.reader(bad.read_text(encoding="utf-8-sig").splitlines()))
    assert rows[0] == ["line", "column", "reason"] and [r[:2] for r in rows[1:]] == [["3", "phone"], ["4", "name"]], rows
    assert "1.38E+10" in rows[1][2]
    assert venus.cli("resident", "import", path, "--errors", path).code == 2 and "王小明" in path.read_text()
    assert venus.cli("resident", "import", path, "--errors", venus.directory / "none" / "bad.csv").code == 2
    assert venus.cli("resident", "import", path, "--partial", "--errors", bad).code == 1
    assert [(r["name"], r["phones"]) for r in venus.cli("resident", "list").ok().lines] == [("王小明", [phone(1)])]


def test_the_audit_tells_what_only_looked_from_what_stored(venus):
    """crier has a file judged before it hands it in, and --dry-run stores nothing: three requests to one path."""
    path = write(venus, "name,phone\n王小明,13800000001\n")
    venus.cli("resident", "import", path, "--dry-run").ok()
    venus.cli("resident", "import", path).ok()
    rows = [r["detail"] for r in venus.cli("audit").ok().lines if r["did"].endswith("/residents/import")]
    assert len(rows) >= 3 and rows[:2] == ["", "check only"] and "dry run" in rows[2:], rows  # newest first
    assert rows.count("") == 1, rows


def test_a_header_without_phone_is_refused_with_what_was_found(venus):
    """Which column is missing, which columns were found."""
    r = venus.cli("resident", "import", write(venus, "name,telefon\n王小明,13800000001\n"), as_json=False)
    assert r.code == 4 and "phone" in r.err + r.out and "telefon" in r.err + r.out


def test_broken_files_are_refused_with_a_place(venus):
    """An open quote, bytes of no encoding, nothing at all, a file that is not there."""
    assert venus.cli("resident", "import", write(venus, 'name,phone\n"王小明,13800000001\n')).code == 4
    assert venus.cli("resident", "import", write(venus, b"name,phone\n\xff\xff\xff,13800000001\n")).code == 4
    assert venus.cli("resident", "import", write(venus, b"")).code in (3, 4)
    assert venus.cli("resident", "import", venus.directory / "none.csv").code == 2
    assert names(venus) == []


def test_a_resident_can_be_erased(venus):
    """resident erase: gone from list and audience."""
    venus.residents(["王小明,13800000001,460106,1栋,", "李雷,13800000002,460106,1栋,"]).ok()
    rows = {r["name"]: r for r in venus.cli("resident", "list").lines}
    venus.cli("resident", "erase", rows["王小明"]["id"], "--yes").ok()
    r = venus.cli("resident", "show", rows["王小明"]["id"], as_json=False)
    assert r.code == 3 and "no resident" in r.err, (r.code, r.err)
    assert names(venus) == ["李雷"]
    venus.notice("all", {"everyone": True})
    assert venus.until("all")["total"] == 1


def test_export_and_import_are_inverse(venus):
    """resident export gives a file that import takes."""
    venus.residents(["王小明,13800000001,460106,1栋,老人;篮球", '"李, 雷",13800000002,460106,"2栋 ""A""",']).ok()
    out = venus.cli("resident", "export", as_json=False).ok().out
    path = write(venus, out)
    r = venus.cli("resident", "import", path).ok()
    assert len(venus.cli("resident", "list").lines) == 2, (out, r.out)
