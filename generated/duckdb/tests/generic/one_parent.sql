{#- Fails for each value of `level` that occurs with several values of `parent`, of which none counts as one. -#}
{% test one_parent(model, level, parent) %}

SELECT
    {{ level }},
    COUNT(*) AS parents
FROM (
    SELECT DISTINCT
        {{ level }},
        {{ parent }}
    FROM {{ model }}
    WHERE {{ level }} IS NOT NULL
) AS pairs
GROUP BY {{ level }}
HAVING COUNT(*) > 1

{% endtest %}
