"""Accounts and settings, from arguments, the environment and one TOML file."""

from __future__ import annotations

import os
import shlex
import subprocess
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ValidationError

from jackfield.errors import ConfigError
from jackfield.models import Account, SourceType
from jackfield.registry import ENVIRONMENT, installed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

    from jackfield.registry import Registry
    from jackfield.settings import Settings

SECRET_SECONDS = 30.0
"""How long a password command may take."""

_CORE_KEYS = frozenset({"access", "sync"})
_TRUE, _FALSE = frozenset({"1", "true", "yes", "on"}), frozenset({"0", "false", "no", "off"})


@dataclass(frozen=True, slots=True)
class Configuration:
    """What the file and the environment say.

    Attributes:
        path: The file, which need not exist.
        accounts: Settings of each account in the file.
        offline: Ask nobody; show what is stored.
        environment: Environment variables.
    """

    path: Path
    accounts: Mapping[Account, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    offline: bool = False
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def data_dir(self) -> Path:
        """The folder of the store."""
        if given := self.environment.get("JACKFIELD_DATA_DIR"):
            return Path(given).expanduser().absolute()
        from platformdirs import user_data_path

        return user_data_path("jackfield", appauthor=False)

    @property
    def timezone(self) -> tzinfo | None:
        """Where days begin, from ``JACKFIELD_TIMEZONE``; None for the machine's zone.

        Raises:
            ConfigError: There is no such zone.
        """
        name = self.environment.get("JACKFIELD_TIMEZONE", "")
        try:
            return ZoneInfo(name) if name else None
        except (ValueError, OSError, ZoneInfoNotFoundError):
            raise ConfigError(
                f"JACKFIELD_TIMEZONE is {name!r}, which is no time zone",
                fix="take a name such as Europe/Berlin",
            ) from None


def load_configuration(environment: Mapping[str, str] | None = None) -> Configuration:
    """Read the configuration file named by ``JACKFIELD_CONFIG``, or the user's own.

    Args:
        environment: Instead of the process's.

    Returns:
        The configuration; an empty one where there is no file.

    Raises:
        ConfigError: The file cannot be read or says something unknown.
    """
    environment = os.environ if environment is None else environment
    path = _config_path(environment)
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        table = tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    unknown = sorted(set(table) - {"accounts", "offline", "default_account"})
    if unknown:
        raise ConfigError(f"{path} has unknown entries: {', '.join(unknown)}")
    return Configuration(
        path, _accounts(path, table.get("accounts", {})), bool(table.get("offline")), environment
    )


def _config_path(environment: Mapping[str, str]) -> Path:
    if given := environment.get("JACKFIELD_CONFIG"):
        return Path(given).expanduser().absolute()
    from platformdirs import user_config_path

    return user_config_path("jackfield", appauthor=False) / "config.toml"


def _accounts(path: Path, table: object) -> dict[Account, Mapping[str, Any]]:
    if not isinstance(table, dict):
        raise ConfigError(f'{path}: accounts must be tables, such as [accounts."imap:home"]')
    accounts: dict[Account, Mapping[str, Any]] = {}
    for name, settings in table.items():
        try:
            account = Account.parse(name)
        except ValueError as error:
            raise ConfigError(f"{path}: accounts.{name!r}: {error}") from error
        if not isinstance(settings, dict):
            raise ConfigError(f"{path}: accounts.{name!r} must be a table")
        accounts[account] = settings
    return accounts


def find_accounts(registry: Registry, configuration: Configuration) -> tuple[Account, ...]:
    """Name all accounts: registered by hand, in the file, and in the environment.

    Args:
        registry: Where accounts are registered by hand.
        configuration: The file and the environment.

    Returns:
        Each account once.

    Raises:
        ConfigError: An ``ENABLE_…`` is neither true nor false.
    """
    found = {**dict.fromkeys(registry.registered), **dict.fromkeys(configuration.accounts)}
    found |= dict.fromkeys(_environment_accounts(configuration.environment))
    names = {each.name.partition(".")[0] for each in installed(ENVIRONMENT)}
    for source in sorted(names | {account.source for account in found}):
        enabled = _enabled(source, configuration.environment)
        if enabled is False:
            found = {account: None for account in found if account.source != source}
        elif enabled and all(account.source != source for account in found):
            found[Account(SourceType(source))] = None
    return tuple(found)


def _environment_accounts(environment: Mapping[str, str]) -> list[Account]:
    """Find the variables whose mere presence makes an account, such as EMAIL_IMAP_SERVER__HOME."""
    accounts = []
    for mark in installed(ENVIRONMENT):
        source, _, variable = mark.name.partition(".")
        for name in environment:
            base, separator, account = name.removesuffix("_FILE").partition("__")
            if base == variable and environment[name] and (account or not separator):
                try:
                    accounts.append(Account(SourceType(source), account.lower() or "default"))
                except ValueError as error:
                    raise ConfigError(f"{name}: {error}") from error
    return accounts


def _enabled(source: str, environment: Mapping[str, str]) -> bool | None:
    variable = f"ENABLE_{source.upper().replace('-', '_')}"
    value = environment.get(variable, "").strip().lower()
    if value and value not in _TRUE | _FALSE:
        raise ConfigError(f"{variable} is {value!r}; it takes true or false")
    return None if not value else value in _TRUE


def read_settings(
    settings_type: type[Settings], account: Account, configuration: Configuration
) -> Settings:
    """Fill in a connector's settings. Blocks: secrets may come from a command.

    Args:
        settings_type: The connector's `settings_type`.
        account: Whose.
        configuration: The file and the environment, which wins.

    Returns:
        The settings.

    Raises:
        ConfigError: Something is missing or wrong; it names the variable and never a value.
    """
    values = _from_file(settings_type, account, configuration)
    for name, variable in settings_type.variables():
        value = _from_environment(variable, account.name, configuration.environment)
        if value is not None:
            values[name] = value
    try:
        return settings_type.model_validate(values)
    except ValidationError as error:
        raise ConfigError(_explain(error, settings_type, account)) from None


def _from_environment(variable: str, account: str, environment: Mapping[str, str]) -> str | None:
    suffix = "" if account == "default" else f"__{account.upper().replace('-', '_')}"
    if value := environment.get(variable + suffix):
        return value
    path = environment.get(f"{variable}{suffix}_FILE") or environment.get(
        f"{variable}_FILE{suffix}"
    )
    return _read_file(path, variable) if path else None


def _from_file(
    settings_type: type[Settings], account: Account, configuration: Configuration
) -> dict[str, Any]:
    written = configuration.accounts.get(account, {})
    secrets = settings_type.secret_fields()
    values = {}
    for name, value in written.items():
        where = f"{configuration.path}: accounts.{str(account)!r}.{name}"
        if name in secrets:
            values[name] = _resolve(value, where, configuration.environment)
        elif name not in _CORE_KEYS:
            values[name] = value
    return values


def _resolve(source: object, where: str, environment: Mapping[str, str]) -> str:
    """Read a secret from where the file says it is."""
    match source:
        case {"env": str(variable), **rest} if not rest:
            if variable in environment:
                return environment[variable]
            raise ConfigError(f"{where}: the variable {variable} is not set")
        case {"file": str(path), **rest} if not rest:
            return _read_file(path, where)
        case {"command": str(command), **rest} if not rest:
            return _run(command, where)
    raise ConfigError(
        f"{where}: a secret is never written here",
        fix='use { command = "pass show mail" }, { file = "…" } or { env = "…" }',
    )


def _read_file(path: str, where: str) -> str:
    try:
        return Path(path).expanduser().read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, ValueError) as error:
        raise ConfigError(f"{where}: {path} cannot be read: {error}") from error


def _run(command: str, where: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603  our own command, no shell
            shlex.split(command),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECRET_SECONDS,
            check=True,
        )
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise ConfigError(f"{where}: the command failed: {type(error).__name__}") from None
    lines = done.stdout.decode(errors="replace").splitlines()
    return lines[0] if lines else ""


def _explain(error: ValidationError, settings_type: type[Settings], account: Account) -> str:
    variables = dict(settings_type.variables())
    suffix = "" if account.name == "default" else f"__{account.name.upper().replace('-', '_')}"
    faults = []
    for fault in error.errors(include_input=False, include_url=False, include_context=False):
        name = str(fault["loc"][0]) if fault["loc"] else ""
        variable = variables.get(name, "")
        label = f"{variable}{suffix}" if variable else name
        missing = fault["type"] == "missing"
        faults.append(f"{label} is not set" if missing else f"{label}: {fault['msg']}".lstrip(": "))
    return f"{account}: {'; '.join(faults)}"
