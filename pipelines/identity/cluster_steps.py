"""The SQL behind `cluster.clusters`, one table a step, in the order in which they run.

People are contact records with a name; handles are all other nodes: identifiers, and contact ids without a name.
"""

NODES = """
create temp view own_ties as
unpivot (
    select record_key as left_key, loyalty_id_key as loyalty_id, email_key as email, phone_key as phone,
        cookie_key as cookie, name_birth_key as name_birth, linked_key as link,
        case when name_place_key in (select left_key from ties) then name_place_key end as name_place
    from records
) on columns(* exclude left_key) into name kind value right_key;
create temp table usable as
select distinct left_key, right_key, kind, is_own
from (select left_key, right_key, kind, is_own from ties
      union all select left_key, right_key, kind, true from own_ties)
where (left_key <> right_key or kind = 'itself')
  and left_key not in (select record_key from records where is_test)
  and right_key not in (select record_key from records where is_test);
create temp table nodes as
select key, row_number() over (order by key) as id, split_part(key, ':', 1) as kind
from (select left_key as key from usable union select right_key from usable union select record_key from records)
"""
"""Test records are nodes without ties; a name with a postal code is one where a fact carries it."""

TIED = """
create temp table tied as
select l.id as a, r.id as b, l.kind as a_kind, r.kind as b_kind, usable.kind, usable.is_own
from usable
join nodes l on l.key = left_key
join nodes r on r.key = right_key
where left_key <> right_key
"""

PEOPLE = """
create temp table people as
select id, source, is_deleted, given, family, tokens, born_on
from records join nodes on key = record_key
where not is_test and len(tokens) > 0
"""

DECIDED = """
with placed as (select key, row_number() over (order by id) - 1 as place from people join nodes using (id))
select key, place from placed semi join decided using (key)
"""

CROWDED = """
create temp table crowded as
select id
from (
    select id, other_kind, count(distinct other) as others,
        count(distinct other) filter (other not in (select id from people where is_deleted)) as living
    from (select a as id, b as other, a_kind as kind, b_kind as other_kind from tied
          union all select b, a, b_kind, a_kind from tied)
    where kind <> 'contact' and other_kind in ('contact', 'loyalty_id', 'email', 'phone')
    group by id, other_kind
)
where living > $limit or others > 2 * $limit
group by id
union select id from nodes semi join crowded_elsewhere using (key)
"""
"""Values shared by too many: a till's own card, a shop's own e-mail. They tie nobody.

A record that its source has deleted does not count beside the one that took its place.
"""

HELD = """
create temp table held as
select person, handle, kind, bool_or(is_own) as is_own
from (select a as person, b as handle, kind, is_own from tied
      union all select b, a, kind, is_own from tied)
where person in (from (select id from people)) and handle not in (from (select id from people))
group by person, handle, kind
"""

HANDLE_TIES = """
create temp table handle_ties as
select a, b, kind, is_own, a_kind, b_kind
from tied
where a not in (from (select id from people)) and b not in (from (select id from people))
  and a not in (from crowded) and b not in (from crowded)
"""

HUBS = """
create temp table hubs as
with ways as (
    select a as handle, b as other, kind, is_own from handle_ties
    union all select b, a, kind, is_own from handle_ties
)
select 'h' || handle as hub, person, kind, is_own and kind in ('loyalty_id', 'link') as is_lenient, is_own
from held where handle not in (from crowded) and kind <> 'name_place'
union
select 'o' || ways.handle, person, ways.kind, false, false
from ways join held on held.handle = ways.other
where ways.handle not in (select handle from held)
union
select 't' || a || '-' || b, person, handle_ties.kind, handle_ties.kind = 'link', false
from handle_ties join held on held.handle in (a, b)
where a in (select handle from held) and b in (select handle from held)
"""
"""Where people meet: at a handle that they hold, at one that only facts tie to what they hold, or at such a tie.

A name with a postal code is no meeting place: it says whose a fact is that names nobody better, where one has it alone.
"""

PAIRS = """
create temp table pairs as
with sizes as (
    select hub from hubs join people on id = person
    group by hub
    having count(distinct person) filter (not is_deleted) <= $limit and count(distinct person) <= 2 * $limit
)
select x.person as a, y.person as b, x.kind, bool_or(x.is_lenient and y.is_lenient) as is_lenient,
    bool_and(x.is_own and y.is_own) as is_own
from hubs x
join sizes using (hub)
join hubs y on y.hub = x.hub and y.person > x.person
group by x.person, y.person, x.kind
union
select least(a, b), greatest(a, b), kind, true, true
from tied
where a in (from (select id from people)) and b in (from (select id from people))
"""

LIKELY = """
create temp table likely as
select least(x.id, y.id) as a, greatest(x.id, y.id) as b, p
from matched_pairs
join matched_keys k on k.place = l join nodes x on x.key = k.key
join matched_keys m on m.place = r join nodes y on y.key = m.key
where x.id in (from (select id from people)) and y.id in (from (select id from people))
"""
LIKELY_EVIDENCE = """
insert into accepted
select a, b, 'match', false
from likely join persons x on x.id = a join persons y on y.id = b
where x.cluster = y.cluster and p >= 0.5 and (a, b) not in (from (select a, b from accepted))
"""
"""Pairs that are more likely one person than not are evidence where nothing exact is."""

ATTACHED = """
create temp table attached as
with holders as (
    select handle, is_own, count(distinct cluster) as clusters, min(cluster) as cluster
    from held join persons on id = person
    group by handle, is_own
)
select handle as id, arg_max(clusters, is_own) as clusters, arg_max(cluster, is_own) as cluster
from holders group by handle
"""
"""Each handle that people hold, and by how many persons; whoever has it on the own record goes before facts."""

GROUPED = """
create temp table orphans as
select id, kind from nodes
where id not in (from (select id from people)) and id not in (select id from attached)
    and kind not in ('name_birth', 'name_place');
create temp table leaves as
select id from (
    select a as id, b as other from handle_ties where a_kind in ('phone', 'cookie')
    union all select b, a from handle_ties where b_kind in ('phone', 'cookie')
)
group by id having count(distinct other) > 1;
create temp table orphan_ties as
select a, b from handle_ties
where a in (select id from orphans) and b in (select id from orphans)
  and a not in (from leaves) and b not in (from leaves)
"""
"""Identifiers that only facts carry. A phone or cookie seen with several others may be a household's: it joins none."""

ORPHAN_HOMES = """
create temp table neighbours as
with ways as (select a as id, b as other from handle_ties union all select b, a from handle_ties)
select distinct ways.id, attached.cluster
from ways
join attached on attached.id = other and clusters = 1
where ways.id in (select id from orphans);
create temp table own_home as
select id, count(distinct cluster) as homes, min(cluster) as cluster from neighbours group by id;
create temp table group_home as
select orphan_groups.cluster as grp, count(distinct neighbours.cluster) as homes, min(neighbours.cluster) as cluster
from orphan_groups join neighbours using (id)
group by orphan_groups.cluster;
create temp table founding as
select cluster as grp from orphan_groups join orphans using (id)
group by cluster having bool_or(kind <> 'cookie')
"""

EVIDENCE = """
create temp table evidence as
with together as (
    select accepted.a, accepted.b, accepted.kind
    from accepted join persons x on x.id = accepted.a join persons y on y.id = accepted.b
    where x.cluster = y.cluster
)
select id, string_agg(distinct kind, ',' order by kind) as kinds
from (select a as id, kind from together union all select b, kind from together
      union all select a, kind from handle_ties where kind <> 'itself'
      union all select b, kind from handle_ties where kind <> 'itself'
      union all select handle, kind from held)
group by id
"""
"""What ties each to others of its person; what two people share ties neither."""

MEMBERS = """
with found as (
    select id, cluster, true as is_record from persons
    union all
    select attached.id, attached.cluster, kind = 'contact' from attached join nodes using (id)
    where clusters = 1 and kind <> 'name_birth'
    union all
    select orphans.id,
        case when group_home.homes is null then orphan_groups.cluster
             when group_home.homes = 1 then group_home.cluster
             else own_home.cluster end,
        orphans.kind <> 'cookie'
    from orphans
    join orphan_groups using (id)
    left join group_home on grp = orphan_groups.cluster
    left join own_home using (id)
    where case when group_home.homes is null then orphan_groups.cluster in (from founding)
               when group_home.homes = 1 then true
               else coalesce(own_home.homes, 0) = 1 end
)
select key, cluster, nodes.kind, is_record, coalesce(kinds, 'alone') as evidence
from found join nodes using (id) left join evidence using (id)
order by key
"""
