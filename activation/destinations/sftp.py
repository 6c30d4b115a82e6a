"""The file of `csv`, uploaded over SFTP: docs/files_and_tables.md.

Source: draft-ietf-secsh-filexfer-02; OpenSSH, "PROTOCOL", posix-rename@openssh.com.
"""

import socket
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Self

from pydantic import Field, model_validator

from activation.destination import Answer, Batch, Capabilities, DestinationKeys, DestinationSettings
from activation.import_file import ACCEPTED, added, draft_name, file_name, judged
from lakehouse.errors import DestinationUnavailable, WrongCall

if TYPE_CHECKING:
    import paramiko

SECONDS = 30.0
"""How long the server may take for one answer."""
PROBE = ".habitue_check"


class SftpKeys(DestinationKeys):
    """Keys of an `sftp` entry.

    Units: path is a folder of the server; host_key is the fingerprint of the server's key as `ssh-keygen -l` shows it;
           known_hosts and key_file are files of this machine. With key_file, credentials holds its passphrase, if it
           has one; without, the password.
    """

    host: str
    user: str
    path: str
    port: int = Field(default=22, gt=0, lt=65536)
    host_key: str | None = Field(default=None, pattern=r"^SHA256:[A-Za-z0-9+/]{43}$")
    known_hosts: str | None = None
    key_file: str | None = None

    @model_validator(mode="after")
    def _one_pin(self) -> Self:
        if self.host_key and self.known_hosts:
            raise ValueError("host_key or known_hosts, not both")
        return self


class Sftp:
    """One file per night and sync or audience in a folder of a server, put in place by one rename.

    A second send of the same night reads the file back and adds to it, as `csv` does.
    """

    capabilities = Capabilities(
        summary="the file of `csv` on an SFTP server",
        operations=frozenset({"add", "update", "remove"}),
        batch_size=None,
    )
    keys: type[DestinationKeys] = SftpKeys

    def __init__(self, keys: SftpKeys, *, folder: Path, secret: str | None) -> None:
        self._keys, self._folder, self._secret = keys, folder, secret
        self._path, self._where = PurePosixPath(keys.path), f"{keys.host}:{keys.port}"

    @classmethod
    def opened(cls, settings: DestinationSettings, *, folder: Path, secret: str | None) -> "Sftp":
        """The server of the entry; relative paths of files on this machine start at `folder`."""
        return cls(SftpKeys.model_validate(settings.keys), folder=folder, secret=secret)

    def check(self) -> None:
        """Log in, and write, rename and delete a small hidden file in the folder.

        Raises: WrongCall if the server's key is not the pinned one, the login is refused or the folder cannot be
                written; DestinationUnavailable if the server does not answer.
        """
        with self._session() as files:
            try:
                files.putfo(_text(""), str(self._path / PROBE))
                files.posix_rename(str(self._path / PROBE), str(self._path / f"{PROBE}ed"))
                files.remove(str(self._path / f"{PROBE}ed"))
            except OSError as error:
                what = "the folder of `path` is not there or cannot be written, or no file renamed onto another there"
                raise self._wrong(what) from error

    def send(self, batch: Batch) -> Mapping[str, Answer]:
        """Add the batch to the night's file; a contact id that a spreadsheet would run is rejected.

        Raises: WrongCall, DestinationUnavailable: as `check`.
        """
        answers = judged(batch)
        if ACCEPTED not in answers.values():
            return answers
        final, draft = str(self._path / file_name(batch)), str(self._path / draft_name(batch))
        with self._session() as files:
            text = added(_content(files, final), batch, answers)
            files.putfo(_text(text), draft)
            files.posix_rename(draft, final)
        return answers

    @contextmanager
    def _session(self) -> Iterator["paramiko.SFTPClient"]:
        import paramiko

        try:
            line = socket.create_connection((self._keys.host, self._keys.port), timeout=SECONDS)
            with closing(paramiko.Transport(line)) as transport:
                self._log_in(transport)
                with closing(_files(transport)) as files:
                    yield files
        except paramiko.AuthenticationException as error:
            raise self._wrong("it refuses the login") from error
        except (OSError, EOFError, paramiko.SSHException) as error:
            raise self._unavailable(error) from error

    def _log_in(self, transport: "paramiko.Transport") -> None:
        transport.banner_timeout = transport.auth_timeout = SECONDS
        known = self._known_keys()
        if known:
            options = transport.get_security_options()
            options.key_types = _types_of(set(known), options.key_types)
        transport.start_client(timeout=SECONDS)
        self._check_host_key(transport.get_remote_server_key(), known)
        if self._keys.key_file:
            transport.auth_publickey(self._keys.user, self._own_key(self._folder / self._keys.key_file))
        else:
            transport.auth_password(self._keys.user, self._secret or "", fallback=False)

    def _known_keys(self) -> Mapping[str, "paramiko.PKey"]:
        """The server's keys by type, as the known_hosts file has them."""
        import paramiko

        if self._keys.known_hosts is None:
            return {}
        try:
            hosts = paramiko.HostKeys(str(self._folder / self._keys.known_hosts))
        except OSError as error:
            raise self._wrong("the file that `known_hosts` names cannot be read") from error
        name = self._keys.host if self._keys.port == 22 else f"[{self._keys.host}]:{self._keys.port}"
        return dict(hosts.lookup(name) or {})

    def _check_host_key(self, met: "paramiko.PKey", known: Mapping[str, "paramiko.PKey"]) -> None:
        """Before any secret is sent."""
        if met.fingerprint == self._keys.host_key or known.get(met.get_name()) == met:
            return
        pinned = self._keys.host_key or known
        what = "its host key is another one than the pinned one" if pinned else "its host key is not known"
        raise WrongCall(
            f"{what}: it shows {met.get_name()} {met.fingerprint}",
            where=self._where,
            still_true="No password and no record was sent.",
            next_step="Ask the server's owner whether that is its fingerprint (`ssh-keygen -l` there); if so, write "
            f"`host_key: {met.fingerprint}` into the destination.",
        )

    def _own_key(self, path: Path) -> "paramiko.PKey":
        import paramiko

        try:
            return paramiko.PKey.from_path(path, (self._secret or "").encode() or None)
        except (OSError, ValueError, TypeError, paramiko.SSHException) as error:
            raise self._wrong("the key of `key_file` cannot be read, or not with this passphrase") from error

    def _wrong(self, what: str) -> WrongCall:
        return WrongCall(
            what,
            where=self._where,
            still_true="Nothing was sent there.",
            next_step="Repair the destination's keys or the variable that `credentials` names, then `habitue deliver`.",
        )

    def _unavailable(self, error: Exception) -> DestinationUnavailable:
        return DestinationUnavailable(
            f"the connection breaks or a step of it is refused ({type(error).__name__})",
            where=self._where,
            still_true="The night's file there is whole: the one from before, or the new one.",
            next_step="Look whether the server is up and its disk has room, then `habitue deliver`.",
        )


def _files(transport: "paramiko.Transport") -> "paramiko.SFTPClient":
    import paramiko

    files = paramiko.SFTPClient.from_transport(transport)
    if files is None:
        raise paramiko.SSHException("no SFTP on this server")
    files.get_channel().settimeout(SECONDS)
    return files


def _content(files: "paramiko.SFTPClient", path: str) -> str:
    with suppress(FileNotFoundError), files.open(path, "rb") as file:
        file.prefetch()
        return str(file.read(), "utf-8")
    return ""


def _text(text: str) -> BytesIO:
    return BytesIO(text.encode())


def _types_of(known: set[str], offered: tuple[str, ...]) -> tuple[str, ...]:
    """The signatures by which one of the known keys can be shown: an RSA key has several."""
    wide = known | ({"rsa-sha2-512", "rsa-sha2-256"} if "ssh-rsa" in known else set())
    return tuple(name for name in offered if name in wide) or offered
