"""The reading of SQL that holds the column maps to the models: each way in which a column can reach another."""

from __future__ import annotations

import pytest
from lineage import Column, Lineage, Reach

LEAVES = {
    "raw.person": ["source_key", "id", "name", "city", "age", "payload"],
    "map.city": ["city_name", "city_id", "state"],
    "seeds.fix": ["column_name", "wrong"],
}


def lineage(sql: str, **others: str) -> Lineage:
    queries = {"m.out": sql, **{f"m.{name}": query for name, query in others.items()}}
    return Lineage(queries, LEAVES, lambda column: ["name"] if column == ("seeds.fix", "column_name") else [])


def person(reach: Reach) -> dict[str, set[str]]:
    """The person's columns by how they reach."""
    ways = {"carried": reach.carried, "found": reach.found, "chosen": reach.chosen}
    named = {way: {each.name for each in columns if each.relation == "raw.person"} for way, columns in ways.items()}
    return {way: names for way, names in named.items() if names}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("p.name", {"carried": {"name"}}),
        ("lower(coalesce(p.name, p.city))::text", {"carried": {"name", "city"}}),
        ("'new'", {}),
        ("case when p.age is null then p.name else p.city end", {"carried": {"name", "city"}, "chosen": {"age"}}),
        ("case p.age when 'x' then p.name end", {"carried": {"name"}, "chosen": {"age"}}),
        ("row_number() over (partition by p.city order by p.age desc)", {"chosen": {"city", "age"}}),
        ("max(p.name) over w", {"carried": {"name"}, "chosen": {"city"}}),
        (
            "(array_agg(p.name order by p.age) filter (where p.city = 'x'))[1]",
            {"carried": {"name"}, "chosen": {"age", "city"}},
        ),
        ("(select c.state from map.city as c where c.city_name = p.city)", {"chosen": {"city"}}),
        ("p.payload ->> 'name'", {"carried": {"payload"}}),
        ("md5((to_jsonb(p) - 'age')::text)", {"carried": set(LEAVES["raw.person"])}),
    ],
)
def test_an_expression_owes_its_value_to_what_stands_in_it(expression: str, expected: dict[str, set[str]]) -> None:
    sql = f"select {expression} as x from raw.person as p window w as (partition by p.city)"
    assert person(lineage(sql).reach("m.out", "x")) == expected


def test_a_looked_up_value_is_found_by_the_near_side_of_the_join() -> None:
    sql = """
        with cities as (select * from map.city where state = 'migrated'),
        joined as (
            select p.name, cities.city_id from raw.person as p left join cities on lower(p.city) = cities.city_name
        )
        select * from joined
    """
    reach = lineage(sql).reach("m.out", "city_id")
    assert person(reach) == {"found": {"city"}}
    assert Column("map.city", "city_id") in reach.carried
    assert Column("map.city", "state") in reach.chosen
    assert person(lineage(sql).reach("m.out", "name")) == {"carried": {"name"}}


def test_what_was_found_goes_on_finding_through_models() -> None:
    step = "select p.source_key, c.city_id from raw.person as p left join map.city as c on p.city = c.city_name"
    sql = "select other.name as x from m.step as s left join raw.person as other on s.city_id = other.id"
    assert person(lineage(sql, step=step).reach("m.out", "x")) == {"carried": {"name"}, "found": {"city"}}


def test_a_row_joined_with_itself_finds_nothing() -> None:
    step = "select source_key, name from raw.person where age > '1'"
    sql = "select s.name as x from raw.person as p left join m.step as s on p.source_key = s.source_key"
    assert person(lineage(sql, step=step).reach("m.out", "x")) == {"carried": {"name"}}


def test_a_union_carries_from_each_part_by_place() -> None:
    sql = "select name as a, age as b from raw.person union all select city, id from raw.person"
    assert person(lineage(sql).reach("m.out", "b")) == {"carried": {"age", "id"}}
    assert lineage(sql).columns("m.out") == ["a", "b"]


def test_a_recursive_query_ends() -> None:
    sql = """
        with recursive steps as (
            select p.name as x, 0 as n from raw.person as p
            union all
            select concat(steps.x, c.state), n + 1 from steps inner join map.city as c on steps.x = c.city_name
        )
        select x from steps
    """
    assert person(lineage(sql).reach("m.out", "x")) == {"carried": {"name"}, "found": {"name"}}


def test_named_values_come_from_no_column() -> None:
    sql = """
        with options (option) as (values ('a'), ('b'))
        select p.*, options.option from raw.person as p cross join options
    """
    assert lineage(sql).columns("m.out") == [*LEAVES["raw.person"], "option"]
    assert lineage(sql).reach("m.out", "option") == Reach()


def test_a_key_that_a_seed_lists_takes_those_columns_of_a_row_only() -> None:
    step = "select to_jsonb(p) as row, p.source_key from raw.person as p"
    sql = """
        select s.row ->> f.column_name as x
        from m.step as s inner join seeds.fix as f on strpos(s.row ->> f.column_name, f.wrong) > 0
    """
    assert person(lineage(sql, step=step).reach("m.out", "x")) == {"carried": {"name"}, "found": {"name"}}


def test_filters_and_inner_joins_decide_the_rows_and_left_joins_do_not() -> None:
    step = "select * from raw.person where age > '1'"
    sql = """
        select s.name from m.step as s
        inner join map.city as c on s.city = c.city_name
        left join map.city as d on s.id = d.city_id
        where c.state = 'x'
    """
    rows = lineage(sql, step=step).rows("m.out")
    assert {each.name for each in rows.all} == {"age", "city", "city_name", "state"}


@pytest.mark.parametrize(
    "beside",
    ["regexp_matches(p.name, 'x', 'g') as e (x)", "(values (p.name), ('none')) as e (x)"],
)
def test_what_is_made_beside_a_row_is_carried_from_it(beside: str) -> None:
    sql = f"select e.x from raw.person as p cross join lateral {beside}"
    assert person(lineage(sql).reach("m.out", "x")) == {"carried": {"name"}}


def test_a_column_that_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError):
        lineage("select p.height as x from raw.person as p").reach("m.out", "x")
