"""Cards by the file: looked at before they are taken, taken once, all or nothing where asked, in the background if many."""

import json
import resource
import subprocess
import sys
import unicodedata
from datetime import timedelta

import openpyxl
import pytest
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from cardcase.cards import queries as stock
from cardcase.cards.models import Card
from cardcase.cards.rules import CardWarning
from cardcase.connectors import limits
from cardcase.connectors.ports import FileKind
from cardcase.custody import queries as custody
from cardcase.intake import queries, service, tasks
from cardcase.intake.models import ImportedFile, ImportRun, PendingImport
from cardcase.intake.rules import MANY, CardDefaults, RunState, Upload, rows_guessed
from cardcase.jobs.models import Job
from cardcase.jobs.runners.worker import Worker
from cardcase.kit.errors import NotAllowed, NotFound
from cardcase.staff import service as staff
from cardcase.staff.models import Staff
from cardcase.staff.rules import Role
from intake.world import INVALID, order_row, orders_csv, row_counts, sums, take, upload

pytestmark = pytest.mark.django_db
ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def code(number: int) -> str:
    mixed = number * 2_654_435_761 % 2**60
    return "X" + "".join(ALPHABET[mixed >> shift & 31] for shift in range(0, 60, 5)) + f"{number % 1000:03d}"


def table(numbers, **more) -> str:
    told = {"面值": "200", "有效期": "2029-12-31", "品牌": "苹果", **more}
    lines = [",".join(["卡密", *told])] + [",".join([code(number), *told.values()]) for number in numbers]
    return "\n".join(lines) + "\n"


def cards(actor) -> int:
    return Card.objects.visible_to(actor).count()


MIXED = "\n".join([
    code(1),
    f"JDV00000000000000001----{code(2)}",
    f"卡号:JDV00000000000000002 密码:{code(3)}",
    "# 说明",
    f"{code(4)}║地区:美区║0║67.00",
    "1.23457E+18",
    f"京东E卡100元----JDV00000000000000003----{code(5)}",
    "这一行不是卡",
    f"{code(1)[:4]}-{code(1)[4:8]}-{code(1)[8:]}".lower(),
    "",
    unicodedata.normalize("NFKC", code(6)),
])  # fmt: skip


def test_mixed_forms_in_one_file_are_read_and_bad_rows_named_exactly(agent, noon):
    report = take(agent, [upload("mixed.txt", MIXED)], at=noon, kind=FileKind.CARDS)
    [file] = report.files
    refused = [(finding.row, finding.code) for finding in file.refused]
    assert refused == [(6, "card_code_mangled"), (8, "card_code_odd")]
    assert (file.new, file.known) == (6, 1)
    assert all(finding.message.say(lang) for finding in file.refused for lang in ("zh-hans", "en"))
    account = report.account.document()
    assert [(line["row"], line["of_row"]) for line in account["repeats"]] == [(9, 1)]


WRITTEN = st.sampled_from([
    str.lower, str.upper, lambda text: f" {text}\t", lambda text: "-".join(text[at : at + 4] for at in range(0, 16, 4)),
    lambda text: " ".join(text[at : at + 4] for at in range(0, 16, 4)), lambda text: text[:5] + "\u200b" + text[5:],
    lambda text: "".join(chr(ord(char) + 0xFEE0) for char in text),
])  # fmt: skip


@settings(max_examples=25)
@given(ways=st.lists(WRITTEN, min_size=1, max_size=4), number=st.integers(0, 10**6))
def test_the_same_card_is_the_same_however_it_is_written(agent, noon, ways, number):
    from cardcase.cards import service as taking
    from cardcase.connectors.ports import CardNotice, Origin
    from cardcase.kit.secret import CardCode

    written = [code(number), *(way(code(number)) for way in ways)]
    notices = [CardNotice(code=CardCode(text), origin=Origin("f", "", row)) for row, text in enumerate(written, 1)]
    account = stock.arrival(agent)
    [looked] = stock.preview(agent, [notices], account)
    before = cards(agent)
    assert looked == taking.stock(agent, notices, batch="b", at=noon)
    assert account.repeated == len(ways)
    assert cards(agent) - before == (looked[0] == "new")


def test_a_look_says_what_taking_then_does_and_writes_nothing(agent, noon):
    take(agent, [upload("old.csv", table(range(3), 面值=""))], at=noon)
    files = [upload("a.csv", table([0, 1, 7, 8, 7])), upload("b.csv", table([8, 9]))]
    rows = row_counts()
    look = take(agent, files, at=noon, dry_run=True)
    assert row_counts() == rows
    done = take(agent, files, at=noon)
    assert sums(look) == sums(done) == (3, 2, 2, 0)
    assert look.account.document() == done.account.document()
    told = look.account.document()
    assert [(line["file"], line["row"], line["of_file"], line["of_row"]) for line in told["repeats"]] == [
        ("a.csv", 6, "a.csv", 4), ("b.csv", 2, "a.csv", 5),
    ]  # fmt: skip
    assert [(line["row"], line["tail4"], line["batch"], line["is_sold"]) for line in told["in_stock_rows"]] == [
        (2, code(0)[-4:], "old", False), (3, code(1)[-4:], "old", False),
    ]  # fmt: skip
    assert told["kinds"] == [
        {"brand": "苹果", "face_fen": 20000, "spec": "", "format": "apple", "outcome": "looks_like", "count": 7}
    ]


def test_a_look_at_cards_with_orders_beside_them_still_changes_nothing(agent, noon):
    files = [upload("a.csv", table([1])), upload("orders.csv", orders_csv(order_row(INVALID, refund="卡密无效")))]
    rows = row_counts()
    look = take(agent, files, at=noon, dry_run=True)
    assert row_counts() == rows
    assert len(look.cases) == 1
    assert sum(look.account.kinds.values()) == 1


def test_what_was_odd_is_kept_with_the_card_and_said_on_its_page_and_by_the_api(owner, noon):
    take(owner, [upload("a.csv", table([1], 有效期="2026-12-01"))], at=noon)
    [card] = Card.objects.visible_to(owner)
    assert card.warnings == ["short_validity"]
    assert stock.card_life(owner, card.public_id).warnings == (CardWarning.SHORT_VALIDITY,)
    client = signed_in(owner)
    assert "剩余有效期少于店铺的下限" in client.get(f"/cards/{card.public_id}/").content.decode()
    assert client.get("/api/v1/cards").json()["cards"][0]["warnings"] == ["short_validity"]


def test_the_record_has_a_commitment_to_every_card_of_a_large_file(agent, noon):
    take(agent, [upload("a.csv", table(range(2_500)))], at=noon)
    entries = custody.entries(agent, [stock.batch_id(agent, "a")])
    roles = {content.role for entry in entries for content in entry.contents if content.role.startswith("card/")}
    assert roles == {
        f"card/{public_id}" for public_id in Card.objects.visible_to(agent).values_list("public_id", flat=True)
    }
    assert len(roles) == 2_500


# --- All or nothing ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (table([1, 2]) + ",200,2029-12-31,苹果\n", [(4, "card_code_missing")]),
        (table([1, 2, 1]), [(4, "card_twice")]),
        (table([1, 0]), [(3, "card_in_stock")]),
    ],
    ids=["bad row", "twice", "in stock"],
)
@pytest.mark.parametrize("dry_run", [True, False], ids=["look", "do"])
def test_one_bad_or_doubled_row_means_that_nothing_is_taken(agent, noon, text, found, dry_run):
    take(agent, [upload("old.csv", table([0]))], at=noon)
    report = take(
        agent, [upload("a.csv", text), upload("b.csv", table([8]))], at=noon, all_or_nothing=True, dry_run=dry_run
    )
    assert report.state is RunState.REFUSED
    assert cards(agent) == 1
    assert [(finding.row, finding.code) for finding in report.files[0].refused] == found
    assert sums(report)[:3] == (0, 0, 0)
    if not dry_run:
        run, files = queries.run_with_files(agent, report.run)
        assert (run.state, len(files[0].refused)) == ("refused", 1)
        assert [item.kind for item in custody.history(agent, [report.run])] == ["import.refused"]


def test_a_clean_file_is_taken_whole_when_all_or_nothing_is_asked(agent, noon):
    report = take(agent, [upload("a.csv", table(range(10)))], at=noon, all_or_nothing=True)
    assert (report.state, sums(report), cards(agent)) == (RunState.DONE, (10, 0, 0, 0), 10)


def test_a_card_brought_by_somebody_else_in_between_takes_the_whole_back(agent, noon, monkeypatch):
    from cardcase.intake.service import files

    real = files._is_doubtful

    def overtaken(*args):
        answer = real(*args)
        take(agent, [upload("quick.csv", table([5]))], at=noon)
        return answer

    monkeypatch.setattr(files, "_is_doubtful", overtaken)
    report = take(agent, [upload("a.csv", table(range(10)))], at=noon, all_or_nothing=True)
    assert report.state is RunState.REFUSED
    assert cards(agent) == 1
    assert [finding.code for finding in report.files[0].refused] == ["card_in_stock"]


# --- In the background ------------------------------------------------------------------------------------------------


def signed_in(actor) -> Client:
    client = Client()
    client.force_login(Staff.objects.get(pk=actor.staff_id))
    return client


def work() -> None:
    """Do what was promised, the periodic work of whatever rooms were loaded by then included."""
    assert tasks.work_on_import  # its handler is known once the module was read
    Worker().run_due()


def many(start: int = 0) -> bytes:
    return table(range(start, start + MANY + 50)).encode()


def post(client, data: bytes, **more):
    from django.core.files.uploadedfile import SimpleUploadedFile

    return client.post("/import/", {"files": SimpleUploadedFile("many.csv", data), **more})


def test_a_large_file_is_looked_at_and_taken_by_jobs_whose_pages_ask_again(owner, noon):
    client = signed_in(owner)
    answer = post(client, many(), act="preview")
    page = client.get(answer.url).content.decode()
    assert 'hx-trigger="every 2s"' in page
    assert cards(owner) == 0
    work()
    page = client.get(answer.url).content.decode()
    assert "hx-trigger" not in page.partition('id="import-report"')[2].partition(">")[0]
    assert str(MANY + 50) in page
    assert code(3) not in page
    key = ImportRun.objects.visible_to(owner).get().held_key
    answer = client.post("/import/confirm/", {"key": key})
    assert cards(owner) == 0
    work()
    assert cards(owner) == MANY + 50
    assert "导入结果" in client.get(answer.url).content.decode()
    run = ImportRun.objects.visible_to(owner).get(is_dry_run=False)
    assert (run.state, run.done, run.total) == ("done", MANY + 50, MANY + 50)
    assert not PendingImport.objects.filter(shop_id=owner.shop_id).exists()
    kinds = [item.kind for item in custody.history(owner, [run.public_id])]
    assert kinds == ["import.asked", "import.started", "import.finished"]


def test_a_program_gets_the_address_to_ask_and_then_the_report(owner, noon):
    from django.core.files.uploadedfile import SimpleUploadedFile

    token = staff.create_token(owner, label="脚本", role=Role.OWNER, at=noon)
    client = Client(headers={"Authorization": f"Bearer {token.plain}"})
    sent = {"files": SimpleUploadedFile("few.csv", table([1, 2, 1]).encode()), "background": "true"}
    told = client.post(
        "/api/v1/imports", sent, headers={"Idempotency-Key": "7f0c1a52-0000-4000-8000-000000000001"}
    ).json()
    assert (told["state"], told["files"], told["cards"]) == ("waiting", [], None)
    work()
    told = client.get(told["url"]).json()
    assert (told["state"], told["files"][0]["new"], told["files"][0]["known"]) == ("done", 2, 1)
    assert (told["cards"]["repeated"], told["cards"]["repeats"][0]["row"]) == (1, 4)
    assert code(1) not in json.dumps(told)


def test_a_job_that_is_run_again_after_a_kill_doubles_nothing_and_ends(agent, system, noon):
    for whole in (False, True):
        start = 100 * whole
        run = service.promise_import(
            agent,
            [upload("a.csv", table(range(start, start + 20)))],
            kind="cards",
            batch="",
            all_or_nothing=whole,
            at=noon,
        )

        class Killed(BaseException):
            pass

        def die():
            raise Killed

        with pytest.raises(Killed):
            service.work_on_import(system, run, at=noon, still_ours=die)
        service.work_on_import(system, run, at=noon, still_ours=lambda: None)
        row = ImportRun.objects.visible_to(agent).get(public_id=run)
        assert row.state == "done"
        assert ImportedFile.objects.visible_to(agent).filter(run=row).count() == 1
        service.work_on_import(system, run, at=noon, still_ours=die)  # it has ended: nothing is done
    assert cards(agent) == 40


def test_files_that_cannot_be_had_any_more_end_the_run_with_the_reason(owner, system, noon):
    run = service.promise_import(owner, [upload("a.csv", table([1]))], kind="cards", batch="", at=noon)
    PendingImport.objects.filter(shop_id=owner.shop_id).delete()
    service.work_on_import(system, run, at=noon, still_ours=lambda: None)
    row = ImportRun.objects.visible_to(owner).get(public_id=run)
    assert (row.state, row.trouble["code"]) == ("failed", "preview_expired")
    assert "导入没有完成" in signed_in(owner).get(f"/import/{run}/").content.decode()


def test_only_who_may_import_promises_one_and_a_stranger_does_not_see_it(agent, auditor, stranger, noon):
    with pytest.raises(NotAllowed):
        service.promise_import(auditor, [upload("a.csv", table([1]))], kind="cards", batch="", at=noon)
    assert not Job.objects.filter(kind="intake.import").exists()
    run = service.promise_import(agent, [upload("a.csv", table([1]))], kind="cards", batch="", at=noon)
    with pytest.raises(NotFound):
        queries.run_with_files(stranger, run)


def test_looks_are_forgotten_after_a_day_and_are_no_recent_imports(agent, system, noon):
    look = service.promise_import(agent, [upload("a.csv", table([1]))], kind="cards", batch="", dry_run=True, at=noon)
    service.work_on_import(system, look, at=noon, still_ours=lambda: None)
    assert not queries.recent_runs(agent)
    assert ImportRun.objects.visible_to(agent).exists()
    service.hold_uploads(agent, [upload("b.csv", table([2]))], kind="", batch="", at=noon + timedelta(days=2))
    assert not ImportRun.objects.visible_to(agent).exists()


# --- Many -------------------------------------------------------------------------------------------------------------


def workbook(numbers) -> bytes:
    import io

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(["卡密", "面值", "品牌"])
    for number in numbers:
        sheet.append([code(number), 200, "苹果"])
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


@pytest.mark.parametrize("count", [10_000, pytest.param(100_000, marks=pytest.mark.night)])
@pytest.mark.parametrize("form", ["table", "lines", "workbook"])
def test_many_cards_in_one_file_are_taken_once_each(agent, noon, count, form):
    numbers = [*range(count - 10), *range(10)]  # the last ten repeat the first
    told = {"batch": "b", "brand": "苹果", "face_fen": 20_000}
    if form == "table":
        file, first = upload("many.csv", table(numbers)), 2
    elif form == "lines":
        file, first = upload("many.txt", "\n".join(map(code, numbers))), 1
    else:
        file, first = Upload("many.xlsx", workbook(numbers)), 2
    report = take(agent, [file], at=noon, kind=FileKind.CARDS, cards_are=CardDefaults(**told))
    assert sums(report) == (count - 10, 10, 0, 0)
    assert cards(agent) == count - 10
    account = report.account.document()
    assert [(line["row"], line["of_row"]) for line in account["repeats"]] == [
        (count - 10 + first + n, first + n) for n in range(10)
    ]
    again = take(agent, [file], at=noon, kind=FileKind.CARDS, cards_are=CardDefaults(**told), dry_run=True)
    assert (sums(again), again.account.presents) == ((0, count, 0, 0), count - 10)


def test_a_sheet_has_room_for_a_hundred_thousand_cards():
    assert limits.SHEET_ROWS > 100_000
    assert limits.TEXT_ROWS > 100_000


def test_a_file_is_called_large_before_it_is_read():
    assert rows_guessed(many()) > MANY
    assert rows_guessed(table(range(100)).encode()) < MANY
    assert rows_guessed(workbook(range(MANY + 500))) > MANY


MEASURED = """
import resource, sys
sys.path[:0] = [{source!r}, {tests!r}]
from cardcase.project import boot
boot.prepare({data!r})
from cardcase.intake import service
from cardcase.intake.rules import Upload
from cardcase.kit import clock
from pathlib import Path
report = service.import_files(boot.operator(), [Upload("many.csv", Path({file!r}).read_bytes())], at=clock.now())
assert report.files[0].new == {count}, report.files[0]
# Not ru_maxrss: on Linux it remembers the size of the process that this one was forked from.
status = Path("/proc/self/status")
held = [line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM")] if status.exists() else []
print(int(held[0] if held else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) // 1024)
"""


@pytest.mark.parametrize("count", [10_000, pytest.param(100_000, marks=pytest.mark.night)])
def test_the_memory_of_an_import_stays_below_half_a_gibibyte(tmp_path, count):
    file, data = tmp_path / "many.csv", tmp_path / "data"
    file.write_text(table(range(count)), encoding="utf-8")
    from pathlib import Path

    root = Path(__file__).parent.parent.parent
    script = MEASURED.format(
        source=str(root / "src"), tests=str(root / "tests"), data=str(data), file=str(file), count=count
    )

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_DATA, (1024 << 20, 1024 << 20))

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, preexec_fn=limit,
        env={"PATH": "/usr/bin:/bin", "CARDCASE_DATA": str(data), "CARDCASE_DATABASE_URL": ""},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout.splitlines()[-1]) <= 512
