with

account_meta as (

    select * from {{ ref('stg_dtx2__account_meta') }}
    where meta_key ~ '^custom_field_[0-4]:record:[0-9]{1,18}$'

),

fields as (

    select
        account_meta.account_id,
        split_part(account_meta.meta_key, ':', 3)::bigint as record_id,
        split_part(account_meta.meta_key, ':', 1) as field_name,
        account_meta.value
    from account_meta

),

-- An Account has each key once.
pivoted as (

    select
        fields.account_id,
        fields.record_id,
        max(fields.value) filter (where fields.field_name = 'custom_field_0') as custom_field_0,
        max(fields.value) filter (where fields.field_name = 'custom_field_1') as custom_field_1,
        max(fields.value) filter (where fields.field_name = 'custom_field_2') as custom_field_2,
        max(fields.value) filter (where fields.field_name = 'custom_field_3') as custom_field_3,
        max(fields.value) filter (where fields.field_name = 'custom_field_4') as custom_field_4
    from fields
    group by fields.account_id, fields.record_id

)

select * from pivoted
