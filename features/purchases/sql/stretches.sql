-- One row is an as_of, numbered, with the stretch of time that it is the first to see:
-- from the as_of before it, up to itself.
select
    as_of,
    row_number() over (order by as_of) as as_of_no,
    coalesce(lag(as_of) over (order by as_of), timestamp '0001-01-01 00:00:00') as since
from as_ofs
