-- One row is a customer with an active contract and an as_of that sees it.
select
    customer_id,
    as_of,
    age_days as contract_tenure_days,
    {{ days_between('spell_at', 'as_of') }} as contract_spell_days,
    {{ days_between('current_at', 'as_of') }} as contract_days,
    365 - fmod({{ days_between('current_at', 'as_of') }}, 365) as days_to_contract_year,
    {{ days_between('changed_at', 'as_of') }} as days_since_contract_change,
    cast(n_contracts as double) as n_contracts,
    cast(n_active as double) as n_active_contracts,
    cast(n_contracts - n_spells as double) as n_renewals,
    cast(n_spells - 1 as double) as n_contract_gaps,
    gap_seconds / 86400.0 as contract_gap_days,
    greatest(1 - gap_seconds / 86400.0 / nullif(age_days, 0), 0) as contract_active_share,
    ended_seconds / 86400.0 / nullif(n_ended, 0) as ended_contract_mean_days,
    {% if has_amount %}
    cast(amount as double) as contract_amount,
    {{ ratio('amount_now - amount_before', 'amount_before') }} as contract_amount_change,
    {% endif %}
    {% if levels %}
    cast(n_plan_changes as double) as n_plan_changes,
    case when plan is not null then
        cast(coalesce(nullif(list_position([{% for each in levels %}{{ literal(each) }}{{ ", " if not loop.last }}{% endfor %}], plan), 0), {{ levels | length + 1 }}) - 1 as double)
    end as plan,
    {% endif %}
    {% if has_interactions %}
    cast(coalesce(contacts.n, 0) as double) as n_interactions,
    last_days as days_since_interaction,
    {% for type, direction, slug in interaction_types %}
    last_{{ slug }}_days as days_since_interaction_{{ slug }},
    {% for w in windows %}
    cast(coalesce(n_{{ slug }}_{{ w }}d, 0) as double) as n_interaction_{{ slug }}_{{ w }}d,
    {% endfor %}
    {% endfor %}
    {% for w in windows %}
    cast(coalesce(n_{{ w }}d, 0) as double) as n_interactions_{{ w }}d,
    {% endfor %}
    {% endif %}
from {{ ref('contract_sums') }}
{% if has_interactions %}
left join {{ ref('contract_contacts') }} as contacts using (as_of, customer_id)
{% endif %}
order by as_of, customer_id
