"""The built-in rules, by table: one module for each thing of the business, one line here."""

from collections.abc import Sequence

from lakehouse.table import Table
from quality.gates import (
    consents,
    contacts,
    customer_scores,
    customers,
    exchange_rates,
    feedback,
    identifier_links,
    loyalty_movements,
    messages,
    orders,
    products,
    visits,
)
from quality.rules import Rule, rejected_share
from quality.settings import RuleSettings
from quality.structure import structure_rules

BUILT_IN: dict[str, tuple[Rule, ...]] = {
    **contacts.RULES,
    **consents.RULES,
    **customers.RULES,
    **customer_scores.RULES,
    **exchange_rates.RULES,
    **feedback.RULES,
    **identifier_links.RULES,
    **loyalty_movements.RULES,
    **messages.RULES,
    **orders.RULES,
    **products.RULES,
    **visits.RULES,
}
"""Rules by table name; a table that is not here has the rules of its contract alone."""

MOST_SET_ASIDE = 0.25
"""Share of a conformed table's rows above which it is no row that is wrong, but the delivery or its mapping."""


def rules_for(table: Table, added: Sequence[RuleSettings] = ()) -> tuple[Rule, ...]:
    """All rules of a table: those of its contract, the built-in ones and those of the retailer file."""
    ours = [line.as_rule() for line in added if line.table == table.name]
    share = (rejected_share(MOST_SET_ASIDE),) if table.layer == "conformed" else ()
    return (*structure_rules(table), *BUILT_IN.get(table.name, ()), *ours, *share)
