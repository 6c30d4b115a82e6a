# Copyright (C) 2026 Habitué contributors. SPDX-License-Identifier: GPL-3.0-or-later
"""Scores on the customer; the nightly sync writes them, nobody else."""

from trytond.model import fields
from trytond.pool import Pool, PoolMeta
from trytond.pyson import Eval

PREFIX = 'habitue_'
BANDS = [(None, ""), ('low', "Low"), ('medium', "Medium"), ('high', "High")]
GRADES = [(None, "")] + [(grade, grade) for grade in 'ABCDE']


def unless_empty(name):
    """The states of a field that is shown only where it says something."""
    return {'invisible': ~Eval(PREFIX + name)}


class Party(metaclass=PoolMeta):
    __name__ = 'party.party'

    habitue_churn_probability = fields.Float(
        "Churn probability", digits=(None, 4), readonly=True,
        help="How likely the customer buys nothing more within the horizon.")
    habitue_churn_band = fields.Selection(BANDS, "Churn risk", readonly=True, sort=False)
    habitue_value_amount = fields.Numeric(
        "Expected spend", digits=(None, 2), readonly=True,
        help="What the customer is expected to spend, less returns.")
    habitue_value_low = fields.Numeric("Expected at least", digits=(None, 2), readonly=True)
    habitue_value_high = fields.Numeric("Expected at most", digits=(None, 2), readonly=True)
    habitue_value_band = fields.Selection(BANDS, "Value", readonly=True, sort=False)
    habitue_actual_amount = fields.Numeric(
        "Actual spend", digits=(None, 2), readonly=True,
        help="What the customer spent, less returns, in as many days before.")
    habitue_expected_orders = fields.Float(
        "Expected orders", digits=(None, 2), readonly=True,
        help="On how many days the customer is expected to order, in the days of the expected spend; 0.2 is one "
             "customer in five, who orders once.")
    habitue_last_order_on = fields.Date("Last order", readonly=True, states=unless_empty('last_order_on'))
    habitue_last_store = fields.Char("Last store", readonly=True, states=unless_empty('last_store'))
    habitue_segment = fields.Char("Segment", readonly=True)
    habitue_reasons = fields.Text("Why this churn risk", readonly=True)
    habitue_value_reasons = fields.Text("Why this value", readonly=True)
    habitue_changed_because = fields.Char("Changed because", readonly=True, states=unless_empty('changed_because'))
    habitue_grade = fields.Selection(
        GRADES, "Grade", readonly=True, sort=False,
        help="How far the scores can be trusted: A best, D in doubt, E a simple rule.")
    habitue_as_of = fields.DateTime(
        "Data until", readonly=True, help="Everything that was used happened before.")
    habitue_valid_until = fields.Date("Valid until", readonly=True)
    habitue_email_consent = fields.Char("Marketing e-mail", readonly=True, states=unless_empty('email_consent'))
    habitue_linked_records_count = fields.Integer(
        "Cards of this person", readonly=True,
        states={'invisible': Eval(PREFIX + 'linked_records_count', 0) <= 1},
        help="How many customers of this CRM are the same person; above 1 they carry the same scores.")
    habitue_control_until = fields.Date(
        "Control until", readonly=True, states=unless_empty('control_until'),
        help="Leave the customer alone until then: the effect of mailings is measured.")
    habitue_no_score_reason = fields.Char(
        "Why no score", readonly=True, states=unless_empty('no_score_reason'))

    @classmethod
    def copy(cls, parties, default=None):
        """Copies without scores: they speak of another customer."""
        return super().copy(parties, default={**dict.fromkeys(score_fields(cls)), **(default or {})})

    @classmethod
    def on_modification(cls, mode, parties, field_names=None):
        super().on_modification(mode, parties, field_names=field_names)
        if mode == 'write' and 'habitue_segment' in (field_names or ()):
            file_under_segment(parties)


class Erase(metaclass=PoolMeta):
    __name__ = 'party.erase'

    def to_erase(self, party_id):
        """What is erased of a party, its scores and its segment included."""
        pool = Pool()
        Party = pool.get('party.party')
        Filed = pool.get('party.party-party.category')
        # A link cannot be emptied as a field can, so that it goes at once; an erasure that fails is rolled back.
        Filed.delete(Filed.search([('party', '=', party_id), ('category.parent', '=', segments().id)]))
        names = score_fields(Party)
        return super().to_erase(party_id) + [(Party, [('id', '=', party_id)], False, names, [None] * len(names))]


def score_fields(Party):
    """The names of the fields that the sync writes."""
    return [name for name in Party._fields if name.startswith(PREFIX)]


def segments():
    """The category below which each segment is one."""
    pool = Pool()
    return pool.get('party.category')(pool.get('ir.model.data').get_id('habitue', 'category_segment'))


def file_under_segment(parties):
    """Put each party under the category of its segment and under no other segment; other categories stay."""
    pool = Pool()
    Filed = pool.get('party.party-party.category')
    children = segment_categories({party.habitue_segment for party in parties if party.habitue_segment})
    wanted = {party.id: children[party.habitue_segment] for party in parties if party.habitue_segment}
    found = Filed.search([
        ('party', 'in', [party.id for party in parties]),
        ('category.parent', '=', segments().id),
    ])
    stays = {link.party.id for link in found if wanted.get(link.party.id) == link.category.id}
    Filed.delete([link for link in found if wanted.get(link.party.id) != link.category.id])
    Filed.create([{'party': party, 'category': category} for party, category in wanted.items() if party not in stays])


def segment_categories(names):
    """The id of each segment's category; those that are new are made."""
    Category = Pool().get('party.category')
    parent = segments().id
    known = Category.search([('parent', '=', parent), ('active', 'in', [True, False])])
    missing = sorted(names - {category.name for category in known})
    made = Category.create([{'name': name, 'parent': parent} for name in missing])
    return {category.name: category.id for category in [*known, *made]}
