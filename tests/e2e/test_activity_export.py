"""The roster and the activity as files."""
import csv
import html.parser
import io

from test_activity_due import ball, join
from world import phone, wait_for
from test_replies import shown


class Cells(html.parser.HTMLParser):
    """The rows of the table, and every tag there is."""

    def __init__(self):
        super().__init__()
        self.rows, self.tags, self.cell = [], set(), False

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag == "tr":
            self.rows.append([])
        if tag == "td":
            self.rows[-1].append("")
        self.cell = tag == "td"

    def handle_endtag(self, tag):
        self.cell = False

    def handle_data(self, data):
        if self.cell:
            self.rows[-1][-1] += data


def export(world, form, *more):
    return world.cli("activity", "export", "basketball", "--format", form, *more).ok().out


def test_a_roster_is_a_table_lines_a_sheet_and_a_calendar(venus):
    """Names that are formulas or markup are text everywhere; a sheet is for print; a calendar knows time and place."""
    venus.residents([f"=1+1,{phone(0)},460106,1栋,", f"<b>李</b>,{phone(1)},460106,1栋,", f"张三,{phone(2)},460106,1栋,"]).ok()
    ball(venus, 3)
    join(venus, 0)
    venus.reply(phone(1), "报名 篮球赛 2人")
    wait_for(lambda: shown(venus)["taken"] == 3, 10, "two registrations")
    join(venus, 2)
    rows = list(csv.reader(io.StringIO(export(venus, "csv").lstrip("\ufeff"))))
    assert rows[0] == ["place", "name", "phone", "count", "status", "position"]
    assert not rows[1][1].startswith("="), rows
    assert export(venus, "text").splitlines() == ["周五篮球赛 (3/3)", "1. =1+1", "2. <b>李</b> 2人", "3. 张三 (候补第1位)"]
    sheet = export(venus, "sheet", "--full")
    page = Cells()
    page.feed(sheet)
    assert "size: A4" in sheet and "周五篮球赛" in sheet and "文化广场" in sheet
    assert [r for r in page.rows if r] == [["1", "=1+1", "1", phone(0), "", ""], ["2", "<b>李</b>", "2", phone(1), "", ""], ["1", "张三", "1", phone(2), "候补", ""]]
    assert "b" not in page.tags and "script" not in page.tags, page.tags
    ics = export(venus, "ics")
    assert ics.startswith("BEGIN:VCALENDAR") and "SUMMARY:周五篮球赛" in ics and "LOCATION:文化广场" in ics and "UID:basketball@venus.crier" in ics
    assert phone(0) not in ics
    refused = venus.cli("activity", "export", "basketball", "--format", "pdf")
    assert refused.code == 2 and "csv, text, sheet and ics" in refused.err
