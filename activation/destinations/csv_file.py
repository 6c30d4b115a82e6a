"""A CSV file that a CRM imports: one row per contact of that CRM, with what to do and the asked fields."""

import os
from collections.abc import Mapping
from pathlib import Path

from activation.destination import Answer, Batch, Capabilities, DestinationKeys, DestinationSettings
from activation.import_file import ACCEPTED, added, draft_name, file_name, judged
from lakehouse.errors import DestinationUnavailable


class CsvKeys(DestinationKeys):
    """Keys of a `csv` entry: the folder of the files."""

    path: str


class CsvFile:
    """One file per night and sync or audience in a folder, UTF-8, put in place by one rename.

    A second send of the same night adds to the file what is new, so that the same batch leaves the same file.
    """

    capabilities = Capabilities(
        summary="a CSV file per night that a CRM imports",
        operations=frozenset({"add", "update", "remove"}),
        batch_size=None,
    )
    keys: type[DestinationKeys] = CsvKeys

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def opened(cls, settings: DestinationSettings, *, folder: Path, secret: str | None) -> "CsvFile":  # noqa: ARG003
        """The folder of the entry's `path`; a relative path starts at `folder`."""
        return cls(folder / CsvKeys.model_validate(settings.keys).path)

    def check(self) -> None:
        """Make the folder and see whether it can be written.

        Raises: DestinationUnavailable if not.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unwritable(self.folder, str(error.strerror)) from error
        if not os.access(self.folder, os.W_OK | os.X_OK):
            raise _unwritable(self.folder, "no permission to write")

    def send(self, batch: Batch) -> Mapping[str, Answer]:
        """Write the batch into the night's file; a contact id that a spreadsheet would run is rejected."""
        answers = judged(batch)
        if ACCEPTED in answers.values():
            path = self.folder / file_name(batch)
            before = path.read_bytes().decode() if path.exists() else ""
            _put_in_place(path, self.folder / draft_name(batch), added(before, batch, answers))
        return answers


def _put_in_place(path: Path, draft: Path, text: str) -> None:
    with draft.open("wb") as file:
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _unwritable(folder: Path, why: str) -> DestinationUnavailable:
    return DestinationUnavailable(
        f"the folder cannot be written: {why}",
        where=str(folder),
        still_true="Nothing was written there.",
        next_step="Make the folder writable or change `path` in the retailer file, then run the same night again.",
    )
