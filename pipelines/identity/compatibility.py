"""Whether two records that share an identifier may be one person: what their names and birth dates say.

Households share phones, e-mail addresses and family names, so a shared value joins two records only where the given
names agree as well. DuckDB SQL over a table of pairs; each pair is judged by itself.
"""

ALIKE = """
create or replace macro alike(x, y) as
    case when x = y then true
         when least(length(x), length(y)) < 4 then false
         when levenshtein(x, y) > if(least(length(x), length(y)) >= 8, 4, 2) then false
         else damerau_levenshtein(x, y) <= if(least(length(x), length(y)) >= 8, 2, 1) end
"""
"""One letter more, less, other or swapped; two in long words. Levenshtein, which is fast, is at most twice as far."""
ALIKE_GIVEN = """
create or replace macro alike_given(x, y) as
    alike(x, y)
    or (least(length(x), length(y)) in (1, 3, 4, 5) and (starts_with(x, y) or starts_with(y, x)))
"""
MATCHES = """
create or replace macro matches(xs, ys) as
    len(list_filter(xs, lambda x: len(list_filter(ys, lambda y: alike(x, y))) > 0))
"""
GIVEN_MATCHES = """
create or replace macro given_matches(xs, ys) as
    len(list_filter(xs, lambda x: len(list_filter(ys, lambda y: alike_given(x, y))) > 0))
"""
NEAR_DATES = """
create or replace macro near_dates(x, y) as
    x = y
    or (year(x) = year(y) and (month(x) = month(y) or day(x) = day(y)))
    or (month(x) = month(y) and day(x) = day(y))
    or (year(x) = year(y) and month(x) = day(y) and day(x) = month(y))
"""
MACROS = (ALIKE, ALIKE_GIVEN, MATCHES, GIVEN_MATCHES, NEAR_DATES)

COMPARED = """
create or replace temp table compared as
select
    a, b,
    given_matches(if(len(x.given) > 0, x.given, x.tokens), if(len(y.given) > 0, y.given, y.tokens)) > 0
        and (len(x.given) > 0 or len(y.given) > 0) as same_given,
    matches(if(len(x.family) > 0, x.family, x.tokens), if(len(y.family) > 0, y.family, y.tokens)) > 0
        and (len(x.family) > 0 or len(y.family) > 0) as same_family,
    least(len(x.tokens), len(y.tokens)) >= 2
        and matches(if(len(x.tokens) <= len(y.tokens), x.tokens, y.tokens),
                    if(len(x.tokens) <= len(y.tokens), y.tokens, x.tokens)) = least(len(x.tokens), len(y.tokens))
        as same_words,
    matches(x.tokens, y.tokens) > 0 as any_word,
    coalesce(x.born_on = y.born_on, false) as same_birth,
    x.source = y.source and x.is_deleted <> y.is_deleted as is_renamed,
    coalesce(x.born_on <> y.born_on, false) as other_birth,
    coalesce(not near_dates(x.born_on, y.born_on), false) as far_birth
from (select distinct a, b from pairs)
join people x on x.id = a
join people y on y.id = b
"""
"""One row per pair (a, b). A name in unknown order is compared by all its words, against the ordered one's part."""

ACCEPTED = """
create or replace temp table accepted as
select a, b, kind, is_lenient or not is_own or is_renamed as is_exact
from pairs join compared using (a, b)
where case
    when kind = 'name_birth' then true
    when is_lenient then not (other_birth and not (same_words or same_given))
    else same_words or (same_given and same_family)
         or (same_given and not far_birth)
         or (same_birth and any_word)
end
"""
"""Pairs that may be one person. Lenient (a card or a stated link): unless birth date and given name both contradict.

Exact pairs rest on more than what the two records say themselves, which a model of likeness weighs better: a third
record or fact, or a source that has deleted the one and keeps the other, as one that changes its ids does.
"""
