{#- Fails for each period of `key` in which the next one begins, so that a moment could lie in both. Empty periods hold no moment. -#}
{% test periods_apart(model, key, begins, ends, ends_included) %}

WITH followed AS (

    SELECT
        {{ key | join(',\n        ') }},
        {{ begins }},
        {{ ends }},
        LEAD({{ begins }}) OVER (PARTITION BY {{ key | join(', ') }} ORDER BY {{ begins }}) AS next_begins
    FROM {{ model }}
    WHERE
        {{ begins }} IS NOT NULL
        AND ({{ ends }} IS NULL OR {{ ends }} {{ '>=' if ends_included else '>' }} {{ begins }})
{%- for column in key %}
        AND {{ column }} IS NOT NULL
{%- endfor %}

)

SELECT *
FROM followed
WHERE
    next_begins IS NOT NULL
    AND ({{ ends }} IS NULL OR next_begins {{ '<=' if ends_included else '<' }} {{ ends }})

{% endtest %}
