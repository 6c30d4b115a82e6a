"""How far scores were used, in words and as JSON."""

import json

from activation.adoption import Adoption, Contacts, Part, Use
from report.adoption import adoption_as_json, use_as_json

STEPS = {"opened": Part(200, 400), "clicked": Part(40, 400), "unsubscribed": Part(8, 400)}
BY_EMAIL, BY_POST = Use(500, {"messaged": Part(400, 500)} | STEPS), Use(200, {})
ADOPTED = Adoption(
    audiences={"win_back": BY_EMAIL, "birthday_cards": BY_POST},
    destinations={"newsletter": BY_EMAIL, "print_shop": BY_POST},
    contacts={"email": Contacts(1_000, 450)},
)


def test_every_known_step_is_told_with_its_share_and_interval() -> None:
    told = use_as_json(ADOPTED.audiences["win_back"])
    assert told["says"] == (
        "Of 500 put in within the last 30 days 400 were written to (80 %), 200 opened (50 %), 40 clicked (10 %), "
        "8 unsubscribed (2.0 %)."
    )
    assert (told["customers"], told["opened"]["customers"], told["opened"]["share"]) == (500, 200, 0.5)
    assert 0.45 < told["opened"]["low"] < 0.5 < told["opened"]["high"] < 0.55


def test_what_no_tool_tells_is_unknown_and_not_nothing() -> None:
    told = use_as_json(ADOPTED.audiences["birthday_cards"])
    assert told["messaged"] is told["opened"] is None
    assert (
        told["says"]
        == "Of 200 put in within the last 30 days nothing is known: no tool tells of a message on its channel."
    )


def test_destinations_and_contacts_are_plain_json_and_none_where_nobody_was_put_in() -> None:
    told = json.loads(json.dumps(adoption_as_json(ADOPTED)))
    assert told["contacts"] == {"email": {"messages": 1_000, "from_audiences": 450, "share": 0.45}}
    assert told["destinations"]["newsletter"]["messaged"]["customers"] == 400
    assert told["destinations"]["print_shop"]["messaged"] is None
    assert adoption_as_json(Adoption({}, {}, {})) == {}
