"""The command line: what it lists, how it exits, and that a fresh folder becomes a working shop by itself."""

import json
import re
import stat
import sys

import pytest
from click.testing import CliRunner

from cardcase.intake.models import Channel
from cardcase.kit.errors import WrongUse
from cardcase.orders.models import Order
from cardcase.project import config
from cardcase.project.cli import COMMANDS, cli, main
from cardcase.staff.models import ApiToken, Membership, Shop, Staff
from intake.world import CODES, INVALID, files, order_row, orders_csv, row_counts
from project.command import cardcase, document


@pytest.fixture
def call(db):
    """Run a command in this process, with its exit code as a shell would see it."""

    def run(*words, stdin=b"", code=0):
        outcome = CliRunner().invoke(_whole, [str(word) for word in words], input=stdin)
        assert outcome.exit_code == code, f"{outcome.exit_code}\n{outcome.output}\n{outcome.exception!r}"
        return outcome

    return run


class _Whole:
    """The command with its own way of exiting, in the shape that the runner calls."""

    name = "cardcase"

    @staticmethod
    def main(args=(), prog_name=None, **_extra):
        before, sys.argv = sys.argv, ["cardcase", *args]
        try:
            main()
        finally:
            sys.argv = before


_whole = _Whole()


@pytest.fixture
def shop_of_ours(db):
    """What a first start leaves."""
    from cardcase.project import boot

    return boot._first_shop()


@pytest.fixture
def folder(tmp_path):
    for item in files():
        (tmp_path / item.name).write_bytes(item.data)
    return tmp_path


# --- Processes of their own -------------------------------------------------------------------------------------------


def test_a_fresh_folder_becomes_a_shop_once_and_is_not_migrated_again(folder):
    data = folder / "new" / "data"
    paths = [folder / item.name for item in files()]
    first = cardcase("handle", *paths, "--json", data=data)
    told = json.loads(first.stdout)  # nothing else stands on stdout
    assert [case["sub_reason"] for case in told["cases"]] == ["A1", "P1"]
    assert told["report"]["files"][0].keys() >= {"file", "kind", "encoding", "new", "known", "changed", "refused"}
    assert "一次性密码" in first.stderr
    assert not any(code in first.stdout + first.stderr for code in CODES)
    for path in (data / "keys").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    schema = (data / "cardcase.sqlite3").read_bytes()[24:100]
    second = cardcase("case", "list", data=data)
    assert "一次性密码" not in second.stderr
    assert second.stdout.count("AS-") == 2
    assert (data / "cardcase.sqlite3").read_bytes()[40:44] == schema[
        16:20
    ]  # SQLite's schema cookie: no table was touched
    number = told["cases"][0]["number"]
    target = folder / "pack.zip"
    cardcase("pack", number, "-o", target, data=data)
    assert cardcase("verify", target, data=folder / "elsewhere", code=2).returncode == 2  # nobody's key was given
    whole = bytearray(target.read_bytes())
    whole[len(whole) // 2] ^= 1
    target.write_bytes(whole)
    assert cardcase("verify", target, data=folder / "elsewhere", code=None).returncode in (1, 3)
    target.write_bytes(b"no archive")
    cardcase("verify", target, data=folder / "elsewhere", code=3)
    assert not (folder / "elsewhere").exists()  # verify needs no data folder
    assert document("doctor", data=data)["is_fine"] is True
    assert document("ledger", "verify", data=data)["is_intact"] is True


def test_help_is_quick_and_needs_no_folder(tmp_path):
    done = cardcase("--help", data=tmp_path / "none")
    assert all(f"  {name} " in done.stdout for name in COMMANDS)
    assert "4 a needed service is away" in done.stdout
    assert not (tmp_path / "none").exists()


def test_a_wrong_setting_is_named_and_its_value_is_not_shown(tmp_path):
    (tmp_path / "cardcase.toml").write_text('port = 99999\ndatabse_url = "postgres://me:geheim@db/x"\n')
    done = cardcase("shop", "list", data=tmp_path, code=2)
    assert "port" in done.stderr
    assert "databse_url" in done.stderr
    assert "geheim" not in done.stderr
    assert "Traceback" not in done.stderr
    assert "bad_setting" in done.stderr


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_folder_that_cannot_be_one_is_refused_in_plain_words(tmp_path, place):
    (tmp_path / "file").write_text("x")
    done = cardcase("shop", "list", data=tmp_path / place, code=2)
    assert "Traceback" not in done.stderr
    assert "data_folder_unusable" in done.stderr or "Directory" in done.stderr


def test_a_database_that_is_away_is_said(tmp_path, monkeypatch):
    (tmp_path / "cardcase.toml").write_text("")
    monkeypatch.setenv("PGCONNECT_TIMEOUT", "1")
    (tmp_path / "secret").write_text("postgres://me:geheim@127.0.0.1:1/x")
    monkeypatch.setenv("CARDCASE_DATABASE_URL_FILE", str(tmp_path / "secret"))
    done = cardcase("shop", "list", data=tmp_path, code=4)
    assert "database_away" in done.stderr
    assert "geheim" not in done.stderr


# --- Settings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("toml", "env", "named"),
    [
        ("port = 0", {}, "port"),
        ("", {"CARDCASE_PORT": "many"}, "port"),
        ("nonsense = 1", {}, "nonsense"),
        ("", {"CARDCASE_LANGUAGE": "de"}, "language"),
        ("", {"CARDCASE_LOG_FORMAT": "xml"}, "log_format"),
        ("", {"CARDCASE_DATABASE_URL": "mysql://x"}, "database_url"),
        ("", {"CARDCASE_SECURE": "perhaps"}, "secure"),
        ("port =", {}, "cardcase.toml"),
        ("\udcff", {}, "cardcase.toml"),
        ("", {"CARDCASE_DATABASE_URL_FILE": "/nowhere/at/all"}, "/nowhere/at/all"),
    ],
)
def test_what_is_wrong_in_a_setting_is_named(tmp_path, toml, env, named):
    (tmp_path / "cardcase.toml").write_text(toml, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(WrongUse) as refused:
        config.load({"CARDCASE_DATA": str(tmp_path), **env})
    said = refused.value
    assert named in said.message.zh + said.next.zh
    assert named in said.message.en + said.next.en
    assert said.exit_code == 2


def test_the_environment_overrules_the_file(tmp_path):
    (tmp_path / "cardcase.toml").write_text('port = 9000\nhost = "0.0.0.0"\n')
    told = config.load(
        {"CARDCASE_DATA": str(tmp_path), "CARDCASE_PORT": "9001", "CARDCASE_ALLOWED_HOSTS": "a.example,b.example"}
    )
    assert (told.port, told.host, told.allowed_hosts) == (9001, "0.0.0.0", ("a.example", "b.example"))  # noqa: S104


def test_proxies_are_named_by_address_or_network(tmp_path):
    told = config.load({"CARDCASE_DATA": str(tmp_path), "CARDCASE_TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8,fd00::/8"})
    assert [str(one) for one in told.trusted_proxies] == ["127.0.0.1/32", "10.0.0.0/8", "fd00::/8"]
    assert config.load({"CARDCASE_DATA": str(tmp_path)}).trusted_proxies == ()
    assert config.load({"CARDCASE_DATA": str(tmp_path), "CARDCASE_TRUSTED_PROXIES": ""}).trusted_proxies == ()
    with pytest.raises(WrongUse):
        config.load({"CARDCASE_DATA": str(tmp_path), "CARDCASE_TRUSTED_PROXIES": "10.0.0.1/8"})


def test_a_key_is_made_once_and_whole_whoever_comes_first(tmp_path):
    path = tmp_path / "keys" / "a.key"
    assert config.read_or_make_key(path, lambda: b"first") == b"first"
    assert config.read_or_make_key(path, lambda: b"second") == b"first"
    assert [item.name for item in path.parent.iterdir()] == ["a.key"]


# --- In this process --------------------------------------------------------------------------------------------------


def test_every_command_tells_what_it_is_for():
    for name in COMMANDS:
        outcome = CliRunner().invoke(cli, [name, "--help"])
        assert outcome.exit_code == 0, name
        assert "Usage" in outcome.output


@pytest.mark.parametrize("words", [["dance"], ["import"], ["import", "nonsense", "x"], ["case", "show"], ["user", "add", "x", "--role", "king"]])  # fmt: skip
def test_wrong_use_exits_with_2(call, words):
    call(*words, code=2)


@pytest.mark.parametrize("words", [[], ["/nowhere.zip"], [__file__, "--vkey", "none"], [__file__, "--dance"], [__file__, "--policy", __file__], [__file__, "--previous", __file__]])  # fmt: skip
def test_wrong_use_of_verify_is_not_mistaken_for_a_word_on_the_pack(call, words):
    call("verify", *words, code=64)


def test_import_tells_of_every_row_and_exits_with_1_when_one_was_refused(call, shop_of_ours, tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text(orders_csv(order_row(INVALID), "2.22669E+18,1,a,2,x,已发货,1.00,,,,,,,"), encoding="utf-8")
    counts = row_counts()
    dry = json.loads(call("import", "orders", path, "--dry-run", "--json", code=1).stdout)
    assert row_counts() == counts
    done = json.loads(call("import", "auto", path, "--json", code=1).stdout)
    for told in (dry, done):
        [file] = told["files"]
        assert (file["new"], file["known"], file["changed"], file["kind"]) == (1, 0, 0, "orders")
        [refused] = file["refused"]
        assert (refused["row"], refused["column"]) == (3, "订单号")
        assert refused["code"]
        assert refused["reason"]
        assert "文本" in refused["next"]
    assert Order.objects.get().order_no == INVALID
    said = call("import", "auto", path, code=1).stdout
    assert "已有 1" in said
    assert "第 3 行" in said


def test_kinds_and_files_that_cannot_be_taken_are_refused(call, shop_of_ours, tmp_path):
    assert "not_offered_yet" in call("import", "mail", __file__, code=2).stderr
    assert "file_unreadable" in call("handle", tmp_path / "missing.csv", code=2).stderr
    assert "not_an_amount" in call("import", "cards", __file__, "--face", "很多", code=2).stderr


def test_cases_are_listed_shown_and_the_next_one_named(call, shop_of_ours, folder):
    assert "没有未完成的售后单" in call("case", "list").stdout
    call("case", "next", code=1)
    call("handle", *[folder / item.name for item in files()])
    rows = json.loads(call("case", "list", "--json").stdout)["cases"]
    following = json.loads(call("case", "next", "--json").stdout)
    assert following["number"] == rows[0]["number"]
    assert "时限" in call("case", "show", rows[0]["number"]).stdout
    call("case", "show", "AS-1999-000001", code=1)
    number = next(row["number"] for row in rows if row["sub_reason"] == "A1")
    assert "回答：提示已被使用" in call("case", "answer", number, "where", "used").stdout
    told = json.loads(call("case", "answer", number, "where", "region", "--note", "说是美区", "--json").stdout)[
        "answers"
    ]
    assert [(one["answer"], one["note"], one["certainty"]) for one in told] == [
        ("used", None, "claimed"),
        ("region", "说是美区", "claimed"),
    ]
    assert "unknown_answer" in call("case", "answer", number, "where", "dance", code=2).stderr
    told = json.loads(call("case", "reason", number, "unstated", "--json").stdout)
    assert (told["claimed_reason"], told["sub_reason"]) == ("unstated", None)
    assert json.loads(call("case", "reason", number, "A2", "--json").stdout)["sub_reason"] == "A2"
    call("case", "reason", number, "Z9", code=2)
    call("case", "list", "--shop", "nobodys", code=1)


def test_triage_answers_line_by_line(call):
    lines = [
        "卡密无效 用不了",
        "",
        '{"id": "a7", "text": "拍错了，退一下"}',
        '{"id": 8, "text": null}',
        "{broken",
        "在吗",
    ]
    outcome = call("triage", "-", stdin="\n".join(lines).encode(), code=1)
    told = [json.loads(line) for line in outcome.stdout.splitlines()]
    assert [row["id"] for row in told] == [1, "a7", 6]
    keys = {"id", "reason", "sub_reason", "confidence", "spans", "needs_human", "language", "language_is_sure"}
    assert all(set(row) == keys for row in told)
    assert [row["sub_reason"] for row in told] == ["A1", "P2", ""]
    assert all(0 <= span["start"] < span["end"] <= len(lines[0]) for span in told[0]["spans"])
    assert "第 4 行" in outcome.stderr
    assert "第 5 行" in outcome.stderr


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_triage_reads_what_windows_writes(call, encoding):
    data = '{"id": 1, "text": "卡密无效"}\r\n卡密无效\r\n'.encode(encoding)
    told = [json.loads(line) for line in call("triage", stdin=data).stdout.splitlines()]
    assert [row["sub_reason"] for row in told] == ["A1", "A1"]


def test_people_are_added_changed_and_let_in_again(call, shop_of_ours):
    name, password = call("user", "add", "小林", "--role", "lead").stdout.split()
    assert Staff.objects.get(username=name).check_password(password)
    assert "username_taken" in call("user", "add", "小林", code=3).stderr
    call("user", "role", "小林", "auditor")
    assert Membership.objects.get(staff__username="小林").role == "auditor"
    again = call("user", "reset-password", "owner").stdout.split()[1]
    assert Staff.objects.get(username="owner").check_password(again)
    assert {row["username"] for row in json.loads(call("user", "list", "--json").stdout)} == {"owner", "小林"}
    call("user", "role", "nobody", "lead", code=1)
    call("user", "role", "owner", "agent", code=3)  # the last owner stays one


def test_shops_tokens_and_channels_are_looked_after(call, shop_of_ours):
    call("shop", "add", "second", "二店")
    assert "second" in call("shop", "list").stdout
    assert Shop.objects.count() == 2
    assert "slug_taken" in call("shop", "add", "second", "二店", code=3).stderr
    token = call("token", "create", "脚本", "--role", "agent", "--shop", "second").stdout.strip()
    row = ApiToken.objects.get()
    assert row.shop.slug == "second"
    assert token not in call("token", "list", "--shop", "second").stdout
    call("token", "revoke", row.pk, "--shop", "second")
    assert ApiToken.objects.get().revoked_at is not None
    call("token", "revoke", row.pk, code=1)  # not this shop's
    secret = "o9wl81dncmvby3ijpq7eur456zhgtaxs"
    hook = call(
        "channel", "add", "goofish", "店", "--app-key", "203413189371893", stdin=f"{secret}\n".encode()
    ).stdout.strip()
    channel = Channel.objects.get()
    assert hook == f"/hooks/goofish/{channel.hook_key}"
    assert secret not in call("channel", "list").stdout
    call("channel", "disable", channel.pk)
    assert not Channel.objects.get().is_enabled
    call("channel", "disable", 999_999, code=1)
    assert "channel_incomplete" in call("channel", "add", "goofish", "店", "--app-key", "1", stdin=b"\n", code=2).stderr


def test_a_pack_is_written_where_it_can_be(call, shop_of_ours, folder):
    call("handle", folder / "orders.csv")
    number = json.loads(call("case", "next", "--json").stdout)["number"]
    assert "file_unwritable" in call("pack", number, "-o", folder / "no" / "such" / "f.zip", code=2).stderr
    call("pack", "AS-1999-000001", "-o", folder / "f.zip", code=1)
    assert not (folder / "f.zip").exists()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh-hans", ["时限", "逾期：平台自动退款", "来源：", "底线", "草稿", "新 "]),
        ("en", ["Clock", "then: The platform refunds automatically", "Source:", "Floor", "Draft", "new "]),
    ],
)
@pytest.mark.usefixtures("shop_of_ours")
def test_a_case_is_printed_in_the_reader_s_language_without_our_code_words(call, folder, settings, language, words):
    settings.LANGUAGE_CODE = language
    printed = call("handle", *sorted(folder.iterdir())).stdout
    assert all(word in printed for word in words)
    assert not any(code in printed for code in ("auto_refund", "shop_default", "timeout_time", "authenticity"))


def test_every_queue_has_a_thread_in_cardcase_run():
    from cardcase.project.cli.server import THREADS
    from contracts import house

    named = {name for path in house.python_files() for name in re.findall(r'\bqueue="(\w+)"', path.read_text("utf-8"))}
    assert named | {"default"} == {queue for queues in THREADS for queue in queues}


def test_the_calendars_link_is_printed_once_opens_the_feed_and_can_be_ended(call, shop_of_ours, client):
    first, second = (call("notice", "calendar").output.strip().splitlines()[-1] for _ in range(2))
    path = second.removeprefix("http://127.0.0.1:8000")
    assert path.startswith("/calendar/")
    assert client.get(path)["Content-Type"].startswith("text/calendar")
    assert client.get(first.removeprefix("http://127.0.0.1:8000")).status_code == 404  # the old one has ended
    assert "已停用" in call("notice", "calendar", "--revoke").output
    assert client.get(path).status_code == 404
    assert "没有日历链接" in call("notice", "calendar", "--revoke").output
