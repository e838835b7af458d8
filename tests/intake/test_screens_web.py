"""Screenshots by page and API: kept and promised, read by a job, looked over beside the picture, confirmed or let go."""

import io
import json
import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from cardcase.evidence.models import Exhibit
from cardcase.inbox.models import Message
from cardcase.jobs.rules import MAX_TRIES
from cardcase.jobs.runners.worker import Worker
from cardcase.kit import clock
from cardcase.project.config import Config
from cardcase.screens import limits, queries, tasks
from cardcase.screens.models import Capture, CapturedPicture
from cardcase.staff import service as staff
from cardcase.staff.models import Staff
from evidence.pictures import pixels
from evidence.world import World
from screens import recorded

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"
PAPER = (238, 240, 235)


@pytest.fixture(autouse=True)
def data(tmp_path, settings):
    settings.CARDCASE = Config(data=tmp_path)


@pytest.fixture
def world(shop, owner, system, noon):
    return World(shop, owner, system, noon)


@pytest.fixture
def engine(monkeypatch):
    """Say what the reader sees from now on; the pictures themselves are blank and of the right size."""

    def of(*seen):
        recorded.put_in_place_of_the_reader(monkeypatch, seen)
        return [blank(one) for one in seen if not isinstance(one, Exception)]

    return of


def blank(seen, kind="PNG"):
    size = (round(seen.width * seen.scale), round(seen.height * seen.scale))
    out = io.BytesIO()
    Image.new("RGB", size, PAPER).save(out, kind)
    return out.getvalue()


def page_of(actor):
    client = Client()
    client.force_login(Staff.objects.get(pk=actor.staff_id), BACKEND)
    return client


def files(pictures):
    return [SimpleUploadedFile(f"截图 {n}.png", one, "image/png") for n, one in enumerate(pictures, 1)]


def send(client, pictures, **more):
    told = {"files": files(pictures), "taken_by": "seller", "taken_on": "2026-11-21", **more}
    return client.post("/screens/", told)


def work():
    """Do the jobs that are due, in turn, as a runner would."""
    assert tasks.read_on
    while Worker().run_due(limit=20):
        pass


class Program:
    def __init__(self, actor, noon):
        token = staff.create_token(actor, label="t", role=actor.role, at=noon).plain
        self.client, self.headers = Client(), {"Authorization": f"Bearer {token}"}

    def get(self, path):
        return self.client.get(f"/api/v1/screens{path}", headers=self.headers)

    def post(self, path, body=None, *, key=None, **form):
        headers = self.headers | {"Idempotency-Key": key or str(uuid.uuid4())}
        if form:
            return self.client.post(f"/api/v1/screens{path}", form, headers=headers)
        return self.client.post(
            f"/api/v1/screens{path}", json.dumps(body or {}), content_type="application/json", headers=headers
        )


def said(actor):
    return [(one.speaker, one.text) for one in Message.objects.visible_to(actor).order_by("pk")]


def form_of(body):
    """Read back what the browser would post of the page's form: every field that it shows."""
    from html.parser import HTMLParser

    class Form(HTMLParser):
        def __init__(self):
            super().__init__()
            self.values, self.open, self.select = {}, None, None

        def handle_starttag(self, tag, attrs):
            told = dict(attrs)
            if tag == "input" and told.get("type") != "checkbox" and told.get("name"):
                self.values[told["name"]] = told.get("value", "")
            elif tag == "input" and "checked" in told:
                self.values[told["name"]] = told["value"]
            elif tag == "textarea":
                self.open = told["name"]
                self.values[self.open] = ""
            elif tag == "select":
                self.select = told.get("name")
            elif tag == "option" and "selected" in told:
                self.values[self.select] = told["value"]

        def handle_data(self, data):
            if self.open:
                self.values[self.open] += data

        def handle_endtag(self, tag):
            if tag == "textarea":
                self.values[self.open] = self.values[self.open].removeprefix("\n")
                self.open = None

    form = Form()
    form.feed(body[body.index('name="part"') - 40 : body.index("capture-acts")])
    return form.values


def test_the_page_of_a_case_takes_screenshots_and_nobody_waits_for_the_reader(world, owner, engine):
    case = world.case()
    client = page_of(owner)
    body = client.get(f"/cases/{case.number}/").content.decode()
    assert 'action="/screens/"' in body
    assert "data-paste-files" in body
    answer = send(client, engine(*recorded.seen("plain")), case=case.number)
    row = Capture.objects.visible_to(owner).get()
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/screens/{row.public_id}/")
    assert (row.state, row.case_id, row.read) == ("reading", case.pk, [])
    waiting = client.get(answer.headers["Location"]).content.decode()
    assert "正在识别" in waiting
    assert "<progress" in waiting
    assert 'hx-trigger="every 2s"' in waiting
    assert "截图正在识别" in client.get(f"/cases/{case.number}/").content.decode()
    assert client.get(f"/screens/{row.public_id}/0-0.png").status_code == 404  # nobody knows yet where codes stand
    work()
    row.refresh_from_db()
    assert (row.state, row.done, row.how) == ("waiting", len(recorded.seen("plain")), "recorded")
    assert not CapturedPicture.objects.visible_to(owner).exclude(seen_sealed=None).exists()
    assert "截图待核对" in client.get(f"/cases/{case.number}/").content.decode()


def test_each_entry_is_corrected_kept_or_left_out_beside_its_picture(world, owner, engine):
    case = world.case()
    client = page_of(owner)
    url = send(client, engine(*recorded.seen("plain")), case=case.number).headers["Location"]
    work()
    body = client.get(url).content.decode()
    form = form_of(body)
    row = Capture.objects.visible_to(owner).get()
    kinds = [one["kind"] for one in row.read]
    assert body.count('class="entry"') == len(row.read)
    assert f'src="{url}0-0.png"' in body
    first = next(n for n, one in enumerate(row.read) if one["kind"] == "text")
    second = next(n for n, one in enumerate(row.read) if one["kind"] == "text" and n > first)
    assert form[f"text-{first}"].replace("\r", "") == row.read[first]["text"]
    form |= {f"text-{first}": "改过的话", f"who-{first}": "seller", f"time-{first}": "2026-11-18 22:40",
             f"more-{first}": "买家：漏掉的一句", "act": "save"}  # fmt: skip
    del form[f"keep-{second}"]
    assert client.post(url, form).status_code == 302
    row.refresh_from_db()
    assert (row.state, said(owner)) == ("waiting", [])
    again = client.get(url).content.decode()
    assert "识别的是：" in again
    assert "改过的话" in again
    done = client.post(url, form_of(again) | {"act": "confirm"})
    assert done.headers["Location"] == f"/cases/{case.number}/"
    row.refresh_from_db()
    texts = [text for _, text in said(owner)]
    assert texts[:2] == ["改过的话", "漏掉的一句"]
    assert row.read[second]["text"] not in texts
    assert row.state == "confirmed"
    assert row.read[first]["text"] != "改过的话"  # the reading stays beside what was confirmed
    assert [one["text"] for one in row.confirmed[kinds.index("text") :][:2]] == ["2026-11-18 22:40", "改过的话"]
    assert "核对后收下了" in client.get(url).content.decode()


def test_what_cannot_be_taken_is_said_and_nothing_typed_is_lost(world, owner, engine):
    client = page_of(owner)
    url = send(client, engine(*recorded.seen("plain"))).headers["Location"]
    work()
    form = form_of(client.get(url).content.decode())
    row = Capture.objects.visible_to(owner).get()
    first = next(n for n, one in enumerate(row.read) if one["kind"] == "text")
    wrong = client.post(url, form | {f"time-{first}": "很久以前", f"text-{first}": "打了很多字", "act": "confirm"})
    body = wrong.content.decode()
    assert wrong.status_code == 422
    assert f"第 {first + 1} 条" in body
    assert "打了很多字" in body
    assert "很久以前" in body
    nowhere = client.post(url, form | {"case": "AS-2026-999999", f"text-{first}": "打了很多字", "act": "confirm"})
    assert nowhere.status_code == 404
    assert "打了很多字" in nowhere.content.decode()
    assert said(owner) == []
    assert Capture.objects.visible_to(owner).get().draft == []


def test_the_other_phone_swaps_the_sides_of_all(world, owner, engine):
    client = page_of(owner)
    url = send(client, engine(*recorded.seen("plain"))).headers["Location"]
    work()
    row = Capture.objects.visible_to(owner).get()
    form = form_of(client.get(url).content.decode())
    client.post(url, form | {"taken_by": "buyer", "act": "save"})
    row.refresh_from_db()
    sides = {"seller": "buyer", "buyer": "seller"}
    assert [one["who"] for one in row.draft if one] == [sides[one["who"]] for one in row.read if one["who"] in sides]
    assert row.taken_by == "buyer"


def test_codes_are_covered_in_words_and_in_the_picture_and_the_original_is_not_given(world, owner, engine):
    case = world.case()
    code = next(iter(world.codes.values())).expose()
    seen = recorded.seen("light")[0]
    told = [replace(one, text=one.text.replace("尾号8KQ2", f"卡密{code} ")) for one in seen.lines]
    client = page_of(owner)
    url = send(client, engine(replace(seen, lines=tuple(told))), case=case.number).headers["Location"]
    work()
    body = client.get(url).content.decode()
    assert code not in body
    assert code[-4:] in body
    [picture] = queries.pictures(owner, Capture.objects.visible_to(owner).get())
    answer = client.get(f"{url}0-0.png")
    assert answer.headers["Cache-Control"] == "private, no-store"
    width, height, rows, kinds = pixels(answer.content)
    assert set(kinds) == {b"IHDR", b"IDAT", b"IEND"}
    scale = width / picture.width
    assert (width, height) == (min(1080, picture.width), round(picture.height * scale))
    [left, top, right, bottom] = picture.masks[0]
    assert rows[round((top + bottom) / 2 * scale)][round((left + right) / 2 * scale)] == (0, 0, 0)
    assert rows[2][2] == PAPER
    form = form_of(body)
    first = next(name for name in form if name.startswith("text-"))
    client.post(url, form | {"act": "save", f"more-{first.split('-')[1]}": f"我：{code}"})
    assert code not in json.dumps(Capture.objects.visible_to(owner).get().draft)


def test_low_trust_and_look_alike_letters_are_warned_of_at_the_entry(world, owner, engine):
    seen = recorded.seen("light")[0]
    faint = [replace(one, score=0.41) if "收到" in one.text else one for one in seen.lines]
    client = page_of(owner)
    url = send(client, engine(replace(seen, lines=tuple(faint)))).headers["Location"]
    work()
    body = client.get(url).content.decode()
    assert "字认得没把握（41%）" in body
    assert "容易认错 O/0、I/1：8KQ2" in body
    assert 'class="is-warned"' in body


def test_a_picture_that_the_reader_refuses_is_named_and_the_others_are_read(world, owner, noon, engine):
    first, _, third = recorded.seen("light")[:3]
    client = page_of(owner)
    engine(first, limits.refusal("picture_slow", "截图 2.png"), third)
    pictures = [blank(first), blank(first), blank(third), b"no picture"]
    url = send(client, pictures).headers["Location"]
    work()
    row = Capture.objects.visible_to(owner).get()
    assert (row.state, row.done, row.trouble) == ("waiting", 4, {})
    kept = CapturedPicture.objects.visible_to(owner).order_by("place")
    assert [one.trouble.get("code") for one in kept] == [None, "picture_slow", None, "picture_kind"]
    assert [one.original_sealed is None for one in kept] == [False, True, False, True]
    assert {place[0] for place in row.places} == {0, 2}
    body = client.get(url).content.decode()
    assert "截图 2.png：识别超过" in body
    assert "裁掉无关部分" in body
    assert "只认 PNG、JPEG、WEBP" in body
    told = Program(owner, noon).get(f"/{row.public_id}").json()["pictures"]
    assert [one["trouble"] and one["trouble"]["code"] for one in told] == [None, "picture_slow", None, "picture_kind"]
    assert client.post(url, {"act": "confirm"}).status_code == 302
    rows = Exhibit.objects.visible_to(owner).order_by("pk")
    assert [one.title for one in rows] == ["聊天截图 1/2", "聊天截图 2/2"]


def test_when_every_picture_is_refused_it_ends_with_the_first_reason(world, owner, engine):
    client = page_of(owner)
    engine(limits.refusal("picture_slow", "截图 2.png"), limits.refusal("picture_memory", "截图 3.png"))
    good = recorded.seen("plain")[0]
    url = send(client, [blank(good), blank(good)]).headers["Location"]
    work()
    row = Capture.objects.visible_to(owner).get()
    body = client.get(url).content.decode()
    assert (row.state, row.trouble["code"]) == ("failed", "picture_slow")
    assert "截图 2.png" in body
    assert "裁掉无关部分" in body
    assert not CapturedPicture.objects.visible_to(owner).exists()
    assert said(owner) == []


def test_a_long_capture_is_read_in_turns_and_goes_on_where_it_was(world, owner, engine, monkeypatch):
    from cardcase.screens.service import reading

    monkeypatch.setattr(reading, "TURN", -1.0)
    client = page_of(owner)
    seen = recorded.seen("light")[:3]
    url = send(client, engine(*seen)).headers["Location"]
    done = []
    while Worker().run_due(limit=1):
        row = Capture.objects.visible_to(owner).get()
        done.append((row.state, row.done))
    assert [one for one in dict.fromkeys(done) if one[1]] == [("reading", 1), ("reading", 2), ("waiting", 3)]
    assert "确认收下" in client.get(url).content.decode()


def test_a_reader_that_breaks_each_time_is_given_up_and_whoever_waits_is_told(world, owner, engine, monkeypatch):
    client = page_of(owner)
    pictures = engine(recorded.seen("plain")[0])
    url = send(client, pictures).headers["Location"]
    recorded.put_in_place_of_the_reader(monkeypatch, [RuntimeError("broken")])
    for hour in range(MAX_TRIES):
        assert "正在识别" in client.get(url).content.decode()
        with clock.fixed_at(world.noon + timedelta(hours=hour)):
            assert Worker().run_due(limit=20)
    row = Capture.objects.visible_to(owner).get()
    assert (row.state, row.trouble["code"]) == ("failed", "picture_crashed")
    assert "识别程序处理这张图时出错退出" in client.get(url).content.decode()


def test_what_nobody_looks_over_is_thrown_away_without_another_upload(world, owner, engine):
    client = page_of(owner)
    send(client, engine(*recorded.seen("plain")))
    work()
    with clock.fixed_at(world.noon + timedelta(days=7, minutes=1)):
        tasks.forget_old(None)
    assert Capture.objects.visible_to(owner).get().state == "dropped"
    assert not CapturedPicture.objects.visible_to(owner).exists()


def test_dropped_while_it_is_read_stays_dropped(world, owner, engine):
    client = page_of(owner)
    url = send(client, engine(*recorded.seen("plain"))).headers["Location"]
    assert client.post(url, {"act": "drop"}).status_code == 302
    work()
    row = Capture.objects.visible_to(owner).get()
    assert (row.state, row.read) == ("dropped", [])
    assert not CapturedPicture.objects.visible_to(owner).exists()
    assert "已删掉" in client.get(url).content.decode()


def test_what_is_refused_at_the_door(world, owner, auditor, engine, monkeypatch):
    client = page_of(owner)
    pictures = engine(*recorded.seen("plain"))
    assert send(client, [b"no picture"]).status_code == 409
    assert send(client, pictures, case="AS-2026-999999").status_code == 404
    assert send(client, pictures, taken_on="gestern").status_code == 422
    assert client.post("/screens/", {"taken_by": "seller"}).status_code == 422
    assert send(page_of(auditor), pictures).status_code == 403
    monkeypatch.setattr("cardcase.screens.reader.is_installed", lambda: False)
    away = send(client, pictures)
    assert away.status_code == 503
    assert "cardcase[screens]" in away.content.decode()
    assert not Capture.objects.visible_to(owner).exists()


def test_programs_upload_look_correct_confirm_and_drop_once_each(world, owner, noon, engine):
    case = world.case()
    api = Program(owner, noon)
    pictures = engine(*recorded.seen("plain"))
    told = {"taken_by": "seller", "taken_on": "2026-11-21", "case": case.number}
    made = api.post("", key="k1", files=files(pictures), **told)
    again = api.post("", key="k1", files=files(pictures), **told)
    assert (made.status_code, made.json()["state"]) == (200, "reading")
    assert (again.json(), again.headers["Idempotent-Replayed"]) == (made.json(), "true")
    assert Capture.objects.visible_to(owner).count() == 1
    path = f"/{made.json()['capture']}"
    assert api.post(f"{path}/confirm").json()["code"] == "capture_reading"
    work()
    shown = api.get(path).json()
    assert (shown["state"], shown["case"], shown["done"], shown["total"]) == (
        "waiting",
        case.number,
        len(pictures),
        len(pictures),
    )
    [first, *_] = [one for one in shown["lines"] if one["kind"] == "text"]
    assert first["is_exact"]
    png = api.client.get(shown["pictures"][0]["pieces"][0], headers=api.headers)
    assert (png.status_code, png.headers["Content-Type"]) == (200, "image/png")
    edited = api.post(
        f"{path}/lines", {"changes": [{"number": first["number"], "text": "改过"}], "nick": "小鹿"}
    ).json()
    line = edited["lines"][first["number"] - 1]
    assert (line["text"], line["read"]["text"], line["is_changed"]) == ("改过", first["text"], True)
    assert edited["nick"] == "小鹿"
    assert api.post(f"{path}/lines", {"changes": [{"number": 999, "text": "x"}]}).status_code == 422
    taken = api.post(f"{path}/confirm", key="k2")
    assert (taken.json()["cases"], len(taken.json()["exhibits"])) == ([case.number], len(pictures))
    assert api.post(f"{path}/confirm", key="k2").json() == taken.json()
    assert api.post(f"{path}/confirm").json()["code"] == "capture_settled"
    assert "改过" in [text for _, text in said(owner)]
    other = api.post("", files=files(pictures), **told).json()
    assert [one["capture"] for one in api.get("").json()] == [other["capture"]]
    assert api.post(f"/{other['capture']}/drop").json()["state"] == "dropped"
    assert api.get("").json() == []


def test_a_program_may_say_all_lines_itself(world, owner, noon, engine):
    api = Program(owner, noon)
    made = api.post("", files=files(engine(*recorded.seen("plain"))), taken_by="seller").json()
    work()
    body = {
        "lines": [{"who": "platform", "kind": "time", "text": "2026-11-18 22:41"}, {"who": "buyer", "text": "全部重写"}]
    }
    assert api.post(f"/{made['capture']}/confirm", body).status_code == 200
    assert said(owner) == [("buyer", "全部重写")]


def test_a_long_screenshot_is_shown_in_pieces(world, owner, engine):
    seen = recorded.seen("light")[-1]
    client = page_of(owner)
    url = send(client, engine(seen)).headers["Location"]
    work()
    body = client.get(url).content.decode()
    assert body.count("capture-piece") >= 2
    [picture] = queries.pictures(owner, Capture.objects.visible_to(owner).get())
    heights = [pixels(client.get(f"{url}0-{n}.png").content)[1] for n in range(body.count('class="capture-piece"'))]
    assert sum(heights) == round(picture.height * min(1, 1080 / picture.width))


def test_an_auditor_looks_and_changes_nothing_a_stranger_sees_nothing(world, owner, auditor, stranger, engine):
    url = send(page_of(owner), engine(*recorded.seen("plain"))).headers["Location"]
    work()
    body = page_of(auditor).get(url).content.decode()
    assert "steam充值卡100美金的" in body
    assert 'name="act"' not in body
    assert page_of(auditor).post(url, {"act": "drop"}).status_code == 403
    assert page_of(stranger).get(url).status_code == 404
    assert page_of(stranger).get(f"{url}0-0.png").status_code == 404


def test_many_entries_are_looked_over_part_by_part_and_the_yes_stands_on_the_last(world, owner, engine, monkeypatch):
    from cardcase.intake import present_screens

    monkeypatch.setattr(present_screens, "PART", 8)
    client = page_of(owner)
    url = send(client, engine(*recorded.seen("plain"))).headers["Location"]
    work()
    first = client.get(url).content.decode()
    assert 'value="confirm"' not in first
    answer = client.post(url, form_of(first) | {"act": "next"})
    assert answer.headers["Location"] == f"{url}?part=2"
    second = client.get(f"{url}?part=2").content.decode()
    assert 'id="entry-9"' in second
    assert 'value="confirm"' in second
