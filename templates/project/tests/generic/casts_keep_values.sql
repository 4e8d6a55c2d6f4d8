{#-
    Fails for each column in which a cast lost values: they were there in the source and are missing, or changed, in the model.
    `losses` maps a column of the model to the condition on the source's columns under which its value is lost.
-#}
{% test casts_keep_values(model, source, losses) %}

WITH counted AS (

    SELECT
        {%- for column, condition in losses.items() %}
        COUNT(CASE WHEN {{ condition }} THEN 1 END) AS lost_{{ loop.index }}{{ "," if not loop.last }}
        {%- endfor %}
    FROM {{ source }}

)

{% for column in losses %}
SELECT
    '{{ column }}' AS column_name,
    lost_{{ loop.index }} AS lost_values
FROM counted
WHERE lost_{{ loop.index }} > 0
{% if not loop.last %}
UNION ALL
{% endif %}
{%- endfor %}

{% endtest %}
