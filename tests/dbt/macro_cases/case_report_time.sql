-- The reports of a refresh must all be of one moment: the start of the statement's transaction, with its time zone.
select 1 as wrong
where
    {{ report_time() }} is distinct from transaction_timestamp()
    or pg_typeof({{ report_time() }})::text <> 'timestamp with time zone'
