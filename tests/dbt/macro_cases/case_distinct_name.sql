-- Two questions of one name in one folder: people open the wrong one and send it on.
with

cases (folder, title, number, expected) as (

    values
    ('a', 'Status', 41, 'Status (41)'),
    ('a', 'STATUS', 172, 'STATUS (172)'),
    ('a', 'Status (41)', 173, 'Status (41) (173)'),
    ('a', 'Expired', 42, 'Expired'),
    ('b', 'Status', 7, 'Status'),
    ('b', repeat('x', 255), 8, repeat('x', 254)),
    ('b', repeat('y', 240) || 'a', 9, repeat('y', 230) || ' (9)'),
    ('b', repeat('y', 240) || 'b', 9223372036854775807, repeat('y', 230) || ' (9223372036854775807)')

),

named as (

    select
        cases.expected,
        {{ distinct_name('cases.title', 'cases.number', 'cases.folder') }} as actual
    from cases

)

select * from named
where actual is distinct from expected
