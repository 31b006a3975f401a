with

cards as (

    select * from {{ ref('int_dtx1__dashboard_card') }}

)

select distinct
    cards.dashboard_key,
    cards.dashboard_name as name,
    cards.dashboard_description as description,
    cards.collection_key
from cards
