"""ask.choices: a notice asks, people choose by number, letter or word; one answer a person, the last one counts; two open questions are asked back."""
from test_replies import answers_to
from world import phone, wait_for


def asked(world, ident, people, choices, text="周六还是周日练球?回1或2", **more):
    world.notice(ident, {"phones": [phone(i) for i in people]}, text, ask={"choices": choices, **more})
    world.until(ident)


def counts(world, ident):
    return {r["choice"]: r["count"] for r in world.cli("notice", "answers", ident).ok().lines}


def test_choices_are_counted_once_per_person(venus):
    venus.residents([f"居民{i},138{i:08d},460106,{i}栋," for i in range(1, 8)]).ok()
    asked(venus, "day", range(1, 7), ["周六", "周日"])
    for i, text in enumerate(("1", "A", "第一个", "选周六", "周日", "2号"), 1):
        venus.reply(phone(i), text)
    wait_for(lambda: counts(venus, "day") == {"周六": 4, "周日": 2}, 15, "six answers")
    assert "周六" in answers_to(venus, phone(1))[0].text
    venus.reply(phone(1), "周日")
    wait_for(lambda: counts(venus, "day") == {"周六": 3, "周日": 3}, 15, "a later answer takes the place of the earlier")
    venus.reply(phone(7), "1")
    venus.reply(phone(2), "2吗")
    venus.reply(phone(3), "周日")
    wait_for(lambda: counts(venus, "day") == {"周六": 2, "周日": 4}, 15, "who was not asked does not count, a question neither")
    rows = venus.cli("notice", "answers", "day", "--who").ok().lines
    assert {r["phone"]: r["number"] for r in rows} == {phone(i): n for i, n in zip(range(1, 7), (2, 1, 2, 1, 2, 2))}
    assert {r["name"] for r in rows} == {f"居民{i}" for i in range(1, 7)}


def test_two_open_questions_are_asked_back(venus):
    venus.residents(["居民1,13800000001,460106,1栋,"]).ok()
    asked(venus, "day", [1], ["周六", "周日"])
    asked(venus, "colour", [1], ["红色", "蓝色"], "队服要什么颜色?回1或2")
    n = len(venus.provider.to(phone(1)))
    venus.reply(phone(1), "2")
    back = answers_to(venus, phone(1), n + 1)[-1].text
    assert "周日" in back and "蓝色" in back and "1 " in back and "2 " in back, back
    assert sum(counts(venus, "day").values()) + sum(counts(venus, "colour").values()) == 0, "never guessed"
    venus.reply(phone(1), "2")
    wait_for(lambda: counts(venus, "colour") == {"红色": 0, "蓝色": 1}, 15, "the second of the list that was offered")
    venus.reply(phone(1), "周六")
    wait_for(lambda: counts(venus, "day") == {"周六": 1, "周日": 0}, 15, "words fit only one question")


def test_what_is_no_question(venus):
    venus.residents(["居民1,13800000001,460106,1栋,"]).ok()
    venus.notice("plain", {"phones": [phone(1)]}, "今晚停水")
    venus.until("plain")
    assert venus.cli("notice", "answers", "plain").code == 4
    assert venus.cli("notice", "answers", "nowhere").code == 3
