from pathlib import Path

from cardcase.project import config


def loaded(tmp_path: Path, **environ: str) -> config.Config:
    return config.load({"CARDCASE_DATA": str(tmp_path), **environ})


def test_the_keys_lie_in_the_data_folder_unless_told_otherwise(tmp_path):
    assert loaded(tmp_path).keys == tmp_path / "keys"
    assert loaded(tmp_path).are_keys_with_data
    elsewhere = tmp_path.parent / "elsewhere"
    told = loaded(tmp_path, CARDCASE_KEYS_FOLDER=str(elsewhere))
    assert (told.keys, told.are_keys_with_data) == (elsewhere, False)


def test_an_empty_variable_is_as_good_as_none(tmp_path):
    assert loaded(tmp_path, CARDCASE_KEYS_FOLDER="", CARDCASE_VAULT_TOKEN_FILE="").keys == tmp_path / "keys"
    assert loaded(tmp_path, CARDCASE_VAULT_TOKEN_FILE="").vault_token_file is None


def test_a_relative_folder_counts_from_the_data_folder_wherever_the_command_is_called(tmp_path):
    assert loaded(tmp_path, CARDCASE_KEYS_FOLDER="../keys").keys == tmp_path / ".." / "keys"
    assert not loaded(tmp_path, CARDCASE_KEYS_FOLDER="../keys").are_keys_with_data


def test_a_folder_outside_that_links_into_the_data_is_told(tmp_path):
    data, link = tmp_path / "data", tmp_path / "link"
    (data / "hidden").mkdir(parents=True)
    link.symlink_to(data / "hidden")
    assert loaded(data, CARDCASE_KEYS_FOLDER=str(link)).are_keys_with_data


def test_the_token_is_named_by_its_file_and_never_read_into_the_settings(tmp_path):
    (tmp_path / "token").write_text("s.secret", encoding="utf-8")
    told = loaded(tmp_path, CARDCASE_VAULT_TOKEN_FILE=str(tmp_path / "token"))
    assert told.vault_token_file == tmp_path / "token"
    assert "s.secret" not in repr(told)
