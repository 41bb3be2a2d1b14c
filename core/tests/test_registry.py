"""Names at import, code on use, and accounts by hand."""

from __future__ import annotations

import subprocess
import sys

import pytest

from jackfield.base import MailSourceConnector, MessageSourceConnector
from jackfield.errors import ConfigError, NotInstalled
from jackfield.models import SourceType
from jackfield.registry import CONNECTORS, Registry, get_registry, installed


class Mail(MailSourceConnector):
    source = SourceType("fake")


class Both(MailSourceConnector, MessageSourceConnector):
    source = SourceType("fake")


def test_importing_the_registry_imports_no_connector() -> None:
    code = "import sys, jackfield.registry; print('jackfield_imap' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_installed_connectors_are_known_by_name_and_distribution() -> None:
    found = {each.name: each.distribution for each in installed(CONNECTORS)}
    assert found["imap"].startswith("jackfield-imap ")


def test_a_missing_connector_names_the_line_that_installs_it() -> None:
    with pytest.raises(NotInstalled) as error:
        Registry().connector_class(SourceType("matrix"))
    assert error.value.fix == "pip install jackfield-matrix"


def test_get_gives_the_default_else_the_only_one_else_names_them_all() -> None:
    registry = Registry()
    home, work, default = Mail(), Mail(), Mail()
    registry.register_mail_connector(SourceType("fake"), home, "home")
    assert registry.get_mail_connector(SourceType("fake")) is home
    registry.register_mail_connector(SourceType("fake"), work, "work")
    with pytest.raises(ConfigError, match="fake:home, fake:work"):
        registry.get_mail_connector(SourceType("fake"))
    registry.register_mail_connector(SourceType("fake"), default)
    assert registry.get_mail_connector(SourceType("fake")) is default
    assert registry.get_mail_connector(SourceType("fake"), "work") is work


def test_one_instance_for_two_kinds_is_one_account() -> None:
    registry, both = Registry(), Both()
    registry.register_mail_connector(SourceType("fake"), both)
    registry.register_message_connector(SourceType("fake"), both)
    assert list(map(str, registry.registered)) == ["fake:default"]


def test_a_connector_of_another_kind_is_refused() -> None:
    with pytest.raises(ConfigError, match="messages"):
        Registry().register_message_connector(SourceType("fake"), Mail())  # type: ignore[arg-type]


def test_the_process_has_one_registry_and_a_private_one_is_apart() -> None:
    assert get_registry() is get_registry()
    assert Registry() is not get_registry()


def test_the_accounts_mapping_is_replaced_and_never_changed() -> None:
    registry = Registry()
    before = registry.registered
    registry.register_mail_connector(SourceType("fake"), Mail())
    assert (len(before), len(registry.registered)) == (0, 1)
