-- One row is an as_of together with the as_of that first saw something: it spreads what
-- arrives once over all the as_ofs that see it, by an equality join.
select
    arrived.as_of_no as first_as_of_no,
    stretches.as_of_no,
    stretches.as_of
from {{ ref('stretches') }} as arrived
inner join {{ ref('stretches') }} on stretches.as_of_no >= arrived.as_of_no
