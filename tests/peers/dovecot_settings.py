"""The dovecot.conf of a Dovecot 2.3 that runs as an ordinary user from an unpacked root."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.peers.unprivileged import Unprivileged

SETTINGS = """\
base_dir = {state}/run
state_dir = {state}/state
instance_name = {state.name}
log_path = {state}/dovecot.log
libexec_dir = {programs}
mail_plugin_dir = {programs}/modules
import_environment = TZ LD_LIBRARY_PATH={libraries}
protocols = imap
listen = {host}
default_internal_user = {owner.user}
default_internal_group = {owner.group}
default_login_user = {owner.user}
default_client_limit = 1000
default_process_limit = 250
default_vsz_limit = 1 G
shutdown_clients = yes

ssl = yes
ssl_cert = <{state}/server.pem
ssl_key = <{state}/server.key
ssl_dh =

disable_plaintext_auth = {refuse_plaintext}
auth_mechanisms = plain login
auth_verbose = yes
auth_failure_delay = 0
auth_username_format = %u
passdb {{
  driver = passwd-file
  # A file for each user: one file for all is looked at once a second only.
  args = {state}/users/%u
}}
userdb {{
  driver = static
  args = uid={owner.uid} gid={owner.gid} home={state}/mail/%u
}}

first_valid_uid = {owner.uid}
first_valid_gid = {owner.gid}
mail_location = maildir:{state}/mail/%u/Maildir
mail_fsync = never
mail_max_userip_connections = 50
mailbox_idle_check_interval = 1 s
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Drafts {{
    special_use = \\Drafts
    auto = subscribe
  }}
  mailbox Junk {{
    special_use = \\Junk
    auto = subscribe
  }}
  mailbox Trash {{
    special_use = \\Trash
    auto = subscribe
  }}
  mailbox Sent {{
    special_use = \\Sent
    auto = subscribe
  }}
  mailbox "Sent Messages" {{
    special_use = \\Sent
  }}
  mailbox Archive {{
    special_use = \\Archive
    auto = subscribe
  }}
}}

# Only root may change its root folder.
service anvil {{
  chroot =
  # A zero mode switches off the growing delay after wrong passwords.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service imap-urlauth-login {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
{extra}
"""


@dataclass(frozen=True)
class DovecotSettings:
    """What differs between one server and the next.

    Attributes:
        state: Folder of this server: sockets, log, users, certificates, mail.
        programs: Folder of Dovecot's programs in the unpacked root.
        libraries: Search path of shared libraries, separated by colons.
        owner: Who the server runs as.
        host: The address to listen on.
        port: Port for plain text and STARTTLS.
        tls_port: Port for implicit TLS.
        plaintext: Whether a password may be sent without TLS.
        extra: More text for the end of the file.
    """

    state: Path
    programs: Path
    libraries: str
    owner: Unprivileged
    host: str
    port: int
    tls_port: int
    plaintext: bool = True
    extra: str = ""

    def text(self) -> str:
        """Returns the text of dovecot.conf."""
        return SETTINGS.format(**vars(self), refuse_plaintext="no" if self.plaintext else "yes")
