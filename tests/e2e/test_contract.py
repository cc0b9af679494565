"""Sentences of the contract that no other file tries."""
from test_send import iso
from world import phone, wait_for


def test_a_template_speaks_the_resident_s_language(town):
    """Contract 3: "template": "name"; NAME.txt for everybody, NAME.LANGUAGE.txt for those who speak it."""
    folder = town.directory / "templates"
    folder.mkdir()
    (folder / "flood.txt").write_text("{{place}}积水, {{name}}\n")
    (folder / "flood.en.txt").write_text("{{name}}: flood at {{place}}\n")
    town.start(more=f'template_dir = "{folder}"\n')
    town.residents(["王小明,13800000001,", "Ann,13800000002,en", "Jean,13800000003,fr"], "name,phone,lang").ok()
    town.notice("flood", {"everyone": True}, None, template="flood", vars={"place": "文化广场"})
    assert town.until("flood")["counts"]["accepted"] == 3
    assert {m.to: m.text for m in town.provider.of("flood")} == {
        phone(1): "文化广场积水, 王小明", phone(2): "Ann: flood at 文化广场", phone(3): "文化广场积水, Jean"}
    town.notice("nowhere", {"everyone": True}, None, template="flood")
    town.notice("nothing", {"everyone": True}, None, template="drought")
    assert {r["reason"] for r in town.rejected(2)} == {"unknown-variable", "unknown-template"}


def test_who_has_no_language_is_spoken_to_in_chinese(venus):
    """A file of residents has no column of languages; texts by language come in any order."""
    venus.residents(["王小明,13800000001", "李雷,13800000002"], "name,phone").ok()
    venus.notice("both", {"everyone": True}, {"en": "Water is off", "zh-CN": "停水"})
    venus.until("both")
    assert {m.text for m in venus.provider.of("both")} == {"停水"}
