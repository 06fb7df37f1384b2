-- One row is an as_of within a stretch of as_ofs: from starts_at, before ends_before. It
-- spreads what changes at few as_ofs over all of them by an equality join.
with

span_ends as (
    select as_of from as_ofs
    union all
    select timestamp '9999-12-31 00:00:00' as as_of
)

select
    span_starts.as_of as starts_at,
    span_ends.as_of as ends_before,
    as_ofs.as_of
from as_ofs as span_starts
inner join as_ofs on as_ofs.as_of >= span_starts.as_of
inner join span_ends on span_ends.as_of > as_ofs.as_of
