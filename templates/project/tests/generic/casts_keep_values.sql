{#-
    Fails for each column in which a cast lost values: they were there in the source and are missing, or changed, in the model. It says
    how many, and the first and the last of them as the source has them.
    `losses` maps a column of the model to the condition on the source's columns under which its value is lost, `values` to the column
    of the source.
-#}
{% test casts_keep_values(model, source, losses, values) %}

{{ config(fail_calc="COALESCE(SUM(lost_values), 0)") }}

WITH counted AS (

    SELECT
        {%- for column, condition in losses.items() %}
        {%- set value = "CASE WHEN " ~ condition ~ " THEN CAST(" ~ values[column] ~ " AS " ~ dbt.type_string() ~ ") END" %}
        COUNT(CASE WHEN {{ condition }} THEN 1 END) AS lost_{{ loop.index }},
        MIN({{ value }}) AS first_{{ loop.index }},
        MAX({{ value }}) AS last_{{ loop.index }}{{ "," if not loop.last }}
        {%- endfor %}
    FROM {{ source }}

)

{% for column in losses %}
SELECT
    '{{ column }}' AS column_name,
    lost_{{ loop.index }} AS lost_values,
    first_{{ loop.index }} AS first_lost,
    last_{{ loop.index }} AS last_lost
FROM counted
WHERE lost_{{ loop.index }} > 0
{% if not loop.last %}
UNION ALL
{% endif %}
{%- endfor %}

{% endtest %}
