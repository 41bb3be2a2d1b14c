"""Accounts and settings from the environment and the file; secrets from neither in plain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import pytest
from pydantic import SecretStr

from jackfield.config import Configuration, find_accounts, load_configuration, read_settings
from jackfield.errors import ConfigError
from jackfield.models import Account
from jackfield.registry import Registry
from jackfield.settings import Env, Settings

if TYPE_CHECKING:
    from pathlib import Path

DEFAULT, HOME = Account.parse("imap"), Account.parse("imap:home")
SERVER = {"EMAIL_IMAP_SERVER": "mail.example"}


class Some(Settings):
    server: Annotated[str, Env("EMAIL_IMAP_SERVER")]
    port: Annotated[int, Env("EMAIL_IMAP_PORT")] = 993
    password: Annotated[SecretStr, Env("EMAIL_IMAP_PASSWORD")]


def configured(tmp_path: Path, text: str = "", **environment: str) -> Configuration:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    return load_configuration({"JACKFIELD_CONFIG": str(path), **environment})


def accounts(configuration: Configuration) -> list[str]:
    return sorted(map(str, find_accounts(Registry(), configuration)))


def test_without_anything_there_is_no_account(tmp_path: Path) -> None:
    assert accounts(configured(tmp_path)) == []


def test_a_variable_makes_an_account_and_a_suffix_a_second(tmp_path: Path) -> None:
    both = configured(tmp_path, **SERVER, EMAIL_IMAP_SERVER__HOME="home.example")
    assert accounts(both) == ["imap:default", "imap:home"]


def test_the_file_form_of_the_variable_makes_an_account_too(tmp_path: Path) -> None:
    assert accounts(configured(tmp_path, EMAIL_IMAP_SERVER_FILE="/run/server")) == ["imap:default"]


def test_no_secret_stands_in_the_configurations_repr(tmp_path: Path) -> None:
    assert "s3cret" not in repr(configured(tmp_path, EMAIL_IMAP_PASSWORD="s3cret"))


def test_enable_false_switches_a_platform_off(tmp_path: Path) -> None:
    assert accounts(configured(tmp_path, **SERVER, ENABLE_IMAP="false")) == []


def test_enable_true_without_settings_names_the_account(tmp_path: Path) -> None:
    assert accounts(configured(tmp_path, ENABLE_IMAP="true")) == ["imap:default"]


def test_enable_something_else_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="ENABLE_IMAP"):
        accounts(configured(tmp_path, ENABLE_IMAP="maybe"))


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    text = '[accounts.imap]\nserver = "file.example"\nport = 1143\npassword = { env = "PW" }\n'
    settings = read_settings(Some, DEFAULT, configured(tmp_path, text, **SERVER, PW="s3cret"))
    assert isinstance(settings, Some)
    assert (settings.server, settings.port) == ("mail.example", 1143)
    assert settings.password.get_secret_value() == "s3cret"


def test_a_second_account_reads_its_own_variables_alone(tmp_path: Path) -> None:
    configuration = configured(
        tmp_path,
        **SERVER,
        EMAIL_IMAP_PASSWORD="first",
        EMAIL_IMAP_SERVER__HOME="home.example",
    )
    with pytest.raises(ConfigError, match="EMAIL_IMAP_PASSWORD__HOME is not set"):
        read_settings(Some, HOME, configuration)


def test_a_secret_comes_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "pw").write_text("s3cret\n", encoding="utf-8")
    configuration = configured(tmp_path, **SERVER, EMAIL_IMAP_PASSWORD_FILE=str(tmp_path / "pw"))
    settings = read_settings(Some, DEFAULT, configuration)
    assert settings.password.get_secret_value() == "s3cret"  # type: ignore[attr-defined]


def test_a_secret_comes_from_a_command(tmp_path: Path) -> None:
    text = '[accounts.imap]\nserver = "a"\npassword = { command = "printf s3cret" }\n'
    settings = read_settings(Some, DEFAULT, configured(tmp_path, text))
    assert settings.password.get_secret_value() == "s3cret"  # type: ignore[attr-defined]


def test_a_failing_command_is_named_and_its_output_is_not(tmp_path: Path) -> None:
    text = (
        '[accounts.imap]\nserver = "a"\npassword = { command = "sh -c \'echo s3cret; exit 1\'" }\n'
    )
    with pytest.raises(ConfigError, match=r"imap:default.*command failed") as error:
        read_settings(Some, DEFAULT, configured(tmp_path, text))
    assert "s3cret" not in str(error.value)


def test_a_secret_written_in_the_file_is_refused_and_not_repeated(tmp_path: Path) -> None:
    text = '[accounts.imap]\nserver = "a"\npassword = "s3cret"\n'
    with pytest.raises(ConfigError, match="never written here") as error:
        read_settings(Some, DEFAULT, configured(tmp_path, text))
    assert "s3cret" not in str(error.value) + error.value.fix


def test_all_that_is_wrong_is_said_at_once_by_variable_and_without_values(tmp_path: Path) -> None:
    configuration = configured(tmp_path, EMAIL_IMAP_PORT="ninety", EMAIL_IMAP_PASSWORD="s3cret")
    with pytest.raises(ConfigError, match=r"EMAIL_IMAP_SERVER is not set.*EMAIL_IMAP_PORT") as e:
        read_settings(Some, DEFAULT, configuration)
    assert "s3cret" not in str(e.value)
    assert "ninety" not in str(e.value)


@pytest.mark.parametrize("text", ["accounts = ", "acounts = 1", "[accounts.'a b']", "accounts.x=1"])
def test_a_file_that_cannot_mean_what_it_says_is_an_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match=r"config\.toml"):
        configured(tmp_path, text)
