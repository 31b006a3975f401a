with recursive

feeds as (

    select * from {{ ref('stg_dtx1__vornado_feed') }}

),

corrections as (

    select
        corrections.column_name,
        corrections.wrong,
        corrections.correct,
        row_number() over (partition by corrections.column_name order by corrections.wrong) as step
    from {{ ref('spelling_corrections') }} as corrections
    where corrections.source_table = 'vornado_feed'

),

misspelt as (

    select distinct
        feeds.source_key,
        corrections.column_name,
        feeds.payload ->> corrections.column_name as wording
    from feeds
    inner join corrections on strpos(feeds.payload ->> corrections.column_name, corrections.wrong) > 0

),

-- One correction a step: a wording may hold several errors.
corrected as (

    select
        misspelt.source_key,
        misspelt.column_name,
        misspelt.wording,
        0::bigint as step
    from misspelt
    union all
    select
        corrected.source_key,
        corrected.column_name,
        replace(corrected.wording, corrections.wrong, corrections.correct) as wording,
        corrections.step
    from corrected
    inner join corrections
        on corrected.column_name = corrections.column_name and corrected.step + 1 = corrections.step

),

finished as (

    select distinct on (corrected.source_key, corrected.column_name)
        corrected.source_key,
        corrected.column_name,
        corrected.wording
    from corrected
    order by corrected.source_key asc, corrected.column_name asc, corrected.step desc

),

spelled as (

    select
        finished.source_key,
        jsonb_object_agg(finished.column_name, finished.wording) as wordings
    from finished
    group by finished.source_key

)

select * from spelled
