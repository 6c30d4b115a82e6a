"""The model registry: MLflow on SQLite in the state folder, files beside it, no server."""

import hashlib
import json
import logging
import shutil
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

from lakehouse.errors import Permanent
from models.model import Fitted

CHAMPION, CHALLENGER = "champion", "challenger"
ROLLED_BACK = "rolled_back"
NAMES = ("churn", "lifetime_value", "segments")
SQLITE = b"SQLite format 3\x00"
PINNED = ("xgboost-cpu", "numpy", "scikit-learn")


class ModelUnusable(Permanent):
    """A registered version, or the whole registry, is gone, damaged, or reads features that are no more."""


@dataclass(frozen=True)
class Registry:
    """Versions of every model by name; the alias `champion` marks the one that beat its baseline, `challenger` one that
    is scored beside it.

    Units: state is the folder of everything that is not a table.
    """

    state: Path

    def register(
        self,
        fitted: Fitted,
        *,
        night: date,
        metrics: Mapping[str, float] = MappingProxyType({}),
        params: Mapping[str, Any] = MappingProxyType({}),
        tags: Mapping[str, str] = MappingProxyType({}),
        notes: Mapping[str, Any] = MappingProxyType({}),
    ) -> Fitted:
        """The model with the version that it got. `notes` are kept as JSON beside it (no personal data)."""
        client = self._client()
        name = fitted.model
        if not client.search_registered_models(filter_string=f"name = '{name}'"):
            client.create_registered_model(name)
        run = client.create_run(self._experiment(client), run_name=f"{name} {fitted.kind} {night}", tags=dict(tags))
        for key, number in metrics.items():
            client.log_metric(run.info.run_id, key, number)
        for key, setting in params.items():
            client.log_param(run.info.run_id, key, setting)
        folder = self._folder_of(run.info.run_id)
        _write(folder, fitted, notes)
        about = {"kind": fitted.kind, "grade": fitted.grade, "night": night.isoformat()}
        about |= {"horizon_days": str(fitted.horizon_days)} | dict(tags)
        version = client.create_model_version(name, folder.resolve().as_uri(), run_id=run.info.run_id, tags=about)
        client.set_terminated(run.info.run_id)
        return replace(fitted, version=str(version.version))

    def make_champion(self, fitted: Fitted) -> None:
        """Point the alias `champion` at this version; the challenger of before has nobody left to challenge."""
        self._client().set_registered_model_alias(fitted.model, CHAMPION, fitted.version)
        self._without(fitted.model, CHALLENGER)

    def make_challenger(self, name: str, version: str | None) -> None:
        """Point the alias `challenger` at this version, or at none."""
        if version is None:
            self._without(name, CHALLENGER)
        else:
            self._client().set_registered_model_alias(name, CHALLENGER, version)

    def roll_back(self, name: str, version: str | None, *, night: date) -> None:
        """Make this version champion again, or none where a baseline is to score; the one that was is marked."""
        client, was = self._client(), self.champion_version(name)
        if was is not None:
            client.set_model_version_tag(name, was, ROLLED_BACK, night.isoformat())
        if version is None:
            self._without(name, CHAMPION)
        else:
            client.delete_model_version_tag(name, version, ROLLED_BACK)
            client.set_registered_model_alias(name, CHAMPION, version)
        self._without(name, CHALLENGER)

    def rolled_back(self, name: str) -> str | None:
        """The newest version that a person took back; None where there is none."""
        return next((row["version"] for row in self.versions(name) if ROLLED_BACK in row), None)

    def champion_version(self, name: str) -> str | None:
        """The version of the champion of that name, if there is one."""
        return self._aliased(name, CHAMPION)

    def challengers(self) -> dict[str, str]:
        """The version that is scored beside the one in use, by model name."""
        found = {name: self._aliased(name, CHALLENGER) for name in NAMES}
        return {name: version for name, version in found.items() if version is not None}

    def champion(self, name: str) -> Fitted | None:
        """The champion of that name, if there is one."""
        version = self.champion_version(name)
        return self.load(name, version) if version else None

    def current(self, name: str) -> str | None:
        """The version to score with: the champion, else the newest baseline; None without any version."""
        held = self._held(name)
        if held is None:
            return None
        if CHAMPION in held.aliases:
            return str(held.aliases[CHAMPION])
        versions = self._client().search_model_versions(f"name = '{name}'")
        usable = [int(v.version) for v in versions if v.tags.get("kind") != "trees"]
        return str(max(usable)) if usable else None

    def model_versions(self) -> dict[str, str]:
        """The version to score with by model name; what a night records when it first starts."""
        found = {name: self.current(name) for name in NAMES}
        return {name: version for name, version in found.items() if version is not None}

    def versions(self, name: str) -> list[dict[str, str]]:
        """Every version of that name with its tags, newest first."""
        found = self._client().search_model_versions(f"name = '{name}'")
        held = self._held(name)
        aliases = {str(version): alias for alias, version in held.aliases.items()} if held else {}
        rows = [{"version": str(v.version), **v.tags, "alias": aliases.get(str(v.version), "")} for v in found]
        return sorted(rows, key=lambda row: -int(row["version"]))

    def remark(self, name: str, words: str) -> None:
        """Keep what the last training said of the model, whether or not it made a version."""
        self._client().update_registered_model(name, description=words)

    def remarked(self, name: str) -> str:
        """What the last training said of the model; empty before one."""
        held = self._held(name)
        return str(held.description or "") if held else ""

    def notes(self, name: str, version: str) -> dict[str, Any]:
        """What was noted beside the version when it was registered; nothing where that cannot be read."""
        try:
            found: dict[str, Any] = json.loads((self._folder(name, version) / "notes.json").read_text())
        except (OSError, ValueError):
            return {}
        return found

    def parameters(self, name: str, version: str) -> dict[str, str]:
        """The parameters of the recipe that made the version, as MLflow shows them."""
        return dict(self._client().get_run(self._run_id(name, version)).data.params)

    def keep_card(self, name: str, version: str, card: Path) -> None:
        """Lay the model card among the files of the version's run; a later one of the same name replaces it."""
        folder = self._folder(name, version).parent / "card"
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(card, folder / card.name)

    def load(self, name: str, version: str) -> Fitted:
        """The registered version.

        Raises: ModelUnusable if it is not there or its file is damaged.
        """
        folder = self._folder(name, version)
        try:
            stored = json.loads((folder / "model.json").read_text())
            trees = (folder / "model.ubj").read_bytes() if stored["trees_sha256"] else None
        except (OSError, ValueError, KeyError) as cause:
            raise unusable(f"its file cannot be read ({type(cause).__name__})", name, version) from cause
        if trees is not None and hashlib.sha256(trees).hexdigest() != stored["trees_sha256"]:
            raise unusable("its file is damaged (another SHA-256 than when it was registered)", name, version)
        facts = stored["facts"]
        features = tuple(stored["features"])
        horizon, grade = stored["horizon_days"], stored["grade"]
        return Fitted(name, stored["kind"], horizon, features, facts, trees, grade, version)

    def _folder(self, name: str, version: str) -> Path:
        return self._folder_of(self._run_id(name, version))

    def _folder_of(self, run_id: str) -> Path:
        # Not the address that MLflow keeps: the state folder may have moved since.
        return self._files / run_id / "artifacts" / "model"

    def _run_id(self, name: str, version: str) -> str:
        from mlflow.exceptions import MlflowException

        try:
            return str(self._client().get_model_version(name, version).run_id)
        except MlflowException as cause:
            raise unusable("the registry does not hold it", name, version) from cause

    def _aliased(self, name: str, alias: str) -> str | None:
        held = self._held(name)
        version = held.aliases.get(alias) if held else None
        return str(version) if version else None

    def _without(self, name: str, alias: str) -> None:
        if self._aliased(name, alias) is not None:
            self._client().delete_registered_model_alias(name, alias)

    def _held(self, name: str) -> Any:
        found = self._client().search_registered_models(filter_string=f"name = '{name}'")
        return found[0] if found else None

    def _experiment(self, client: Any) -> str:
        held = client.get_experiment_by_name("habitue")
        if held is not None:
            return str(held.experiment_id)
        self._files.mkdir(parents=True, exist_ok=True)
        return str(client.create_experiment("habitue", artifact_location=self._files.resolve().as_uri()))

    def _client(self) -> Any:
        """The client; imported here because mlflow costs three seconds."""
        self.state.mkdir(parents=True, exist_ok=True)
        self._check_file()
        address = f"sqlite:///{self._database.resolve()}"
        # mlflow 3.17 warns of its own use of SQLAlchemy and of pydantic, which nobody here can change.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            from mlflow import MlflowClient

            for noisy in ("mlflow", "alembic"):
                logging.getLogger(noisy).setLevel(logging.WARNING)
            return MlflowClient(tracking_uri=address, registry_uri=address)

    def _check_file(self) -> None:
        """Refuse a database file that is none, before MLflow writes a page of its own errors."""
        if self._database.is_file() and self._database.stat().st_size:
            with self._database.open("rb") as file:
                if file.read(len(SQLITE)) != SQLITE:
                    raise registry_gone("the model registry is damaged (it is no SQLite database)", self.state)

    @property
    def _database(self) -> Path:
        return self.state / "mlflow.db"

    @property
    def _files(self) -> Path:
        return self.state / "mlflow"


def unusable(what: str, name: str, version: str) -> ModelUnusable:
    """The error that says that a version cannot be used, and what to do."""
    return ModelUnusable(
        what,
        where=f"model {name}, version {version}",
        still_true="The scores of the last night still stand.",
        next_step="Run `habitue train`, or restore the state folder from its backup.",
    )


def registry_gone(what: str, state: Path) -> ModelUnusable:
    """The error that says that no version can be found at all, and what to do."""
    return ModelUnusable(
        what,
        where=f"{state.name}/mlflow.db",
        still_true="No table was changed; the scores of the last night still stand.",
        next_step="Restore mlflow.db and the folder mlflow of the state folder from their backup; without one, move "
        "what is left of them away and run `habitue train` to begin anew.",
    )


def _write(folder: Path, fitted: Fitted, notes: Mapping[str, Any]) -> None:
    from importlib.metadata import version

    folder.mkdir(parents=True)
    stored = asdict(replace(fitted, trees=None, facts={}))
    stored["facts"] = dict(fitted.facts)
    stored["trees_sha256"] = hashlib.sha256(fitted.trees).hexdigest() if fitted.trees else None
    (folder / "model.json").write_text(json.dumps(stored, indent=1, sort_keys=True))
    (folder / "notes.json").write_text(json.dumps(dict(notes), indent=1, sort_keys=True))
    (folder / "requirements.txt").write_text("".join(f"{name}=={version(name)}\n" for name in PINNED))
    if fitted.trees:
        (folder / "model.ubj").write_bytes(fitted.trees)
