{#- Fails for each dated row of `changes` that does not fall into exactly one version of its member. -#}
{% test changes_have_versions(model, changes, key, moment, changes_where=none) %}

WITH changes AS (

    SELECT
        {{ key | join(',\n        ') }},
        {{ moment }} AS moment
    FROM {{ changes }}
{%- if changes_where %}
    WHERE {{ changes_where }}
{%- endif %}

),

versions AS (

    SELECT
        {{ key | join(',\n        ') }},
        valid_from,
        valid_to
    FROM {{ model }}

)

SELECT
{%- for column in key %}
    changes.{{ column }},
{%- endfor %}
    changes.moment,
    COUNT(versions.valid_from) AS found_versions
FROM changes
LEFT JOIN versions
    ON
{%- for column in key %}
        changes.{{ column }} = versions.{{ column }} AND
{%- endfor %}
        changes.moment >= versions.valid_from
        AND (changes.moment < versions.valid_to OR versions.valid_to IS NULL)
GROUP BY
{%- for column in key %}
    changes.{{ column }},
{%- endfor %}
    changes.moment
HAVING COUNT(versions.valid_from) <> 1

{% endtest %}
