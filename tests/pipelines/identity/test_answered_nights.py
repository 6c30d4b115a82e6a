"""What decisions teach is learned on the night they change, and an unchanged night changes nothing."""

from datetime import timedelta
from pathlib import Path
from typing import cast

import pyarrow as pa
import pytest
from pyspark.sql import DataFrame

from pipelines.identity.changes import differences
from pipelines.identity.evidence import Evidence
from pipelines.identity.match import Matched, as_table
from pipelines.identity.model import as_json, from_json
from pipelines.identity.overrides import COLUMNS, decide
from pipelines.identity.resolve import WhoIsWho, resolved
from pipelines.identity.stable_ids import Identities
from pipelines.mapping import IdentitySettings
from pipelines.tables import IDENTIFIERS, IDENTITY_LINKS, IDENTITY_PAIRS
from tests.pipelines.conformed_rows import KEY, NIGHT
from tests.pipelines.identity.evidence import ties
from tests.pipelines.identity.known import with_keys
from tests.pipelines.identity.town import Town, likely

ANSWERS = 12


@pytest.fixture
def decisions(tmp_path: Path) -> Path:
    file = tmp_path / "decisions.csv"
    file.write_text(f"{','.join(COLUMNS)}\n")
    return file


def night(home: Town, file: Path, before: WhoIsWho, *, after: int) -> WhoIsWho:
    """One night on the town's records, all of them unchanged since the night before."""
    people = with_keys(home.records)
    keys = people.select(["record_key"])
    given = Evidence(
        people, ties(), people, ties(), unchanged=keys, changed=cast(DataFrame, None), gone=keys.slice(0, 0)
    )
    began = {IDENTITY_PAIRS.name: before.pairs, IDENTITY_LINKS.name: before.identities.links}
    began |= {IDENTIFIERS.name: before.identities.identifiers}
    kept = from_json(as_json(before.model)) if before.model else None
    settings = IdentitySettings(overrides=file)
    return resolved(given, began, settings, night=NIGHT + timedelta(days=after), key=KEY, model=kept)


NO_LINKS = pa.schema([("record_key", pa.string()), ("customer_id", pa.string()), ("since", pa.date32())]).empty_table()


def test_model_changes_with_the_decisions_and_with_nothing_else(home: Town, matched: Matched, decisions: Path) -> None:
    near = [pair for pair, probability in likely(matched).items() if 0.1 < probability < 0.9][:ANSWERS]
    nobody = Identities(links=NO_LINKS, identifiers=NO_LINKS, events=NO_LINKS)
    first = night(home, decisions, WhoIsWho(nobody, as_table(matched), {}, matched.model, is_new=True), after=0)
    for left, right in near:
        names = (key.removeprefix("contact:") for key in (left, right))
        decide(decisions, [dict(zip(COLUMNS, (*names, "always", "Ann", "asked"), strict=True))])

    answered = night(home, decisions, first, after=1)
    assert answered.is_new
    assert first.model is not None
    assert answered.model is not None
    assert first.model.shift == 0 < answered.model.shift
    assert answered.model.cut == first.model.cut

    again = night(home, decisions, answered, after=2)
    assert (again.is_new, again.model) == (False, answered.model)
    for now, table in ((again.pairs, IDENTITY_PAIRS), (again.identities.links, IDENTITY_LINKS)):
        assert [found.num_rows for found in differences(again.before[table.name], now, table.key)] == [0, 0]
    assert again.identities.events.num_rows == 0
    assert night(home, decisions, first, after=1).pairs == answered.pairs


def test_night_matches_under_the_key_of_its_lake(
    home: Town, matched: Matched, decisions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def found(_records: pa.Table, **given: object) -> Matched:
        seen.append(given["key"])
        return matched

    monkeypatch.setattr("pipelines.identity.resolve.match", found)
    nobody = Identities(links=NO_LINKS, identifiers=NO_LINKS, events=NO_LINKS)
    night(home, decisions, WhoIsWho(nobody, as_table(matched), {}, matched.model, is_new=True), after=0)
    assert seen == [KEY]
