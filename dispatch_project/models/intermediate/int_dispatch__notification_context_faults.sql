{{ config(materialized='table', unlogged=true, post_hook='analyze {{ this }}') }}

with

notifications as (

    select * from {{ ref('stg_dispatch__notification') }}
    where context_text ~ '\S'

),

examined as (

    select
        notifications.notification_id,
        {{ function('context_fault') }}(notifications.context_text) as reason_code
    from notifications

)

select * from examined
where reason_code is not null
