-- Two models with one key for one Account: DTX 2.0 would refuse the second row, and which of the two lands would depend
-- on the order of the models.
with

claims as (

    select
        'form_field' as source_table,
        account_id,
        key
    from {{ ref('pub_dtx1__account_meta_from_form_field') }}
    union all
    select
        'keyword' as source_table,
        account_id,
        key
    from {{ ref('pub_dtx1__account_meta_from_keyword') }}
    union all
    select
        'vornado_feed' as source_table,
        account_id,
        key
    from {{ ref('pub_dtx1__account_meta_from_vornado_feed') }}

)

select
    account_id,
    key,
    array_agg(source_table) as source_tables
from claims
group by account_id, key
having count(*) > 1
