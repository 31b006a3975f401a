-- Assigned, not performed: an assignment's expression is evaluated without a query of its own.
declare
    parsed jsonb;
    fault text;
begin
    parsed := context;
    return null;
exception when data_exception or program_limit_exceeded then
    fault := sqlstate;
    -- json looks at the syntax alone: what it takes and jsonb does not is good JSON.
    begin
        perform context::json;
    exception when data_exception then
        return case when strpos(context, '[Circular') > 0 then 'context_circular' else 'context_malformed' end;
    when program_limit_exceeded then
        return 'context_too_large';
    end;
    return case when fault in ('22P02', '22P05') then 'context_unicode' else 'context_too_large' end;
end
