{#- Fails for each version that is empty, overlaps the next one, or says wrongly whether it is current; with `gaps` false also for one that ends
    before the next one begins. -#}
{% test versions_in_order(model, key, gaps) %}

WITH followed AS (

    SELECT
        {{ key | join(',\n        ') }},
        valid_from,
        valid_to,
        is_current,
        LEAD(valid_from) OVER (PARTITION BY {{ key | join(', ') }} ORDER BY valid_from) AS next_valid_from
    FROM {{ model }}

)

SELECT *
FROM followed
WHERE
    valid_from IS NULL
    OR valid_to <= valid_from
    OR valid_to > next_valid_from
    OR is_current <> (valid_to IS NULL)
    OR (valid_to IS NULL AND next_valid_from IS NOT NULL)
{%- if not gaps %}
    OR (valid_to IS NOT NULL AND (next_valid_from IS NULL OR valid_to < next_valid_from))
{%- endif %}

{% endtest %}
