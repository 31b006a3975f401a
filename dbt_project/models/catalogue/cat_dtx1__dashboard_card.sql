with

cards as (

    select * from {{ ref('int_dtx1__dashboard_card') }}

)

select
    cards.dashboard_key,
    cards.position,
    cards.question_key,
    -- Metabase's grid has 24 columns: one table under the other, over the whole width.
    (cards.position - 1) * 8 as row,
    0 as col,
    24 as size_x,
    8 as size_y
from cards
