"""Screenshots from their arrival to the conversation and the evidence: both readings kept, nothing doubled, codes masked."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from click.testing import CliRunner

from cardcase.connectors.ports import MessageNotice, Speaker
from cardcase.custody import queries as custody
from cardcase.evidence import queries as evidence
from cardcase.evidence import rules as evidence_rules
from cardcase.evidence import service as exhibits
from cardcase.evidence.models import Exhibit
from cardcase.inbox.models import Conversation, Message
from cardcase.inbox.service import ingest_messages
from cardcase.intake import service as intake
from cardcase.kit.errors import Conflict, NotAllowed, NotFound, WrongUse
from cardcase.screens import limits, queries, service
from cardcase.screens.models import Capture, CapturedPicture
from cardcase.screens.rules import lines
from cardcase.screens.rules.log import Kind

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 21)


def captured(world, pictures, **more):
    more.setdefault("taken_by", "seller")
    return service.capture(world.owner, pictures, taken_on=DAY, at=world.noon, **more)


def said(actor):
    return [(one.speaker, one.kind, one.text) for one in Message.objects.visible_to(actor).order_by("pk")]


def test_what_was_read_waits_beside_the_untouched_picture(world, pictures):
    given = pictures("light")
    row = captured(world, given)
    kept = queries.pictures(world.owner, row)
    assert (row.state, row.nick, row.taken_by, row.captured_by) == (
        "waiting",
        "小鹿不吃草",
        "seller",
        world.owner.label,
    )
    assert [queries.original(world.owner, one) for one in kept] == [one.data for one in given]
    assert [one.name for one in kept] == [f"截图 {number}.png" for number in range(4)]
    assert bytes(CapturedPicture.objects.visible_to(world.owner).first().original_sealed) != given[0].data
    assert said(world.owner) == []
    [entry] = custody.history(world.owner, [row.public_id])
    assert entry.kind == "screens.captured"


def test_confirmed_words_join_the_conversation_and_both_readings_stay(world, pictures):
    row = captured(world, pictures("light"))
    read = lines.from_documents(row.read)
    typed = lines.from_sheet(lines.to_sheet(read).replace("买家：收到", "买家：收到了"), read)
    taken = intake.confirm_screens(world.owner, row.public_id, typed, at=world.noon)
    row.refresh_from_db()
    assert (taken.new, row.state, row.settled_by) == (19, "confirmed", world.owner.label)
    texts = [one["text"] for one in row.read], [one["text"] for one in row.confirmed]
    assert "收到" in texts[0]
    assert "收到了" in texts[1]
    assert ("buyer", "text", "收到了") in said(world.owner)
    [talk] = Conversation.objects.visible_to(world.owner)
    assert (talk.external_id, row.conversation_id) == ("paste:小鹿不吃草", talk.pk)
    kinds = [entry.kind for entry in custody.history(world.owner, [row.public_id])]
    assert kinds == ["screens.captured", "screens.confirmed"]


def test_the_order_of_what_was_said_is_that_of_the_screen(world, pictures):
    row = captured(world, pictures("light"))
    intake.confirm_screens(world.owner, row.public_id, at=world.noon)
    expected = [one["text"] for one in row.read if one["kind"] != "time"]
    assert [text for _, _, text in said(world.owner)] == expected


def test_the_same_chat_in_other_screenshots_doubles_nothing(world, pictures):
    first = captured(world, pictures("light", 0))
    intake.confirm_screens(world.owner, first.public_id, at=world.noon)
    other = captured(world, pictures("dark"))
    taken = intake.confirm_screens(world.owner, other.public_id, at=world.noon)
    assert (taken.new, taken.known) == (11, 8)  # the picture that the edge cuts among them
    assert len(said(world.owner)) == 19


def test_a_refund_that_the_chat_speaks_of_opens_a_case_with_the_pictures_as_exhibits(world, pictures):
    row = captured(world, pictures("light"))
    taken = intake.confirm_screens(world.owner, row.public_id, at=world.noon)
    assert len(taken.cases) == 1
    rows = Exhibit.objects.visible_to(world.owner).order_by("pk")
    assert [(one.kind, one.title, one.party) for one in rows] == [
        ("E26", f"聊天截图 {number}/4", "seller") for number in range(1, 5)
    ]
    assert rows[0].facts["order_no"] == "3310145690545023994"


def test_what_a_screenshot_shows_is_held_against_the_record(world, pictures):
    case = world.case()
    row = captured(world, pictures("light", 0), case=case.number, taken_by="buyer")
    intake.confirm_screens(world.owner, row.public_id, at=world.noon)
    found = evidence_rules.contradictions(evidence.case_facts(world.owner, case, at=world.noon))
    assert {(one.kind, one.field) for one in found} >= {("E26", "order_no"), ("E26", "tail4")}


def test_screenshots_of_a_case_join_the_conversation_that_it_has(world, pictures):
    case = world.case()
    world.say(case.order, "在吗")
    row = captured(world, pictures("plain"), case=case.number)
    intake.confirm_screens(world.owner, row.public_id, at=world.noon)
    row.refresh_from_db()
    assert row.conversation.external_id == f"talk{case.order.pk}"


def test_a_message_that_a_tool_told_to_the_second_is_known_again_on_the_screen(world, pictures):
    words = "绑定的时候提示卡密已被使用，我都还没用过呢，这是怎么回事，你给我看看"
    told = [
        MessageNotice(
            channel="goofish",
            conversation_id="9",
            message_id="m1",
            speaker=Speaker.BUYER,
            text=words,
            said_at=datetime(2025, 11, 20, 12, 14, 4, tzinfo=UTC),
            buyer_external_id="2",
            buyer_nick="小鹿不吃草",
        )
    ]
    seen = lines.to_notices(
        [
            lines.Said(who="platform", kind=Kind.TIME, text="2025-11-20 20:10"),
            lines.Said(who="seller", kind=Kind.TEXT, text="收到款了，已经发货"),
            lines.Said(who="buyer", kind=Kind.TEXT, text=words),
        ],
        lines.About(conversation="paste:小鹿不吃草", nick="小鹿不吃草", taken_on=date(2025, 11, 21)),
    )
    ingest_messages(world.owner, seen, at=world.noon)
    ingest_messages(world.owner, told, at=world.noon)
    rows = Message.objects.visible_to(world.owner).order_by("pk")
    assert [one.text for one in rows] == ["收到款了，已经发货", words]
    assert rows[1].said_at == told[0].said_at  # the exact one wins over "then or later"


def test_a_card_code_on_a_picture_is_masked_everywhere_and_its_exhibit_is_covered(world, pictures, monkeypatch):
    from dataclasses import replace

    from screens import recorded

    case = world.case()
    code = next(iter(world.codes.values())).expose()
    seen = recorded.seen("light")[0]
    told = [replace(one, text=one.text.replace("尾号8KQ2", f"卡密{code} ")) for one in seen.lines]
    assert any(code in one.text for one in told)
    given = pictures("light", 0)
    recorded.put_in_place_of_the_reader(monkeypatch, [replace(seen, lines=tuple(told))])
    covered = []
    monkeypatch.setattr(
        exhibits, "cover_codes", lambda _actor, exhibit, areas, _why, **_: covered.append((exhibit, areas))
    )
    row = captured(world, given, case=case.number)
    intake.confirm_screens(world.owner, row.public_id, at=world.noon)
    [picture] = queries.pictures(world.owner, row)
    everything = json.dumps([row.read, picture.lines, said(world.owner)], ensure_ascii=False)
    assert code not in everything
    assert code[-4:] in everything
    assert picture.masks
    exhibit = Exhibit.objects.visible_to(world.owner).get(kind="E26")
    assert exhibit.body_sealed is not None
    assert [one for one, _ in covered] == [exhibit.public_id]
    assert len(covered[0][1]) == len(picture.masks)


def test_only_one_yes_counts(world, pictures):
    row = captured(world, pictures("plain"))
    intake.confirm_screens(world.owner, row.public_id, at=world.noon)
    with pytest.raises(Conflict):
        intake.confirm_screens(world.owner, row.public_id, at=world.noon)
    with pytest.raises(Conflict):
        service.drop(world.owner, row.public_id, at=world.noon)


def test_pictures_that_nobody_confirms_are_thrown_away(world, pictures):
    given = pictures("plain")
    dropped, old = captured(world, given), captured(world, given)
    service.drop(world.owner, dropped.public_id, at=world.noon)
    service.capture(world.owner, given, taken_by="seller", at=world.noon + service.KEPT_FOR + timedelta(minutes=1))
    states = dict(Capture.objects.visible_to(world.owner).values_list("public_id", "state"))
    assert (states[dropped.public_id], states[old.public_id]) == ("dropped", "dropped")
    assert CapturedPicture.objects.visible_to(world.owner).count() == len(given)


def test_what_is_refused(world, pictures, stranger, auditor):
    given = pictures("plain")
    with pytest.raises(WrongUse):
        captured(world, given, taken_by="me")
    with pytest.raises(WrongUse):
        captured(world, [])
    with pytest.raises(NotFound):
        captured(world, given, case="AS-2026-999999")
    with pytest.raises(limits.BadPicture):
        captured(world, [service.Picture("a.png", b"nothing")])
    with pytest.raises(NotAllowed):
        service.capture(auditor, given, taken_by="seller", at=world.noon)
    row = captured(world, given)
    with pytest.raises(NotFound):
        queries.capture(stranger, row.public_id)
    assert Capture.objects.visible_to(world.owner).count() == 1


def test_one_refused_picture_does_not_take_the_others_with_it(world, pictures):
    given = pictures("plain")
    row = captured(world, [service.Picture("坏的.png", b"nothing"), *given])
    kept = queries.pictures(world.owner, row)
    assert row.notes[0] == "refused"
    assert kept[0].trouble["zh"].startswith("坏的.png：只认 PNG")
    assert [one.place for one in queries.read_pictures(world.owner, row)] == [*range(1, len(given) + 1)]
    assert row.read == captured(world, given).read
    [entry] = custody.history(world.owner, [row.public_id])
    assert (entry.facts["pictures"], entry.facts["refused"]) == (len(given), 1)


def test_the_command_reads_shows_and_confirms(world, pictures, tmp_path, monkeypatch):
    from cardcase.project import boot
    from cardcase.project.cli import common, work

    given = pictures("plain")
    files = []
    for number, one in enumerate(given):
        files.append(str(tmp_path / f"{number}.png"))
        (tmp_path / f"{number}.png").write_bytes(one.data)
    monkeypatch.setattr(boot, "operator", lambda _slug=None: world.owner)
    monkeypatch.setattr(common, "prepare", lambda *_: None, raising=False)
    monkeypatch.setattr(boot, "prepare", lambda *_: None)

    def run(*told):
        return CliRunner().invoke(work.import_, ["screens", *told], standalone_mode=False)

    shown = run(*files)
    assert shown.return_value == 1, shown.output
    assert "买家：steam充值卡100美金的" in shown.output
    row = Capture.objects.visible_to(world.owner).get()
    assert row.public_id in shown.output
    sheet = tmp_path / "sheet.txt"
    sheet.write_text("[时间] 2026-11-18 22:41\n买家：改过的话\n", "utf-8")
    done = run(row.public_id, "--sheet", str(sheet), "--json")
    assert done.return_value == 0, done.output
    document = json.loads(done.output)
    assert (document["state"], document["new"]) == ("confirmed", 1)
    assert said(world.owner) == [("buyer", "text", "改过的话")]
