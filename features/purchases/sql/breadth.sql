-- One row is a customer as one as_of sees it: how many products and categories are bought,
-- how concentrated the money is on few of them, how many are new or were bought again.
select
    {% for item, items, key in breadths %}
    n_{{ items }},
    {{ ratio(item ~ '_squares', 'cast(%s_gross as double) * cast(%s_gross as double)' % (item, item)) }}
        as {{ item }}_hhi,
    {{ ratio('top_%s_gross' % item, '%s_gross' % item) }} as top_{{ item }}_share,
    {{ ratio('n_repeat_' ~ items, 'n_' ~ items) }} as repeat_{{ item }}_share,
    {{ ratio('coalesce(repeat_%s_gross, 0)' % item, '%s_gross' % item) }}
        as repeat_{{ item }}_spend_share,
    {% for w in windows %}
    n_{{ items }}_{{ w }} as n_{{ items }}_{{ w }}d,
    n_new_{{ items }}_{{ w }} as n_new_{{ items }}_{{ w }}d,
    {% endfor %}
    {% endfor %}
    row_no
from {{ ref('item_sums') }}
